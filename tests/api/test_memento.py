"""A claim at its address, and its past states as web archives look for them (RFC 7089)."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.api.conftest import Ask

FIRST = "Sun, 18 Aug 2024 00:00:00 GMT"
SECOND = "Mon, 19 Aug 2024 00:00:00 GMT"


@pytest.fixture
def address(ask: Ask) -> str:
    """The claim whose number was changed the day after."""
    identity: str = ask('{ claim(id: "apc") { id } }')["data"]["claim"]["id"]
    return f"/claims/{identity}"


def links(response: httpx.Response) -> dict[str, tuple[str, str | None]]:
    """What stands in a Link header or in a TimeMap: target and datetime, by relation."""
    text = response.headers.get("link", response.text)
    found = {}
    for target, more in re.findall(r"<([^>]+)>((?:\s*;\s*[a-z]+=\"[^\"]*\")*)", text):
        parameters = dict(re.findall(r"([a-z]+)=\"([^\"]*)\"", more))
        for relation in parameters["rel"].split():
            found[relation] = target, parameters.get("datetime")
    return found


def at(client: httpx.Client, address: str, date: str) -> httpx.Response:
    return client.get(address, headers={"accept-datetime": date})


def told(response: httpx.Response) -> dict[str, Any]:
    assert "Traceback" not in response.text
    extensions: dict[str, Any] = response.json()["errors"][0]["extensions"]
    return extensions


def test_a_claim_is_found_at_its_address(client: httpx.Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200
    claim = response.json()["claim"]
    assert claim["statement"].startswith("16480")
    assert [event["__typename"] for event in claim["history"]] == [
        "ClaimReported",
        "ClaimCorrected",
    ]
    change = claim["history"][1]["changes"][1]
    assert change["oldQuantity"]["value"] == "17056"
    assert response.json()["basis"]["reportedAt"] is None
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["vary"] == "Accept-Datetime, Accept-Encoding"
    assert "memento-datetime" not in response.headers


def test_the_links_lead_to_the_past(client: httpx.Client, address: str) -> None:
    own = str(client.base_url.join(address))
    found = links(client.get(address))
    assert found["original"][0] == found["timegate"][0] == own
    assert found["timemap"][0] == f"{own}/timemap"
    assert (found["first"][1], found["last"][1]) == (FIRST, SECOND)
    assert client.get(found["first"][0]).json()["claim"]["version"] == 1


@pytest.mark.parametrize(
    ("date", "version", "shown"),
    [
        ("Sat, 01 Jan 2000 00:00:00 GMT", 1, FIRST),
        (FIRST, 1, FIRST),
        ("Sun, 18 Aug 2024 23:59:59 GMT", 1, FIRST),
        (SECOND, 2, SECOND),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 2, SECOND),
    ],
)
def test_a_date_leads_to_what_was_in_print_then(
    client: httpx.Client, address: str, date: str, version: int, shown: str
) -> None:
    gate = at(client, address, date)
    assert (gate.status_code, gate.content) == (302, b"")
    assert "Accept-Datetime" in gate.headers["vary"]
    assert "memento-datetime" not in gate.headers
    memento = client.get(gate.headers["location"])
    assert memento.json()["claim"]["version"] == version
    assert memento.headers["memento-datetime"] == shown
    assert "accept-datetime" not in memento.headers["vary"].lower()
    for response in (gate, memento):
        found = links(response)
        assert found["memento"][1] is not None
        assert {"original", "timegate", "timemap", "first", "last"} <= set(found)
        assert ("next" in found, "prev" in found) == (version == 1, version == 2)


def test_a_past_state_never_changes_and_says_so(client: httpx.Client, address: str) -> None:
    location = at(client, address, FIRST).headers["location"]
    memento = client.get(location)
    assert memento.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = client.get(location, headers={"if-none-match": memento.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = client.head(location)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["memento-datetime"] == FIRST
    # Asked there for another date, it stays what it is.
    assert at(client, location, SECOND).json() == memento.json()


def test_any_time_in_the_address_leads_to_the_state_then(
    client: httpx.Client, address: str
) -> None:
    for time, version in (("2024-08-18", 1), ("2024-08-20", 2), ("2024-08-18T03:00:00%2B02:00", 1)):
        response = client.get(f"{address}@{time}")
        assert response.status_code == 302
        memento = client.get(response.headers["location"])
        assert memento.json()["claim"]["version"] == version
        assert "immutable" in memento.headers["cache-control"]


def test_a_position_is_what_the_record_held_then(client: httpx.Client, address: str) -> None:
    before = client.get(address, params={"position": "10"})
    assert before.json()["claim"]["version"] == 1
    assert "immutable" in before.headers["cache-control"]
    assert links(before)["last"][1] == FIRST
    late = client.get(f"{address}@2024-08-20?position=10")
    assert late.json()["claim"]["statement"].startswith("17056")
    assert late.headers["memento-datetime"] == FIRST


def test_the_timemap_lists_every_version(client: httpx.Client, address: str) -> None:
    response = client.get(f"{address}/timemap")
    assert response.headers["content-type"] == "application/link-format"
    found = links(response)
    own = str(client.base_url.join(address))
    assert found["original"][0] == found["timegate"][0] == own
    assert found["self"][0] == f"{own}/timemap"
    assert (found["first"][1], found["last"][1]) == (FIRST, SECOND)
    assert len(re.findall(r'datetime="', response.text)) == 2
    for target, date in (found["first"], found["last"]):
        assert client.get(target).headers["memento-datetime"] == date

    as_json = client.get(f"{address}/timemap", headers={"accept": "application/json"})
    assert as_json.headers["content-type"].startswith("application/json")
    mementos = as_json.json()["mementos"]
    assert [one["uri"] for one in mementos["list"]] == [found["first"][0], found["last"][0]]
    assert mementos["first"]["datetime"] == "2024-08-18T00:00:00Z"
    assert response.headers["etag"] != as_json.headers["etag"]


@pytest.mark.parametrize("name", ["apc", "%61pc"])
def test_a_reference_leads_to_the_address_with_the_id(
    client: httpx.Client, address: str, name: str
) -> None:
    for rest in ("", "/timemap", "@2024-08-18", "?position=10"):
        response = client.get(f"/claims/{name}{rest}")
        assert (response.status_code, response.headers["location"]) == (301, address + rest)


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "2024-08-18",
        "Sun, 31 Feb 2024 00:00:00 GMT",
        "Sun, 18 Aug 2024 25:00:00 GMT",
        "Sun, 18 Aug 2024 00:00:00 CET",
        "Sun, 18 Aug 0000 00:00:00 GMT",
    ],
)
def test_a_date_that_is_none_is_refused(client: httpx.Client, address: str, date: str) -> None:
    response = at(client, address, date)
    assert response.status_code == 400
    assert told(response) == {"code": "INVALID_TIME", "field": "Accept-Datetime"}
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("rest", "status", "code"),
    [
        ("@2024-08-17", 404, "NOT_FOUND"),
        ("@x", 400, "INVALID_TIME"),
        ("@", 400, "INVALID_TIME"),
        ("?position=x", 400, "INVALID_INPUT"),
        ("?position=-1", 400, "INVALID_INPUT"),
        ("?position=100000", 400, "INVALID_INPUT"),
        ("?position=9999999999999999999999", 400, "INVALID_INPUT"),
        ("?position=1", 404, "NOT_FOUND"),
        ("/elsewhere", 404, "NOT_FOUND"),
        ("/timemap/1", 404, "NOT_FOUND"),
        ("@2024/timemap", 404, "NOT_FOUND"),
    ],
)
def test_an_address_that_is_none_says_why(
    client: httpx.Client, address: str, rest: str, status: int, code: str
) -> None:
    response = client.get(address + rest)
    assert (response.status_code, told(response)["code"]) == (status, code)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("nowhere", 404, "NOT_FOUND"),
        ("story~L0xTWlxrRfq0000000000Q", 400, "INVALID_ID"),
        ("claim~x", 400, "INVALID_ID"),
        ("%00", 400, "INVALID_ID"),
        ("%20", 400, "INVALID_ID"),
        ("%ff", 400, "BAD_REQUEST"),
        ("", 400, "INVALID_ID"),
        ("x" * 2_000, 400, "INVALID_ID"),
    ],
)
def test_a_claim_that_is_not_there_is_told(
    client: httpx.Client, name: str, status: int, code: str
) -> None:
    response = client.get(f"/claims/{name}", follow_redirects=True)
    assert (response.status_code, told(response)["code"]) == (status, code)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_claim_is_only_read_at_its_address(
    client: httpx.Client, address: str, method: str
) -> None:
    response = client.request(method, address)
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
