"""What Prometheus reads: counted rightly, bounded, and told to whom it is meant for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from api.app import ApiSettings, create_app
from api.metrics import NAMES, OTHER, SECONDS, Metrics
from domain.commands import RetractClaim
from eventlog.database import Database
from tests.api.mutations import Desk, desk
from tests.api.serving import served
from tests.api.test_writing import CLAIM, PAPER, REPORT

ROOT = Path(__file__).parents[2]

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parsed(text: str) -> Samples:
    """Samples by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(client: httpx.Client) -> Samples:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    return parsed(response.text)


def requests(samples: Samples) -> dict[tuple[str, str, str], float]:
    """Requests by kind, operation and outcome."""
    return {
        (labels["kind"], labels["operation"], labels["outcome"]): value
        for (name, pairs), value in samples.items()
        if name == "dateline_requests_total"
        for labels in [dict(pairs)]
    }


@pytest.fixture
def asked(filled: Database) -> Iterator[httpx.Client]:
    """A client of a server that nobody else asks."""
    with served(create_app(filled)) as url, httpx.Client(base_url=url, timeout=20) as client:
        yield client


def post(client: httpx.Client, query: str) -> httpx.Response:
    return client.post("/graphql", json={"query": query})


def test_requests_are_counted_by_operation_kind_and_outcome(asked: httpx.Client) -> None:
    for _ in range(3):
        post(asked, "query Page { claims { totalCount } }")
    post(asked, "{ claims { totalCount } }")
    post(asked, "query Bad { nothing }")
    post(asked, 'query Page { claims(filter: {source: ""}) { totalCount } }')
    asked.post("/graphql", content=b"{", headers={"content-type": "application/json"})
    asked.get("/claims/apc")
    asked.get("/graphql", headers={"accept": "text/html"})
    samples = scraped(asked)
    assert requests(samples) == {
        ("query", "Page", "ok"): 3,
        ("query", "anonymous", "ok"): 1,
        ("unread", "unread", "refused"): 2,
        ("query", "Page", "refused"): 1,
        ("page", "claim", "ok"): 1,
    }
    for (kind, operation, outcome), number in requests(samples).items():
        labels = (("kind", kind), ("operation", operation), ("outcome", outcome))
        assert samples["dateline_request_seconds_count", labels] == number
        assert samples["dateline_request_seconds_sum", labels] > 0
    assert samples["dateline_kept_answers_total", (("result", "hit"),)] >= 2
    assert samples["dateline_readers", ()] == 8
    assert samples["dateline_readers_in_use", ()] == 0
    assert samples["dateline_database_up", ()] == 1
    assert samples["dateline_log_position", ()] == samples["dateline_projected_position", ()] > 0
    assert samples["process_resident_memory_bytes", ()] > 0


def test_commands_are_counted_and_so_are_the_batches_that_they_are_recorded_in(
    fresh: Database,
) -> None:
    with desk(fresh) as writing:
        for command in (PAPER, REPORT, CLAIM):
            writing.record(command, idempotencyKey=str(command))
        writing.record(CLAIM, idempotencyKey=str(CLAIM))
        writing.record(RetractClaim(claim="none", published_at="2024-08-02"))
        Desk(writing.client, None).record(PAPER)
        samples = scraped(writing.client)
    counted = {
        (labels["command"], labels["outcome"]): value
        for (name, pairs), value in samples.items()
        if name == "dateline_commands_total"
        for labels in [dict(pairs)]
    }
    assert counted == {
        ("registerSource", "recorded"): 1,
        ("publishReport", "recorded"): 1,
        ("reportClaim", "recorded"): 1,
        ("reportClaim", "replayed"): 1,
        ("retractClaim", "refused"): 1,
        ("registerSource", "refused"): 1,
    }
    assert samples["dateline_append_batch_commands_sum", ()] == 5
    assert samples["dateline_append_batch_events_sum", ()] == samples["dateline_log_position", ()]
    assert samples["dateline_commands_waiting", ()] == 0
    assert samples["dateline_projection_lag_events", ()] == 0


