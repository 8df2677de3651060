"""``naftiko run``: a capability file to sockets."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from naftiko_runtime import limits
from naftiko_runtime.adapters.edge import Edge
from naftiko_runtime.cli import banner
from naftiko_runtime.cli.environment import environment
from naftiko_runtime.cli.findings import show, text
from naftiko_runtime.cli.options import ADDRESS, ALLOW_IMPORT, NETWORK, PORT_OF, URL_OF
from naftiko_runtime.diagnostics import Severity, did_you_mean
from naftiko_runtime.engine.request import derived_secrets
from naftiko_runtime.errors import BindError
from naftiko_runtime.link.consumed import base_uri_fault
from naftiko_runtime.link.overrides import Overrides
from naftiko_runtime.load import Loaded, load
from naftiko_runtime.secret import placeholders, resolve
from naftiko_runtime.settings import ServerSettings
from naftiko_runtime.source import SourceError
from naftiko_runtime.transport import open_transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from naftiko_runtime.plan import Plan
    from naftiko_runtime.secret import Secret
    from naftiko_runtime.transport import Transport

_LEVELS = {Severity.ERROR: logging.ERROR, Severity.WARNING: logging.WARNING, Severity.INFO: logging.INFO}
_BESIDE = "(beside the file)"
_EXIT_FAILED = 1


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
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
    file: Path | None,
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
    """Serve the capability FILE until SIGTERM or Ctrl-C.

    Exit status: 0 after a clean stop, 1 when it could not start or had to cut requests off, 2 for wrong usage.
    """
    if file is None:
        took = f"; '--sandbox' took '{sandbox}' as its file, so write it behind FILE" if sandbox else ""
        raise click.UsageError(f"Missing argument 'FILE'{took}.")
    for namespace, base_uri in base_uris:
        if fault := base_uri_fault(base_uri):
            raise click.BadParameter(f"{namespace}: {fault}", param_hint="--base-uri")
    loaded = load(file, Overrides(dict(base_uris), dict(ports), port_offset, host, allowed_imports, skip_broken))
    if (plan := loaded.plan) is None:
        show(loaded, sys.stderr)
        sys.exit(_EXIT_FAILED)
    _check_namespaces(dict(base_uris), {u.namespace for u in plan.upstreams}, "--base-uri")
    _check_namespaces(dict(ports), {s.namespace for s in plan.servers}, "--port")
    settings = ServerSettings(
        edge=Edge(trusted_proxies, frozenset(origins), max_body),
        control=control,
        grace_seconds=grace,
        linger_seconds=linger,
        deadline_seconds=deadline,
    )
    secrets: Mapping[str, Secret]
    if sandbox is not None:
        plan, transport = _sandbox(plan, file, sandbox)
        loaded, secrets = replace(loaded, plan=plan), placeholders(plan)
    else:
        secrets, transport = _resolved(plan, env_files), partial(open_transport, http_client)
    sys.exit(_serve(loaded, secrets, transport, settings, log_level, sandbox=sandbox is not None))


def _check_namespaces(given: Mapping[str, Any], known: Iterable[str], option: str) -> None:
    for namespace in given:
        if namespace not in known:
            advice = did_you_mean(namespace, known, "the file has") or ""
            raise click.BadParameter(f"no namespace '{namespace}'; {advice}", param_hint=option)


def _resolved(plan: Plan, env_files: tuple[Path, ...]) -> Mapping[str, Secret]:
    try:
        return resolve(plan, environment(env_files))
    except BindError as error:
        click.echo(error, err=True)
        sys.exit(_EXIT_FAILED)


def _sandbox(plan: Plan, file: Path, sandbox: str) -> tuple[Plan, Callable[[], Transport]]:
    """The plan as a sandbox serves it, and the way out that leads nowhere."""
    from naftiko_runtime.transport.sandbox import SandboxTransport, echoing, read_answers

    path = file.with_suffix(".sandbox.yaml") if sandbox == _BESIDE else Path(sandbox)
    if sandbox == _BESIDE and not path.exists():
        return echoing(plan, ()), lambda: SandboxTransport({})
    try:
        answers = read_answers(path, plan.operations)
    except SourceError as error:
        click.echo(text(Loaded(None, error.diagnostics, error.source)), err=True)
        sys.exit(_EXIT_FAILED)
    return echoing(plan, answers), lambda: SandboxTransport(answers)


def _serve(
    loaded: Loaded,
    secrets: Mapping[str, Secret],
    transport: Callable[[], Transport],
    settings: ServerSettings,
    log_level: str,
    *,
    sandbox: bool,
) -> int:
    from naftiko_runtime.cli import logs
    from naftiko_runtime.server.listener import ListenError
    from naftiko_runtime.server.run import serve

    people = sys.stderr.isatty()
    plan = loaded.plan
    assert plan is not None  # noqa: S101 - narrows the type
    logs.configure(log_level, [*secrets.values(), *derived_secrets(plan, secrets)], console=people)
    if people:
        show(loaded, sys.stderr)
        started = partial(banner.table, plan, sandbox=sandbox)
    else:
        _log_findings(loaded)
        started = partial(banner.log_lines, plan, sandbox=sandbox)
    try:
        cut_off = _event_loop_run(serve(plan, secrets, transport, settings, started))
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
