"""The options of ``naftiko run``, as one value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from naftiko_runtime import limits
from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.cli.option_types import (
    ADDRESS,
    ALLOW_IMPORT,
    HOST,
    NETWORK,
    PORT_OF,
    RESPONSE_HEADER,
    STRICT_OR_VARIABLE,
    URL_OF,
    WORKERS,
)
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.server.settings import ServerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from ipaddress import IPv4Network, IPv6Network

    from naftiko_runtime.http_client import HttpClient
    from naftiko_runtime.telemetry.trace_options import TraceOptions

BESIDE_THE_FILE: Final = "(beside the file)"
"""The value of ``--sandbox`` when it names no file."""


@dataclass(frozen=True, slots=True)
class DocumentOptions:
    """Which documents to serve, and how to read them; each field is the option of that name."""

    paths: tuple[Path, ...]
    sandbox: str | None
    base_uris: tuple[tuple[str, str], ...]
    ports: tuple[tuple[str, int], ...]
    port_offset: int
    host: str | None
    env_files: tuple[Path, ...]
    allowed_imports: tuple[Path, ...]
    skip_broken: bool
    strict: bool

    def overrides(self) -> Overrides:
        """Return how the documents are read."""
        return Overrides(
            dict(self.base_uris),
            dict(self.ports),
            self.port_offset,
            self.host,
            self.allowed_imports,
            self.skip_broken,
            self.strict,
        )


@dataclass(frozen=True, slots=True)
class UpstreamOptions:
    """How to call upstreams."""

    http_client: HttpClient
    upstream_connections: int
    ca_file: Path | None
    client_cert: Path | None
    client_key: Path | None
    deadline: float
    total_deadline: float | None


@dataclass(frozen=True, slots=True)
class ListenerOptions:
    """How to serve callers."""

    control: tuple[str, int] | None
    workers: int
    half_closed: float
    grace: float
    linger: float
    max_body: int
    max_message: int
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    exposed_headers: tuple[bytes, ...]
    origins: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    mcp_fast_path: bool


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The command line and its ``NAFTIKO_*`` variables."""

    documents: DocumentOptions
    upstreams: UpstreamOptions
    listeners: ListenerOptions
    log_level: str

    def settings(self, traces: TraceOptions | None) -> ServerSettings:
        """Return how capabilities are served."""
        upstreams, listeners = self.upstreams, self.listeners
        policy = CallerPolicy(
            listeners.trusted_proxies,
            allowed_origins=frozenset(listeners.origins),
            body_bytes_max=listeners.max_body,
            message_bytes_max=listeners.max_message,
            mcp_fast_path=listeners.mcp_fast_path,
            allowed_hosts=frozenset(listeners.allowed_hosts),
        )
        return ServerSettings(
            policy=policy,
            control=listeners.control,
            grace_seconds=listeners.grace,
            linger_seconds=listeners.linger,
            deadline_seconds=upstreams.deadline,
            total_deadline_seconds=upstreams.total_deadline,
            half_closed_seconds=listeners.half_closed,
            traces=traces,
            exposed_headers=frozenset(listeners.exposed_headers),
            workers=listeners.workers,
        )


_Part = TypeVar("_Part", DocumentOptions, UpstreamOptions, ListenerOptions)

