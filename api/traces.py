"""The spans of a request, and where they are sent: OpenTelemetry, set up by its own variables."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from starlette.types import Scope

from eventlog import tracing
from eventlog.apikeys import without_secrets

if TYPE_CHECKING:
    from api.answers import Answer
    from api.watching import Watch

UNTRACED: Final = ("/health/", "/metrics", "/static/")
"""What is asked every few seconds, or tells nothing."""

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PARENT: Final = (b"traceparent", b"tracestate")
METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH")
ROUTES: Final = ("/", "/graphql")
PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


class UnknownProtocol(Exception):
    """Traces are to be sent in a way that is not known here."""


@contextmanager
def traced_by_environment(version: str) -> Iterator[None]:
    """Send traces while the block runs, if OpenTelemetry's variables say where to. Raises
    UnknownProtocol."""
    if not any(os.environ.get(name) for name in ENDPOINTS) or (
        os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp"
    ):
        yield
        return
    protocol = next((os.environ[name] for name in PROTOCOLS if os.environ.get(name)), None)
    if protocol not in (None, "http/protobuf"):
        raise UnknownProtocol(f"traces are sent by http/protobuf, not by {protocol}")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({SERVICE_VERSION: version})
    if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: "dateline"}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracing.trace_with(provider.get_tracer("dateline", version))
    try:
        yield
    finally:
        tracing.trace_with(None)
        provider.shutdown()  # sends what is still to be sent


@contextmanager
def traced_request(scope: Scope) -> Iterator[tuple[str, Callable[[int | None], None]]]:
    """The span of a request, a part of the client's trace if it names one. Gives the id of the
    trace, and what is to be told the status of the answer."""
    from opentelemetry.trace import SpanKind, format_trace_id
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    assert tracing.tracer is not None
    given = {name: value.decode("latin-1") for name, value in scope["headers"] if name in PARENT}
    method = scope["method"] if scope["method"] in METHODS else "_OTHER"
    path = scope["path"]
    route = "/claims/{claim}" if path.startswith("/claims/") else path if path in ROUTES else ""
    attributes = {
        "http.request.method": method,
        "http.route": route,
        "url.path": without_secrets(path),
        "url.scheme": scope["scheme"],
        "network.protocol.version": scope["http_version"],
    }
    with tracing.started(
        tracing.tracer.start_as_current_span,
        f"{'HTTP' if method == '_OTHER' else method} {route}".strip(),
        kind=SpanKind.SERVER,
        context=TraceContextTextMapPropagator().extract(
            {name.decode(): value for name, value in given.items()}
        ),
        attributes={name: value for name, value in attributes.items() if value},
    ) as made:

        def ended(status: int | None) -> None:
            if status is None:
                return
            made.set_attribute("http.response.status_code", status)
            if status >= 500:
                tracing.failed(made, str(status))

        yield format_trace_id(made.get_span_context().trace_id), ended


async def traced_operation(answering: Awaitable[Answer], watch: Watch) -> Answer:
    """The span of a GraphQL operation, which has its name when it was read."""
    with tracing.span("GraphQL operation") as made:
        try:
            return await answering
        finally:
            operation = watch.operation
            if operation is not None:
                made.update_name(operation.kind)
                made.set_attribute("graphql.operation.type", operation.kind)
                made.set_attribute("graphql.operation.name", operation.name)
