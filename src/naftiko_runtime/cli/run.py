"""``naftiko run``: a capability file to sockets."""

from __future__ import annotations

import logging
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from naftiko_runtime import diagnostics as rules
from naftiko_runtime import limits
from naftiko_runtime.adapters.edge import Edge
from naftiko_runtime.cli import banner
from naftiko_runtime.cli.environment import environment
from naftiko_runtime.cli.files import capability_files
from naftiko_runtime.cli.findings import show, text
from naftiko_runtime.cli.options import ADDRESS, ALLOW_IMPORT, NETWORK, PORT_OF, URL_OF
from naftiko_runtime.diagnostics import Findings, Severity, did_you_mean
from naftiko_runtime.engine.request import derived_secrets
from naftiko_runtime.errors import BindError
from naftiko_runtime.link.consumed import base_uri_fault
from naftiko_runtime.link.overrides import Overrides
from naftiko_runtime.link.together import check_ports
from naftiko_runtime.load import Loaded, load
from naftiko_runtime.render import as_text
from naftiko_runtime.secret import placeholders, resolve
from naftiko_runtime.settings import Job, ServerSettings
from naftiko_runtime.source import SourceError
from naftiko_runtime.transport import open_transport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from naftiko_runtime.plan import Plan
    from naftiko_runtime.secret import Secret

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
@click.option("--control", type=ADDRESS, envvar="NAFTIKO_CONTROL", help="Serve /health/live and /health/ready here.")
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
    help="Serve a file with errors without the operations that they concern; those answer 501 and why.",
)
@click.option(
    "--http-client",
    type=click.Choice(["aiohttp", "httpx2"]),
    default="aiohttp",
    envvar="NAFTIKO_HTTP_CLIENT",
    show_default=True,
    help="Which client calls the upstreams.",
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=0, min_open=True),
    default=limits.UPSTREAM_DEADLINE_SECONDS,
    envvar="NAFTIKO_DEADLINE",
    show_default=True,
    help="Seconds for a whole exchange with an upstream.",
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
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    type=NETWORK,
    envvar="NAFTIKO_TRUSTED_PROXIES",
    help="Believe and continue the Forwarded and X-Forwarded-* headers of these peers.",
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
    env_files: tuple[Path, ...],
    allowed_imports: tuple[Path, ...],
    skip_broken: bool,
    http_client: Any,
    deadline: float,
    grace: float,
    linger: float,
    max_body: int,
    trusted_proxies: tuple[Any, ...],
    origins: tuple[str, ...],
    log_level: str,
) -> None:
    """Serve capability FILEs, or those of folders, until SIGTERM or Ctrl-C; exposes of one port are served as one.

    Exit status: 0 after a clean stop, 1 when it could not start or had to cut requests off, 2 for wrong usage.
    """
    files = _files(paths, sandbox)
    for namespace, base_uri in base_uris:
        if fault := base_uri_fault(base_uri):
            raise click.BadParameter(f"{namespace}: {fault}", param_hint="--base-uri")
    overrides = Overrides(dict(base_uris), dict(ports), port_offset, host, allowed_imports, skip_broken)
    loaded = _loaded(files, overrides)
    plans = [plan for one in loaded if (plan := one.plan) is not None]
    _check_namespaces(dict(base_uris), {u.namespace for plan in plans for u in plan.upstreams}, "--base-uri")
    _check_namespaces(dict(ports), {s.namespace for plan in plans for s in plan.servers}, "--port")
    settings = ServerSettings(
        edge=Edge(trusted_proxies, frozenset(origins), max_body),
        control=control,
        grace_seconds=grace,
        linger_seconds=linger,
        deadline_seconds=deadline,
    )
    if sandbox is not None:
        jobs = [_sandbox(plan, file, sandbox) for plan, file in zip(plans, files, strict=True)]
    else:
        secrets, transport = _resolved(plans, env_files), partial(open_transport, http_client)
        jobs = [Job(plan, values, transport) for plan, values in zip(plans, secrets, strict=True)]
    sys.exit(_serve(loaded, jobs, settings, log_level, sandbox=sandbox is not None))


