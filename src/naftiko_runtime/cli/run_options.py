"""The options of ``naftiko run``, as one value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import click

from naftiko_runtime import limits
from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.cli.option_types import (
    ADDRESS,
    ALLOW_IMPORT,
    HOST,
    LISTENING_HOST,
    NETWORK,
    ORIGIN,
    PORT_OF,
    PUBLIC_URL,
    RESPONSE_HEADER,
    STRICT_OR_VARIABLE,
    URL_OF,
    WORKERS,
)
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.public_urls import PublicUrls
from naftiko_runtime.server.settings import ServerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from ipaddress import IPv4Network, IPv6Network
    from typing import TypeAlias

    from naftiko_runtime.cli.option_types import ListeningAddress
    from naftiko_runtime.http_client import HttpClient
    from naftiko_runtime.telemetry.trace_options import TraceOptions

    _Decorator: TypeAlias = Callable[["_Command"], "_Command"]


class _Command(Protocol):
    """A command with its options, as click calls it."""

    def __call__(self, log_level: str, **values: Any) -> None: ...


BESIDE_THE_FILE: Final = "(beside the file)"
"""The value of ``--sandbox`` when it names no file."""


ONLY_MCP_EXPOSE: Final = ""
"""The value of ``--stdio`` when it names no expose."""


@dataclass(frozen=True, slots=True)
class DocumentOptions:
    """Which documents to serve, and how to read them; each field is the option of that name."""

    paths: tuple[Path, ...]
    sandbox: str | None
    base_uris: tuple[tuple[str, str], ...]
    ports: tuple[tuple[str, int], ...]
    port_offset: int
    host: ListeningAddress | None
    env_files: tuple[Path, ...]
    allowed_imports: tuple[Path, ...]
    skip_broken: bool
    strict: bool
    stdio: str | None
    http: bool

    @property
    def opens_ports(self) -> bool:
        """Whether any port may be opened."""
        return self.stdio is None or self.http

    def overrides(self) -> Overrides:
        """Return how the documents are read."""
        host = self.host
        return Overrides(
            dict(self.base_uris),
            dict(self.ports),
            self.port_offset,
            host.address if host is not None and host.replaces else None,
            self.allowed_imports,
            self.skip_broken,
            self.strict,
            default_host=None if host is None else host.address,
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
    scripting: bool


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
    public_urls: tuple[tuple[str, str], ...]
    mcp_fast_path: bool
    discovery: bool


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The command line and its ``NAFTIKO_*`` variables."""

    documents: DocumentOptions
    upstreams: UpstreamOptions
    listeners: ListenerOptions
    log_level: str

    def make_server_settings(self, traces: TraceOptions | None) -> ServerSettings:
        """Return how capabilities are served."""
        upstreams, listeners = self.upstreams, self.listeners
        policy = CallerPolicy(
            listeners.trusted_proxies,
            allowed_origins=frozenset(listeners.origins),
            body_bytes_max=listeners.max_body,
            message_bytes_max=listeners.max_message,
            mcp_fast_path=listeners.mcp_fast_path,
            discovery=listeners.discovery,
            allowed_hosts=frozenset(listeners.allowed_hosts),
            public_urls=PublicUrls(dict(listeners.public_urls)),
        )
        return ServerSettings(
            policy=policy,
            control=listeners.control if self.documents.opens_ports else None,
            grace_seconds=listeners.grace,
            linger_seconds=listeners.linger,
            deadline_seconds=upstreams.deadline,
            total_deadline_seconds=upstreams.total_deadline,
            half_closed_seconds=listeners.half_closed,
            traces=traces,
            exposed_headers=frozenset(listeners.exposed_headers),
            workers=listeners.workers,
            scripting=upstreams.scripting,
        )


_Part = TypeVar("_Part", DocumentOptions, UpstreamOptions, ListenerOptions)


def _make_option(name: str, *more: str, variable: str | None = None, **settings: Any) -> _Decorator:
    """Return an option that a ``NAFTIKO_*`` variable sets as well; its help shows its default.

    Args:
        name: The option, from which the name of the variable follows.
        more: Other names of it.
        variable: Its variable without ``NAFTIKO_``, if that does not follow from the name.
        settings: As for :func:`click.option`.
    """
    variable = variable or name.partition("/")[0].removeprefix("--").replace("-", "_").upper()
    return click.option(name, *more, envvar=f"NAFTIKO_{variable}", **{"show_default": "default" in settings} | settings)


def _make_seconds_option(name: str, help: str, default: float | None = None, *, positive: bool = False) -> _Decorator:  # noqa: A002 - click's word
    """Return an option that takes seconds, with fractions."""
    settings: dict[str, Any] = {} if default is None else {"default": default}
    return _make_option(name, type=click.FloatRange(min=0, min_open=positive), help=help, **settings)


def _make_limit_option(name: str, help: str, default: int, *, at_least: int = 1) -> _Decorator:  # noqa: A002 - click's word
    """Return an option that takes a whole number."""
    return _make_option(name, type=click.IntRange(min=at_least), default=default, help=help)


def _make_repeated_option(name: str, field: str, variable: str, **settings: Any) -> _Decorator:
    """Return an option that can be repeated, and whose variable has the values separated by spaces."""
    return _make_option(name, field, variable=variable, multiple=True, **settings)


_FILE: Final = click.Path(path_type=Path)

