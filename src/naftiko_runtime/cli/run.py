"""``naftiko run``: a capability file to sockets."""

from __future__ import annotations

import hashlib
import logging
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

import click
from msgspec import structs

from naftiko_runtime import limits, rules
from naftiko_runtime.adapters.edge import Edge
from naftiko_runtime.cli import banner
from naftiko_runtime.cli.environment import environment
from naftiko_runtime.cli.files import capability_files
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
from naftiko_runtime.cli.output import show, text
from naftiko_runtime.cli.skip_broken import log_left_out, show_left_out, without_clashes
from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.engine.request import derived_secrets
from naftiko_runtime.errors import BindError
from naftiko_runtime.http_client import open_client
from naftiko_runtime.link.consumed import base_uri_fault
from naftiko_runtime.link.overrides import Overrides
from naftiko_runtime.link.together import check_ports
from naftiko_runtime.loading import Loaded, load
from naftiko_runtime.render import as_text
from naftiko_runtime.rules import Severity
from naftiko_runtime.secret import placeholders, resolve
from naftiko_runtime.server.served_capability import ServedCapability
from naftiko_runtime.server.settings import ServerSettings
from naftiko_runtime.source import SourceError
from naftiko_runtime.suggest import did_you_mean
from naftiko_runtime.telemetry.options import trace_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from naftiko_runtime.cli.logging_setup import Redactor
    from naftiko_runtime.http_client import HttpClient
    from naftiko_runtime.plan import Plan
    from naftiko_runtime.secret import Secret
    from naftiko_runtime.server.ports import OpenPort
    from naftiko_runtime.telemetry.options import TraceOptions

_LEVELS = {Severity.ERROR: logging.ERROR, Severity.WARNING: logging.WARNING, Severity.INFO: logging.INFO}
_BESIDE = "(beside the file)"
_EXIT_FAILED = 1


