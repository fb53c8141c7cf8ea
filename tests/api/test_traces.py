"""A request followed into the database, as OpenTelemetry tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from api.app import create_app
from domain.commands import RegisterSource
from domain.words import SourceKind
from eventlog import tracing
from eventlog.database import Database
from tests.api.mutations import desk
from tests.api.serving import served
from tests.api.test_writing import PAPER

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What is traced, in memory."""
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.trace_with(provider.get_tracer("test"))
    yield exporter
    tracing.trace_with(None)
    provider.shutdown()


def in_trace(found: Sequence[ReadableSpan], trace: str = TRACE) -> list[ReadableSpan]:
    return [one for one in found if f"{one.context.trace_id:032x}" == trace]


def path(span: ReadableSpan, among: Sequence[ReadableSpan]) -> list[str]:
    """The names from the request down to a span."""
    by_id = {one.context.span_id: one for one in among}
    names = [span.name]
    while span.parent is not None and span.parent.span_id in by_id:
        span = by_id[span.parent.span_id]
        names.insert(0, span.name)
    return names


def test_a_question_is_followed_into_its_statement(
    filled: Database, spans: InMemorySpanExporter
) -> None:
    query = 'query Page { claims(filter: {outlet: "secret-words"}) { totalCount } }'
    with served(create_app(filled)) as url:
        response = httpx.post(
            f"{url}/graphql", json={"query": query}, headers={**PARENT, "x-request-id": "r-1"}
        )
        httpx.get(f"{url}/health/ready")
        httpx.get(f"{url}/metrics")
    assert response.headers["x-request-id"] == "r-1"
    found = spans.get_finished_spans()
    assert in_trace(found) == list(found), "what is asked every few seconds is not traced"
    request, operation, statement = sorted(found, key=lambda one: one.start_time or 0)
    assert path(statement, found) == ["POST /graphql", "query", statement.name]
    assert request.kind is SpanKind.SERVER
    assert request.parent is not None
    assert request.parent.span_id == 0xB7AD6B7169203331
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "url.path": "/graphql",
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "http.response.status_code": 200,
    }
    assert dict(operation.attributes or {}) == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Page",
    }
    assert statement.kind is SpanKind.CLIENT
    assert statement.attributes is not None
    assert statement.attributes["db.system.name"] == "postgresql"
    assert statement.name == statement.attributes["db.query.summary"]
    assert statement.name.startswith("SELECT ")
    assert "read.claims" in statement.name
    assert "secret-words" not in "".join(one.to_json() for one in found)


def test_mutations_that_share_a_commit_are_linked(
    fresh: Database, spans: InMemorySpanExporter
) -> None:
    commands = [
        RegisterSource(source=f"s{number}", name="S", kind=SourceKind.OUTLET)
        for number in range(40)
    ]
    with desk(fresh) as writing:
        writing.record(PAPER)
        spans.clear()
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(writing.record, commands))
    found = spans.get_finished_spans()
    named = {
        name: [one for one in found if one.name == name]
        for name in ("POST /graphql", "mutation", "record", "append")
    }
    assert [len(named[name]) for name in ("POST /graphql", "mutation", "record")] == [40] * 3
    together = [one for one in named["append"] if one.links]
    assert together, "none of 40 commands of 8 threads came while another one was recorded"
    counted = 0
    records = {one.context.span_id: one for one in named["record"]}
    for append in named["append"]:
        assert append.attributes is not None
        assert append.attributes["dateline.commands"] == len(append.links) + 1
        counted += len(append.links) + 1
        for link in append.links:
            (back,) = records[link.context.span_id].links
            assert back.context.span_id == append.context.span_id
    assert counted == 40
    sql = [one for one in found if one.name == "SELECT dateline.append_v3"]
    assert len(sql) == len(named["append"])
    for one in sql:
        assert path(one, found) == ["POST /graphql", "mutation", "record", "append", one.name]
    statements = [one for one in found if one.kind is SpanKind.CLIENT]
    assert {path(one, found)[0] for one in statements} == {"POST /graphql"}


def test_a_fault_is_told_by_its_kind_alone(filled: Database, spans: InMemorySpanExporter) -> None:
    with served(create_app(filled)) as url:
        body = {"query": "{ a: claims { totalCount } }", "variables": "secret-words"}
        assert httpx.post(f"{url}/graphql", json=body).status_code == 400
        httpx.post(f"{url}/graphql", json={"query": "mutation { secretWords }"})
        httpx.get(f"{url}/graphql", params={"query": "mutation Out { __typename }"})
        httpx.get(f"{url}/claims/dateline_0123456789ab_secret-words")
    found = spans.get_finished_spans()
    faulty = [one for one in found if one.status.status_code is StatusCode.ERROR]
    assert [(one.name, (one.attributes or {}).get("error.type")) for one in faulty] == [
        ("query", "RequestRefused"),
        ("mutation", "RequestRefused"),
    ]
    assert "secret" not in "".join(one.to_json() for one in found)
