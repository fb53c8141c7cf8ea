"""The options of `dateline serve` about what it tells of itself."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.logs import LogFormat, LogLevel

LogFormatOption = Annotated[
    LogFormat,
    typer.Option(
        "--log-format",
        envvar="DATELINE_LOG_FORMAT",
        help="Lines for people, or one JSON object a line for programs.",
    ),
]
LogLevelOption = Annotated[
    LogLevel,
    typer.Option("--log-level", envvar="DATELINE_LOG_LEVEL", help="The least that is told."),
]
AccessLogOption = Annotated[
    bool,
    typer.Option(
        "--access-log", envvar="DATELINE_ACCESS_LOG", help="Tell of each request in the log."
    ),
]
SlowOption = Annotated[
    float,
    typer.Option(
        "--slow",
        envvar="DATELINE_SLOW",
        metavar="SECONDS",
        min=0,
        help="Seconds after which a request is told in the log as slow; 0 tells of none.",
    ),
]
MetricsToOption = Annotated[
    list[str] | None,
    typer.Option(
        "--metrics-to",
        envvar="DATELINE_METRICS_TO",
        metavar="NETWORK",
        help="Who may read /metrics: an address or a network, instead of this machine alone; may be"
        " given again.",
    ),
]
BehindOption = Annotated[
    float,
    typer.Option(
        "--behind",
        envvar="DATELINE_BEHIND",
        metavar="SECONDS",
        min=0,
        help="Seconds that questions may be behind the log while /health/ready says yes.",
    ),
]