@click.command()
@click.argument("paths", metavar="FILE…", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--sandbox",
    is_flag=False,
    flag_value=_BESIDE,
    metavar="[FILE]",
    help="Call no upstream: answers come from FILE (default: <name>.sandbox.yaml beside the capability), "
    "operations without an entry echo the request.",
)
@click.option("--base-uri", "base_uris", multiple=True, type=URL_OF, help="Call NAMESPACE's API at URL instead.")
@click.option("--port", "ports", multiple=True, type=PORT_OF, help="Let NAMESPACE listen on PORT; 0 for a free one.")
@click.option("--port-offset", type=int, default=0, envvar="NAFTIKO_PORT_OFFSET", help="Add this to every other port.")
@click.option("--host", envvar="NAFTIKO_HOST", help="Listen on this address instead of the file's.")
@click.option(
    "--control", type=ADDRESS, envvar="NAFTIKO_CONTROL", help="Serve /health/live, /health/ready and /metrics here."
)
@click.option(
    "--workers",
    type=WORKERS,
    default="1",
    envvar="NAFTIKO_WORKERS",
    show_default=True,
    help="Serve by N processes; auto is one for each core that this one may use.",
)
@click.option(
    "--env-file",
    "env_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read more environment variables; the process's own win.",
)
@ALLOW_IMPORT
@click.option(
    "--skip-broken",
    is_flag=True,
    envvar="NAFTIKO_SKIP_BROKEN",
    help="Serve what is sound of files with errors; what is left out is listed, and answers 501 and why.",
)
@STRICT_OR_VARIABLE
@click.option(
    "--http-client",
    type=click.Choice(["native", "httpx2"]),
    default="native",
    envvar="NAFTIKO_HTTP_CLIENT",
    show_default=True,
    help="Which client calls the upstreams.",
)
@click.option(
    "--upstream-connections",
    type=click.IntRange(min=1),
    default=limits.UPSTREAM_CONNECTIONS_EACH_MAX,
    envvar="NAFTIKO_UPSTREAM_CONNECTIONS",
    show_default=True,
    help="Connections of a process to one upstream; a further request to it is 503 with Retry-After.",
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=0, min_open=True),
    default=limits.UPSTREAM_DEADLINE_SECONDS,
    envvar="NAFTIKO_DEADLINE",
    show_default=True,
    help="Seconds for an exchange with an upstream; for one that streams, for its head and for each pause.",
)
@click.option(
    "--total-deadline",
    type=click.FloatRange(min=0, min_open=True),
    envvar="NAFTIKO_TOTAL_DEADLINE",
    help="Seconds for a whole exchange with an upstream, streamed ones included; no bound unless given.",
)
@click.option(
    "--half-closed",
    type=click.FloatRange(min=0),
    default=limits.HALF_CLOSED_SECONDS,
    envvar="NAFTIKO_HALF_CLOSED",
    show_default=True,
    help="Seconds that a REST request goes on after its caller has ended its side of the connection.",
)
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=limits.GRACE_SECONDS,
    envvar="NAFTIKO_GRACE",
    show_default=True,
    help="Seconds that requests in progress may take to finish after SIGTERM.",
)
@click.option(
    "--linger",
    type=click.FloatRange(min=0),
    default=limits.LINGER_SECONDS,
    envvar="NAFTIKO_LINGER",
    show_default=True,
    help="Seconds to go on accepting after readiness fell (only with --control).",
)
@click.option(
    "--max-body",
    type=click.IntRange(min=0),
    default=limits.REQUEST_BODY_BYTES_MAX,
    envvar="NAFTIKO_MAX_BODY",
    show_default=True,
    help="Bytes of a request's body.",
)
@click.option(
    "--max-message",
    type=click.IntRange(min=1),
    default=limits.MESSAGE_BYTES_MAX,
    envvar="NAFTIKO_MAX_MESSAGE",
    show_default=True,
    help="Bytes of an MCP message.",
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    type=NETWORK,
    envvar="NAFTIKO_TRUSTED_PROXIES",
    help="Believe and continue the Forwarded and X-Forwarded-* headers of these peers.",
)
@click.option(
    "--expose-header",
    "exposed_headers",
    multiple=True,
    type=RESPONSE_HEADER,
    envvar="NAFTIKO_EXPOSE_HEADERS",
    help="Let this response header of the APIs through to callers as well; repeatable.",
)
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    envvar="NAFTIKO_ALLOW_ORIGINS",
    help="Let web pages of this origin call the MCP servers.",
)
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    type=HOST,
    envvar="NAFTIKO_ALLOWED_HOSTS",
    help="Let the Host header name HOST on MCP servers that listen on this machine only, as behind a proxy; * for any.",
)
@click.option(
    "--mcp-direct/--no-mcp-direct",
    default=True,
    hidden=True,  # both answer alike: it is there to show that they do
    envvar="NAFTIKO_MCP_DIRECT",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    envvar="NAFTIKO_LOG_LEVEL",
    show_default=True,
)
def run(
    paths: tuple[Path, ...],
    sandbox: str | None,
    base_uris: tuple[tuple[str, str], ...],
    ports: tuple[tuple[str, int], ...],
    port_offset: int,
    host: str | None,
    control: tuple[str, int] | None,
    workers: int,
    env_files: tuple[Path, ...],
    allowed_imports: tuple[Path, ...],
    skip_broken: bool,
    strict: bool,
    http_client: Any,
    upstream_connections: int,
    deadline: float,
    total_deadline: float | None,
    half_closed: float,
    grace: float,
    linger: float,
    max_body: int,
    max_message: int,
    trusted_proxies: tuple[Any, ...],
    exposed_headers: tuple[bytes, ...],
    origins: tuple[str, ...],
    allowed_hosts: tuple[str, ...],
    mcp_direct: bool,
    log_level: str,
) -> None:
    """Serve capability FILEs, or those of folders, until SIGTERM or Ctrl-C; exposes of one port are served as one.

    Exit status: 0 after a clean stop, 1 when it could not start or had to cut requests off, 2 for wrong usage.
    """
    for namespace, base_uri in base_uris:
        if fault := base_uri_fault(base_uri):
            raise click.BadParameter(f"{namespace}: {fault}", param_hint="--base-uri")
    overrides = Overrides(dict(base_uris), dict(ports), port_offset, host, allowed_imports, skip_broken, strict)
    documents = _Documents(paths, overrides, sandbox, env_files, http_client, upstream_connections)
    loaded = documents.load()
    plans = [plan for one in loaded if (plan := one.plan) is not None]
    _check_namespaces(dict(base_uris), {u.namespace for plan in plans for u in plan.upstreams}, "--base-uri")
    exposed = {s.namespace for plan in plans for s in plan.servers}
    exposed |= {left.expose for one in loaded for left in one.left_out if left.expose is not None}
    _check_namespaces(dict(ports), exposed, "--port")
    settings = ServerSettings(
        edge=Edge(
            trusted_proxies,
            allowed_origins=frozenset(origins),
            body_bytes_max=max_body,
            message_bytes_max=max_message,
            mcp_direct=mcp_direct,
            allowed_hosts=frozenset(allowed_hosts),
        ),
        control=control,
        grace_seconds=grace,
        linger_seconds=linger,
        deadline_seconds=deadline,
        total_deadline_seconds=total_deadline,
        half_closed_seconds=half_closed,
        traces=_traces(env_files),
        exposed_headers=frozenset(exposed_headers),
        workers=workers,
    )
    sys.exit(_serve(documents, loaded, settings, log_level))