_PARAMETERS: Final = (
    click.argument("paths", metavar="FILE…", nargs=-1, type=click.Path(exists=True, path_type=Path)),
    click.option(
        "--sandbox",
        is_flag=False,
        flag_value=BESIDE_THE_FILE,
        metavar="[FILE]",
        help="Call no upstream: responses come from FILE (default: <name>.sandbox.yaml beside the capability); "
        "operations without an entry return the request that would be sent.",
    ),
    click.option("--base-uri", "base_uris", multiple=True, type=URL_OF, help="Call NAMESPACE's API at URL instead."),
    click.option(
        "--port",
        "ports",
        multiple=True,
        type=PORT_OF,
        help="Listen on PORT for the expose NAMESPACE; 0 is a free port.",
    ),
    click.option(
        "--port-offset",
        type=int,
        default=0,
        envvar="NAFTIKO_PORT_OFFSET",
        help="Add N to every port that --port does not set.",
    ),
    click.option("--host", envvar="NAFTIKO_HOST", help="Listen on this address instead of the file's."),
    click.option(
        "--control",
        type=ADDRESS,
        envvar="NAFTIKO_CONTROL",
        help="Serve /health/live, /health/ready and /metrics on this port.",
    ),
    click.option(
        "--workers",
        type=WORKERS,
        default="1",
        envvar="NAFTIKO_WORKERS",
        show_default=True,
        help="The number of worker processes; auto is one for each available core.",
    ),
    click.option(
        "--env-file",
        "env_files",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Read variables from FILE; the process environment takes precedence.",
    ),
    ALLOW_IMPORT,
    click.option(
        "--skip-broken",
        is_flag=True,
        envvar="NAFTIKO_SKIP_BROKEN",
        help="Serve the valid parts of files with errors; the others are listed, and respond with 501 and the reason.",
    ),
    STRICT_OR_VARIABLE,
    click.option(
        "--http-client",
        type=click.Choice(["native", "httpx2"]),
        default="native",
        envvar="NAFTIKO_HTTP_CLIENT",
        show_default=True,
        help="The HTTP client for upstreams.",
    ),
    click.option(
        "--upstream-connections",
        type=click.IntRange(min=1),
        default=limits.UPSTREAM_CONNECTIONS_EACH_MAX,
        envvar="NAFTIKO_UPSTREAM_CONNECTIONS",
        show_default=True,
        help="Connections of each process to one upstream; further requests get 503 with Retry-After.",
    ),
    click.option(
        "--ca-file",
        type=click.Path(path_type=Path),
        envvar="NAFTIKO_CA_FILE",
        help="Trust the certificate authorities in this PEM file for upstreams, instead of the system's.",
    ),
    click.option(
        "--client-cert",
        type=click.Path(path_type=Path),
        envvar="NAFTIKO_CLIENT_CERT",
        help="The client certificate (PEM) for upstreams that request one.",
    ),
    click.option(
        "--client-key",
        type=click.Path(path_type=Path),
        envvar="NAFTIKO_CLIENT_KEY",
        help="The private key of --client-cert, if it is in another file.",
    ),
    click.option(
        "--deadline",
        type=click.FloatRange(min=0, min_open=True),
        default=limits.UPSTREAM_DEADLINE_SECONDS,
        envvar="NAFTIKO_DEADLINE",
        show_default=True,
        help="Seconds for a call to an upstream; for a streamed response, for its head and for each pause.",
    ),
    click.option(
        "--total-deadline",
        type=click.FloatRange(min=0, min_open=True),
        envvar="NAFTIKO_TOTAL_DEADLINE",
        help="Seconds for a whole exchange with an upstream, including streamed ones; default: no limit.",
    ),
    click.option(
        "--half-closed",
        type=click.FloatRange(min=0),
        default=limits.HALF_CLOSED_SECONDS,
        envvar="NAFTIKO_HALF_CLOSED",
        show_default=True,
        help="Seconds that a REST request continues after its caller half-closes the connection.",
    ),
    click.option(
        "--grace",
        type=click.FloatRange(min=0),
        default=limits.GRACE_SECONDS,
        envvar="NAFTIKO_GRACE",
        show_default=True,
        help="Seconds to wait for in-flight requests after SIGTERM.",
    ),
    click.option(
        "--linger",
        type=click.FloatRange(min=0),
        default=limits.LINGER_SECONDS,
        envvar="NAFTIKO_LINGER",
        show_default=True,
        help="Seconds to accept connections after readiness falls (only with --control).",
    ),
    click.option(
        "--max-body",
        type=click.IntRange(min=0),
        default=limits.REQUEST_BODY_BYTES_MAX,
        envvar="NAFTIKO_MAX_BODY",
        show_default=True,
        help="The size limit of a request body, in bytes.",
    ),
    click.option(
        "--max-message",
        type=click.IntRange(min=1),
        default=limits.MESSAGE_BYTES_MAX,
        envvar="NAFTIKO_MAX_MESSAGE",
        show_default=True,
        help="The size limit of an MCP message, in bytes.",
    ),
    click.option(
        "--trusted-proxy",
        "trusted_proxies",
        multiple=True,
        type=NETWORK,
        envvar="NAFTIKO_TRUSTED_PROXIES",
        help="Trust Forwarded and X-Forwarded-* headers from these proxies; repeatable.",
    ),
    click.option(
        "--expose-header",
        "exposed_headers",
        multiple=True,
        type=RESPONSE_HEADER,
        envvar="NAFTIKO_EXPOSE_HEADERS",
        help="Pass this response header of the APIs to callers; repeatable.",
    ),
    click.option(
        "--allow-origin",
        "origins",
        multiple=True,
        metavar="ORIGIN",
        envvar="NAFTIKO_ALLOW_ORIGINS",
        help="Allow web pages of this origin to call MCP servers; repeatable.",
    ),
    click.option(
        "--allowed-host",
        "allowed_hosts",
        multiple=True,
        type=HOST,
        envvar="NAFTIKO_ALLOWED_HOSTS",
        help="Allow HOST in the Host header of MCP servers that listen only on this machine; * allows any; repeatable.",
    ),
    click.option(
        "--mcp-fast-path/--no-mcp-fast-path",
        default=True,
        hidden=True,  # both answer alike: it is there to show that they do
        envvar="NAFTIKO_MCP_FAST_PATH",
    ),
    click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="info",
        envvar="NAFTIKO_LOG_LEVEL",
        show_default=True,
    ),
)


def with_run_options(command: Callable[[RunOptions], None]) -> Callable[..., None]:
    """Declare the options, and call a command with their values."""

    @wraps(command)
    def declared(log_level: str, **values: Any) -> None:
        documents, upstreams = _take(DocumentOptions, values), _take(UpstreamOptions, values)
        command(RunOptions(documents, upstreams, _take(ListenerOptions, values), log_level))

    for parameter in reversed(_PARAMETERS):
        declared = parameter(declared)
    return declared


def _take(part: type[_Part], values: Mapping[str, Any]) -> _Part:
    """Return the values of one part's options."""
    return part(**{field.name: values[field.name] for field in fields(part)})