def _files(paths: Sequence[Path], sandbox: str | None) -> list[Path]:
    """The files to serve; there is at least one."""
    files = capability_files(paths)
    if not paths:
        took = f"; '--sandbox' took '{sandbox}' as its file, so write it behind FILE" if sandbox else ""
        raise click.UsageError(f"Missing argument 'FILE…'{took}.")
    if sandbox not in (None, _BESIDE) and len(files) > 1:
        raise click.UsageError("--sandbox takes a file for one capability only; several have theirs beside them.")
    return files


def _loaded(files: Sequence[Path], overrides: Overrides) -> list[Loaded]:
    """The files, each with its plan; exits when one has errors, or when they cannot run together."""
    loaded = [load(file, overrides) for file in files]
    together = Findings()
    for one in loaded:
        _check_serves(one, together)
    failed = together.failed or any(one.plan is None for one in loaded)
    if not failed and len(loaded) > 1:
        check_ports([server for one in loaded if one.plan is not None for server in one.plan.servers], together)
    if failed or (together.failed and not overrides.skip_broken):
        for one in loaded:
            show(one, sys.stderr)
        if found := together.sorted():
            sources = [one.source for one in loaded if one.source is not None]
            click.echo(as_text(found, lambda span: next(filter(None, (s.quoted(span) for s in sources)), "")), err=True)
        sys.exit(_EXIT_FAILED)
    return loaded


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
    """The variables of each plan; exits with all that are missing, of all plans."""
    values = environment(env_files)
    secrets: list[Mapping[str, Secret]] = []
    missing: list[str] = []
    for plan in plans:
        try:
            secrets.append(resolve(plan, values))
        except BindError as error:
            missing += error.missing
    if missing:
        click.echo(BindError(tuple(missing)), err=True)
        sys.exit(_EXIT_FAILED)
    return secrets


def _sandbox(plan: Plan, file: Path, sandbox: str) -> Job:
    """The plan as a sandbox serves it, with a way out that leads nowhere."""
    from naftiko_runtime.transport.sandbox import SandboxTransport, echoing, read_answers

    path = file.with_suffix(".sandbox.yaml") if sandbox == _BESIDE else Path(sandbox)
    if sandbox == _BESIDE and not path.exists():
        return Job(echoing(plan, ()), placeholders(plan), lambda: SandboxTransport({}))
    try:
        answers = read_answers(path, plan.operations)
    except SourceError as error:
        click.echo(text(Loaded(None, error.diagnostics, error.source)), err=True)
        sys.exit(_EXIT_FAILED)
    return Job(echoing(plan, answers), placeholders(plan), lambda: SandboxTransport(answers))


def _serve(
    loaded: Sequence[Loaded], jobs: Sequence[Job], settings: ServerSettings, log_level: str, *, sandbox: bool
) -> int:
    from naftiko_runtime.cli import logs
    from naftiko_runtime.server.listener import ListenError
    from naftiko_runtime.server.run import serve

    people = sys.stderr.isatty()
    secrets = [s for job in jobs for s in (*job.secrets.values(), *derived_secrets(job.plan, job.secrets))]
    logs.configure(log_level, secrets, console=people)
    for one in loaded:
        if people:
            show(one, sys.stderr)
        else:
            _log_findings(one)
    label = ", ".join(dict.fromkeys(job.plan.label for job in jobs))
    started = partial(banner.table if people else banner.log_lines, label, sandbox=sandbox)
    try:
        cut_off = _event_loop_run(serve(jobs, settings, started))
    except BindError as error:
        click.echo(error, err=True)
        return _EXIT_FAILED
    except ListenError as error:
        click.echo(f"naftiko: {error}", err=True)
        return _EXIT_FAILED
    return _EXIT_FAILED if cut_off else 0


def _log_findings(loaded: Loaded) -> None:
    for d in loaded.diagnostics:
        extra = {"rule": d.rule.slug, "place": str(d.span), "help": d.help}
        banner.log.log(_LEVELS[d.severity], d.message, extra=extra)


def _event_loop_run(main: Any) -> int:
    import asyncio

    try:
        import uvloop
    except ImportError:
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        result: int = runner.run(main)
        return result