def _traces(env_files: tuple[Path, ...]) -> TraceOptions | None:
    """Where spans go; exits when the variables that say it cannot be heeded."""
    try:
        return trace_options(environment(env_files))
    except BindError as error:
        click.echo(error, err=True)
        sys.exit(_EXIT_FAILED)


def _files(paths: Sequence[Path], sandbox: str | None) -> list[Path]:
    """The files to serve; there is at least one."""
    files = capability_files(paths)
    if not paths:
        took = f"; '--sandbox' took '{sandbox}' as its file, so write it behind FILE" if sandbox else ""
        raise click.UsageError(f"Missing argument 'FILE…'{took}.")
    if sandbox not in (None, _BESIDE) and len(files) > 1:
        raise click.UsageError("--sandbox takes a file for one capability only; several have theirs beside them.")
    return files


@dataclass(frozen=True, slots=True)
class _Documents:
    """The files to serve, and all that goes into reading them: at the start, and anew whenever it is asked for."""

    paths: Sequence[Path]
    overrides: Overrides
    sandbox: str | None
    env_files: tuple[Path, ...]
    http_client: HttpClient
    connections_each_max: int

    def load(self) -> list[Loaded]:
        """The files, each with its plan; exits when one has errors, or when they cannot run together."""
        loaded, clash, failed = self._read()
        if failed:
            for one in loaded:
                show(one, sys.stderr)
            if clash:
                click.echo(clash, err=True)
            show_left_out(loaded)
            sys.exit(_EXIT_FAILED)
        return loaded

    def jobs(self, loaded: Sequence[Loaded]) -> list[ServedCapability]:
        """What to serve.

        Raises:
            BindError: Variables are missing, or a sandbox file is not one.
        """
        served = [(one.plan, _origin(one)) for one in loaded if one.plan is not None]
        if self.sandbox is not None:
            return [_sandbox(plan, Path(plan.file), self.sandbox, origin) for plan, origin in served]
        transport = partial(open_client, self.http_client, connections_each_max=self.connections_each_max)
        secrets = _resolved([plan for plan, _ in served], self.env_files)
        return [
            ServedCapability(plan, values, transport, origin)
            for (plan, origin), values in zip(served, secrets, strict=True)
        ]

    def again(self, redactor: Redactor) -> list[ServedCapability]:
        """What to serve now, with files and variables read anew.

        Raises:
            BindError: Something is wrong with them.
        """
        try:
            loaded, clash, failed = self._read()
            if failed:
                raise BindError((*map(text, loaded), *((clash,) if clash else ())))
            jobs = self.jobs(loaded)
        except click.ClickException as error:
            raise BindError((error.message,)) from None
        redactor.learn(_secrets(jobs))
        log_left_out(loaded)
        return jobs

    def _loaded(self, file: Path) -> Loaded:
        """A file; a sandbox needs no variable, so it is not told of those that nothing uses."""
        loaded = load(file, self.overrides)
        if self.sandbox is None:
            return loaded
        return structs.replace(
            loaded, diagnostics=tuple(d for d in loaded.diagnostics if d.rule is not rules.UNUSED_BINDING)
        )

    def _read(self) -> tuple[list[Loaded], str, bool]:
        """The files, what clashes between them, and whether that or an error in one keeps them from being served."""
        loaded = [self._loaded(file) for file in _files(self.paths, self.sandbox)]
        if self.overrides.skip_broken:
            kept = without_clashes(loaded)
            return kept, "", all(one.plan is None for one in kept)
        together = Findings()
        for one in loaded:
            _check_serves(one, together)
        failed = together.failed or any(one.plan is None for one in loaded)
        if not failed and len(loaded) > 1:
            check_ports([server for one in loaded if one.plan is not None for server in one.plan.servers], together)
        sources = [one.source for one in loaded if one.source is not None]
        clash = as_text(together.sorted(), lambda span: next(filter(None, (s.quoted(span) for s in sources)), ""))
        return loaded, clash, failed or together.failed


def _origin(loaded: Loaded) -> str:
    """A digest of the file and of what it imports."""
    read = hashlib.sha256()
    if loaded.source is not None:
        for source in (loaded.source, *loaded.source.places.files.values()):
            read.update(repr((source.file, source.text)).encode())
    return read.hexdigest()


def _secrets(jobs: Sequence[ServedCapability]) -> list[Secret]:
    return [s for job in jobs for s in (*job.secrets.values(), *derived_secrets(job.plan, job.secrets))]


def _check_serves(loaded: Loaded, findings: Findings) -> None:
    """Report a document without servers: it is sound, but only there to be imported."""
    if loaded.plan is not None and not loaded.plan.servers and loaded.source is not None:
        message = "there is nothing to run: this document has no capability, and is only there to be imported"
        advice = "run a document that imports it, or add 'capability:' with 'exposes:'"
        findings.add(rules.NOTHING_TO_SERVE, message, loaded.source.span(("capability",)), advice)


