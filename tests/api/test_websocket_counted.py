"""Questions over WebSocket are counted as those over HTTP are."""

from __future__ import annotations

import httpx

from api.app import ApiSettings, create_app
from api.rates import Rates
from eventlog.database import Database
from tests.api.mutations import desk
from tests.api.serving import served
from tests.api.sockets import talk
from tests.api.test_metrics import requests, scraped


def test_they_count_towards_the_rates(fresh: Database) -> None:
    settings = ApiSettings(rates=Rates(address=3))
    with desk(fresh, settings=settings) as slow, talk(str(slow.client.base_url)) as opened:
        opened.greet()
        for number in range(3):
            opened.subscribe(str(number), "{ __typename }")
        told = {(one["type"], one["id"]) for one in (opened.hear() for _ in range(5))}
        assert {kind for kind, identity in told if identity != "2"} == {"next", "complete"}
        assert ("error", "2") in told


def test_they_are_counted_by_operation_kind_and_outcome(filled: Database) -> None:
    with (
        served(create_app(filled)) as url,
        httpx.Client(base_url=url) as asker,
        talk(url) as opened,
    ):
        opened.greet()
        for query in ("query Q { __typename }", "query Q { nothing }", "{"):
            opened.subscribe("1", query)
            while opened.hear()["type"] == "next":
                pass
        assert requests(scraped(asker)) == {
            ("query", "Q", "ok"): 1,
            ("unread", "unread", "refused"): 2,
        }