_PARAMETERS: Final = (
    click.argument("paths", metavar="[FILE…]", nargs=-1, type=click.Path(exists=True, path_type=Path)),
    click.option(
        "--sandbox",
        is_flag=False,
        flag_value=BESIDE_THE_FILE,
        metavar="[FILE]",
        help="Call no upstream: responses come from FILE (default: <name>.sandbox.yaml beside the capability); "
        "operations without an entry return the request that would be sent.",
    ),
    click.option("--base-uri", "base_uris", multiple=True, type=URL_OF, help="Call the consumed API NAMESPACE at URL."),
    click.option(
        "--port",
        "ports",
        multiple=True,
        type=PORT_OF,
        help="Listen on PORT for the expose NAMESPACE of every file; 0 is a free port.",
    ),
    _make_option(
        "--port-offset", type=int, default=0, show_default=False, help="Add N to every port that --port does not set."
    ),
    LISTENING_HOST,
    click.option(
        "--stdio",
        is_flag=False,
        flag_value=ONLY_MCP_EXPOSE,
        metavar="[NAMESPACE]",
        help="Serve the MCP expose NAMESPACE over standard input and output, and open no port; default: the only one.",
    ),
    click.option("--http", is_flag=True, help="With --stdio: open the ports of the exposes as well."),
    _make_option("--control", type=ADDRESS, help="Serve /health/live, /health/ready and /metrics on this port."),
    _make_option(
        "--workers",
        type=WORKERS,
        default="1",
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
    _make_option(
        "--skip-broken",
        is_flag=True,
        help="Serve the valid parts of files with errors; the others are listed, and respond with 501 and the reason.",
    ),
    STRICT_OR_VARIABLE,
    _make_option(
        "--http-client",
        type=click.Choice(["native", "httpx2"]),
        default="native",
        help="The HTTP client for upstreams.",
    ),
    _make_limit_option(
        "--upstream-connections",
        "Connections of each process to one upstream; further requests get 503 with Retry-After.",
        limits.UPSTREAM_CONNECTIONS_EACH_MAX,
    ),
    _make_option(
        "--ca-file",
        type=_FILE,
        help="Trust the certificate authorities in this PEM file for upstreams, instead of the system's.",
    ),
    _make_option("--client-cert", type=_FILE, help="The client certificate (PEM) for upstreams that request one."),
    _make_option("--client-key", type=_FILE, help="The private key of --client-cert, if it is in another file."),
    _make_seconds_option(
        "--deadline",
        "Seconds for a call to an upstream; for a streamed response, for its head and for each pause.",
        limits.UPSTREAM_DEADLINE_SECONDS,
        positive=True,
    ),
    _make_seconds_option(
        "--total-deadline",
        "Seconds for a whole exchange with an upstream, including streamed ones; default: no limit.",
        positive=True,
    ),
    _make_option(
        "--scripting/--no-scripting",
        default=True,
        help="Run the scripts of workflows, unless the document disables them; without it, a script step is an error.",
    ),
    _make_seconds_option(
        "--half-closed",
        "Seconds that a REST request continues after its caller half-closes the connection.",
        limits.HALF_CLOSED_SECONDS,
    ),
    _make_seconds_option("--grace", "Seconds to wait for in-flight requests after SIGTERM.", limits.GRACE_SECONDS),
    _make_seconds_option(
        "--linger",
        "Seconds to accept connections after readiness falls (only with --control).",
        limits.LINGER_SECONDS,
    ),
    _make_limit_option(
        "--max-body", "The size limit of a request body, in bytes.", limits.REQUEST_BODY_BYTES_MAX, at_least=0
    ),
    _make_limit_option("--max-message", "The size limit of an MCP message, in bytes.", limits.MESSAGE_BYTES_MAX),
    _make_repeated_option(
        "--trusted-proxy",
        "trusted_proxies",
        "TRUSTED_PROXIES",
        type=NETWORK,
        help="Trust Forwarded and X-Forwarded-* headers from these proxies; repeatable.",
    ),
    _make_repeated_option(
        "--expose-header",
        "exposed_headers",
        "EXPOSE_HEADERS",
        type=RESPONSE_HEADER,
        help="Pass this response header of the APIs to callers; repeatable.",
    ),
    _make_repeated_option(
        "--allow-origin",
        "origins",
        "ALLOW_ORIGINS",
        type=ORIGIN,
        help="Allow web pages of this origin, such as https://app.example.com, to call; * allows any; repeatable.",
    ),
    _make_repeated_option(
        "--allowed-host",
        "allowed_hosts",
        "ALLOWED_HOSTS",
        type=HOST,
        help="Allow HOST in the Host header, besides names of this machine; * allows any; repeatable.",
    ),
    _make_repeated_option(
        "--public-url",
        "public_urls",
        "PUBLIC_URLS",
        type=PUBLIC_URL,
        help="Callers reach the exposes (the expose NAMESPACE) at URL; repeatable.",
    ),
    _make_option(
        "--discovery/--no-discovery",
        default=True,
        help="Serve the server card and AI catalog of MCP servers, which are drafts.",
    ),
    _make_option(
        "--mcp-fast-path/--no-mcp-fast-path",
        default=True,
        hidden=True,  # both respond alike: it is there to show that they do
    ),
    _make_option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="info",
        help="The lowest level to log.",
    ),
)


def add_run_options(command: Callable[[RunOptions], None]) -> _Command:
    """Declare the options, and call a command with their values."""

    @wraps(command)
    def call(log_level: str, **values: Any) -> None:
        documents, upstreams = _take(DocumentOptions, values), _take(UpstreamOptions, values)
        command(RunOptions(documents, upstreams, _take(ListenerOptions, values), log_level))

    declared: _Command = call
    for parameter in reversed(_PARAMETERS):
        declared = parameter(declared)
    return declared


def _take(part: type[_Part], values: Mapping[str, Any]) -> _Part:
    """Return the values of one part's options."""
    return part(**{field.name: values[field.name] for field in fields(part)})