def test_the_lag_of_the_projection_is_told(fresh: Database) -> None:
    with desk(fresh, projected=False, settings=ApiSettings(readable_within=0)) as writing:
        writing.record(PAPER)
        samples = scraped(writing.client)
    assert samples["dateline_projection_lag_events", ()] == samples["dateline_log_position", ()] > 0
    assert samples["dateline_projection_lag_seconds", ()] > 0


def test_clients_cannot_make_up_more_names_than_are_told_apart(asked: httpx.Client) -> None:
    for number in range(NAMES + 50):
        post(asked, f"query Made{number} {{ __typename }}")
    counted = requests(scraped(asked))
    assert len(counted) <= NAMES + 1
    assert counted["query", OTHER, "ok"] >= 50
    assert sum(counted.values()) == NAMES + 50


def test_ten_thousand_names_are_no_more_series_than_some_hundreds() -> None:
    metrics = Metrics("1")
    for number in range(10_000):
        metrics.answered("query", f"N{number}", "ok", 0.001, known=True)
    families = {family.name: family for family in metrics.registry.collect()}
    samples = families["dateline_requests"].samples
    assert len(samples) == NAMES + 1
    assert sum(sample.value for sample in samples) == 10_000


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["query", "mutation"]),
            st.sampled_from(["A", "B", "anonymous"]),
            st.sampled_from(["ok", "refused", "failed"]),
            st.floats(0, 20),
        )
    )
)
def test_what_is_told_is_what_happened(answered: list[tuple[str, str, str, float]]) -> None:
    metrics = Metrics("1", ("anonymous", "A", "B"))
    for kind, name, outcome, seconds in answered:
        metrics.answered(kind, name, outcome, seconds, known=outcome == "ok")
    families = {family.name: family for family in metrics.registry.collect()}
    told = {
        (one.labels["kind"], one.labels["operation"], one.labels["outcome"]): one.value
        for one in families["dateline_requests"].samples
    }
    assert told == Counter(one[:3] for one in answered)
    for one in families["dateline_request_seconds"].samples:
        if one.name.endswith("_bucket"):
            within = [
                seconds
                for kind, name, outcome, seconds in answered
                if [kind, name, outcome]
                == [one.labels[label] for label in ("kind", "operation", "outcome")]
                and seconds <= float(one.labels["le"])
            ]
            assert one.value == len(within)
    assert len(SECONDS) == len(set(SECONDS))


def test_the_page_about_metrics_names_each_of_them_and_no_other(asked: httpx.Client) -> None:
    post(asked, "{ claims { totalCount } }")
    asked.post("/graphql", json={"query": "mutation { __typename }"})
    families = {one.name for one in Metrics("1").registry.collect()}
    told = {name for name, _ in scraped(asked)}
    page = (ROOT / "docs/how-to/watch-it-run.md").read_text("utf-8")
    table = set(re.findall(r"`(dateline_[a-z_]+)`", page))
    histograms = {name.removesuffix("_bucket") for name in told if name.endswith("_bucket")}
    single = {
        name
        for name in told
        if name.startswith("dateline_") and not name.startswith(tuple(histograms))
    }
    assert table == single | histograms | {"dateline_commands_total"}
    rules = set(re.findall(r"\bdateline_[a-z_]+", page)) - table
    assert rules <= {f"{name}_bucket" for name in histograms}
    assert "dateline_commands" in families


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "via", "x-real-ip"])
def test_whoever_comes_through_a_proxy_reads_no_metrics(asked: httpx.Client, header: str) -> None:
    response = asked.get("/metrics", headers={header: "127.0.0.1"})
    assert response.status_code == 403
    assert "dateline_" not in response.text


def test_metrics_are_read_from_the_networks_that_are_named(filled: Database) -> None:
    for network, status in (("10.0.0.0/8", 403), ("127.0.0.1/32", 200)):
        app = create_app(filled, ApiSettings(metrics_to=(ip_network(network),)))
        with served(app) as url:
            assert httpx.get(f"{url}/metrics").status_code == status