def _check_namespaces(given: Mapping[str, Any], known: Iterable[str], option: str) -> None:
    for namespace in given:
        if namespace not in known:
            advice = did_you_mean(namespace, known, "the file has") or ""
            raise click.BadParameter(f"no namespace '{namespace}'; {advice}", param_hint=option)


def _resolved(plans: Sequence[Plan], env_files: tuple[Path, ...]) -> list[Mapping[str, Secret]]:
    """The variables of each plan.

    Raises:
        BindError: Some are missing: all of them, of all plans.
    """
    values = environment(env_files)
    secrets: list[Mapping[str, Secret]] = []
    missing: list[str] = []
    for plan in plans:
        try:
            secrets.append(resolve(plan, values))
        except BindError as error:
            missing += error.missing
    if missing:
        raise BindError(tuple(missing))
    return secrets


def _sandbox(plan: Plan, file: Path, sandbox: str, origin: str) -> ServedCapability:
    """The plan as a sandbox serves it, with a way out that leads nowhere."""
    from naftiko_runtime.transport.sandbox import SandboxTransport, echoing, read_answers

    path = file.with_suffix(".sandbox.yaml") if sandbox == _BESIDE else Path(sandbox)
    if sandbox == _BESIDE and not path.exists():
        return ServedCapability(echoing(plan, ()), placeholders(plan), lambda: SandboxTransport({}), origin)
    try:
        answers = read_answers(path, plan.operations)
    except SourceError as error:
        raise BindError((text(Loaded(None, error.diagnostics, error.source)),)) from None
    return ServedCapability(
        echoing(plan, answers), placeholders(plan), lambda: SandboxTransport(answers), f"{origin} {answers!r}"
    )


def _serve(documents: _Documents, loaded: Sequence[Loaded], settings: ServerSettings, log_level: str) -> int:
    from naftiko_runtime.cli import logging_setup
    from naftiko_runtime.http_server.listening_sockets import ListenError

    people, many = sys.stderr.isatty(), settings.workers > 1
    try:
        jobs = documents.jobs(loaded)
        keys = () if settings.traces is None else settings.traces.headers.values()
        redactor = logging_setup.configure(log_level, [*_secrets(jobs), *keys], console=people, many=many)
        if settings.traces is not None:
            logging_setup.name_traces()
        for one in loaded:
            if people:
                show(one, sys.stderr)
            else:
                _log_findings(one)
        label = banner.joined_labels(list(dict.fromkeys(job.plan.label for job in jobs)))
        tell = banner.table if people else banner.log_lines
        tell_left_out = show_left_out if people else log_left_out

        def started(opened: Sequence[OpenPort]) -> None:
            tell(label, opened, sandbox=documents.sandbox is not None, workers=settings.workers)
            tell_left_out(loaded)

        again = partial(documents.again, redactor)
        cut_off = (
            _by_workers(documents, jobs, settings, started, again) if many else _alone(jobs, settings, started, again)
        )
    except BindError as error:
        click.echo(error, err=True)
        return _EXIT_FAILED
    except ListenError as error:
        click.echo(f"naftiko: {error}", err=True)
        return _EXIT_FAILED
    return _EXIT_FAILED if cut_off else 0


def _alone(jobs: Sequence[ServedCapability], settings: ServerSettings, started: Any, again: Any) -> int:
    from naftiko_runtime.server.event_loop import run_loop
    from naftiko_runtime.server.serve import serve

    return run_loop(serve(jobs, settings, started, again))


def _by_workers(
    documents: _Documents, jobs: Sequence[ServedCapability], settings: ServerSettings, started: Any, again: Any
) -> int:
    from naftiko_runtime.cli import logging_setup
    from naftiko_runtime.workers.supervisor import serve_with_workers
    from naftiko_runtime.workers.worker_handle import WorkerError

    _preload(documents.http_client)
    try:
        return serve_with_workers(jobs, settings, started, again, logging_setup.number)
    except WorkerError as error:
        click.echo(f"naftiko: {error}", err=True)
        return _EXIT_FAILED


def _preload(http_client: HttpClient) -> None:
    """Import what every worker would import for itself: it begins as a copy of this process."""
    with suppress(ImportError):  # not everywhere
        import uvloop  # noqa: F401
    match http_client:
        case "native":
            import naftiko_runtime.http_client.native.client
        case "httpx2":
            import naftiko_runtime.http_client.httpx2.client  # noqa: F401
        case _:
            assert_never(http_client)


def _log_findings(loaded: Loaded) -> None:
    for d in loaded.diagnostics:
        extra = {"rule": d.rule.slug, "place": str(d.span), "help": d.help}
        banner.log.log(_LEVELS[d.severity], d.message, extra=extra)
