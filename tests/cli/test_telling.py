"""What a server tells of itself: lines that programs read, without a secret, and traces."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from eventlog.apikeys import make_key
from eventlog.database import prepare_database
from tests.cli.conftest import Ran, ended, process


def started(url: str, *arguments: str, **environ: str) -> tuple[subprocess.Popen[str], str]:
    """A server that logs as JSON, and its address."""
    running = process(
        *("serve", "--port", "0", "--no-example", "--log-format", "json", *arguments),
        url=url,
        **environ,
    )
    assert running.stderr is not None
    line = json.loads(running.stderr.readline())
    found = re.search(r"http://[^ /]+", line["message"])
    assert found is not None, line
    return running, found.group()


def lines(ran: Ran) -> list[dict[str, Any]]:
    """The lines of a log, each of which is an object."""
    assert ran.out == ""
    return [json.loads(line) for line in ran.err.splitlines()]


def stopped(running: subprocess.Popen[str]) -> Ran:
    running.send_signal(signal.SIGINT)
    return ended(running)


def test_every_line_is_an_object_that_says_who_asked_what_and_holds_no_secret(url: str) -> None:
    _, key = make_key(prepare_database(url).owner_conninfo, "desk-a", "editor")
    running, at = started(url, "--access-log")
    with httpx.Client(base_url=at, headers={"authorization": f"Bearer {key}"}) as client:
        asked = {
            "query": "query Page($s: String) { claims(search: $s, orderBy: RELEVANCE) "
            "{ totalCount } }",
            "variables": {"s": "hunter2"},
        }
        given = client.post("/graphql", json=asked, headers={"x-request-id": "r-1"})
        made = client.get("/graphql", params={"query": "{ claims { totalCount } } #hunter2"})
        refused = client.get("/graphql", params={"query": "{ __typename }", "key": key})
        client.get(f"/claims/{key}")
        odd = client.get("/health/live", headers={b"x-request-id": b"a b\xe9"})
    ran = stopped(running)
    assert ran.code == 0
    secret = key.rpartition("_")[2]
    assert secret not in ran.err
    assert "hunter2" not in ran.err
    told = lines(ran)
    for line in told:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert {"level", "logger", "message"} <= set(line)
    first, second, third, fourth, fifth = (line for line in told if line["logger"] == "api.access")
    assert given.headers["x-request-id"] == first["request_id"] == "r-1"
    assert (first["kind"], first["operation"], first["caller"]) == ("query", "Page", "desk-a")
    assert (first["method"], first["path"], first["status"]) == ("POST", "/graphql", 200)
    assert first["outcome"] == "ok"
    assert 0 < first["duration_ms"] < 60_000
    assert made.headers["x-request-id"] == second["request_id"]
    assert second["operation"] == "anonymous"
    assert (refused.status_code, third["status"], third["outcome"]) == (401, 401, "refused")
    assert fourth["path"].startswith("/claims/dateline_")
    assert odd.headers["x-request-id"] == fifth["request_id"]
    assert re.fullmatch(r"[0-9a-f]+-[0-9a-f]+", fifth["request_id"])
    ids = [line["request_id"] for line in (first, second, third, fourth, fifth)]
    assert len(set(ids)) == 5


def test_slow_requests_are_told_with_their_operation_and_others_are_not(url: str) -> None:
    running, at = started(url, "--slow", "0.0000001")
    httpx.post(f"{at}/graphql", json={"query": "query Page { claims { totalCount } }"})
    (slow,) = (line for line in lines(stopped(running)) if line["logger"] == "api.slow")
    assert (slow["level"], slow["operation"]) == ("warning", "Page")
    running, at = started(url, "--slow", "0")
    httpx.post(f"{at}/graphql", json={"query": "query Page { claims { totalCount } }"})
    assert [line["logger"] for line in lines(stopped(running))] == ["cli.serving"]


@pytest.mark.parametrize(
    ("arguments", "environ", "code"),
    [
        ([], {"DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/x"}, "DATABASE_UNREACHABLE"),
        (["--port", "1", "--host", "192.0.2.1"], {}, "CANNOT_LISTEN"),
    ],
)
def test_what_ends_a_server_is_a_line_too(
    arguments: list[str], environ: dict[str, str], code: str
) -> None:
    ran = ended(process("serve", "--log-format", "json", "--port", "0", *arguments, **environ))
    (line,) = lines(ran)
    assert ran.code in (1, 3)
    assert (line["level"], line["code"]) == ("error", code)
    assert "hunter2" not in ran.err


def test_networks_that_are_none_are_refused() -> None:
    ran = ended(process("serve", "--metrics-to", "10.0.0.1/8"))
    assert ran.code == 2
    assert "--metrics-to" in ran.err


@contextmanager
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """A receiver of OTLP over HTTP: its address, and what it was sent."""
    received = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            assert self.headers["content-type"] == "application/x-protobuf"
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()
        thread.join()


def test_traces_are_sent_where_the_environment_says_and_the_log_names_them(url: str) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    with collector() as (endpoint, received):
        running, at = started(url, "--access-log", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
        httpx.post(
            f"{at}/graphql",
            json={"query": "query Page { claims { totalCount } }"},
            headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"},
        )
        told = lines(stopped(running))
    assert [line["trace_id"] for line in told if line["logger"] == "api.access"] == [trace]
    (resource,) = (one.resource for request in received for one in request.resource_spans)
    named = {one.key: one.value.string_value for one in resource.attributes}
    assert named["service.name"] == "dateline"
    spans = [
        span
        for request in received
        for one in request.resource_spans
        for scope in one.scope_spans
        for span in scope.spans
    ]
    assert {span.trace_id.hex() for span in spans} == {trace}
    by_id = {span.span_id: span for span in spans}
    (statement,) = (span for span in spans if span.name.startswith("SELECT"))
    operation = by_id[statement.parent_span_id]
    assert (operation.name, by_id[operation.parent_span_id].name) == ("query", "POST /graphql")


def test_a_way_to_send_traces_that_is_not_known_is_refused() -> None:
    ran = ended(
        process(
            "serve",
            OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
            OTEL_EXPORTER_OTLP_PROTOCOL="grpc",
        )
    )
    assert ran.code == 2
    assert "http/protobuf" in ran.err
