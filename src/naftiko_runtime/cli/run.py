"""``naftiko run``: serves capability files."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, assert_never

import click
from click.core import ParameterSource

from naftiko_runtime.cli import banner
from naftiko_runtime.cli.capability_loader import EXIT_FAILED, CapabilityLoader, list_proxies, list_secrets
from naftiko_runtime.cli.env_files import read_environment
from naftiko_runtime.cli.print_errors import print_error, print_problems
from naftiko_runtime.cli.print_findings import print_findings
from naftiko_runtime.cli.run_options import add_run_options
from naftiko_runtime.cli.select_stdio import list_stdio, list_uncallable_apis
from naftiko_runtime.cli.skip_broken import log_left_out, print_left_out
from naftiko_runtime.errors import BindError
from naftiko_runtime.link.base_uri import advise_url
from naftiko_runtime.link.base_uri_check import check_base_uri
from naftiko_runtime.loading import Loaded
from naftiko_runtime.rules import Severity, helps, render_text
from naftiko_runtime.source import SourceError
from naftiko_runtime.suggest import suggest_text
from naftiko_runtime.telemetry.trace_options import find_ignored_variables, read_trace_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from naftiko_runtime.cli.logging_setup import Redactor
    from naftiko_runtime.cli.run_options import RunOptions
    from naftiko_runtime.http_client import HttpClient
    from naftiko_runtime.server.capability_to_serve import ServedCapability
    from naftiko_runtime.server.open_ports import OpenPort
    from naftiko_runtime.server.settings import ServerSettings
    from naftiko_runtime.stdio_channel import StandardStreams
    from naftiko_runtime.telemetry.trace_options import TraceOptions

_LEVELS = {Severity.ERROR: logging.ERROR, Severity.WARNING: logging.WARNING, Severity.INFO: logging.INFO}


@click.command()
@add_run_options
def run(options: RunOptions) -> None:
    """Serve capability FILEs until SIGTERM or Ctrl-C.

    A FILE is a file, or a folder: then the capability files in it and below it are served. Without FILE, it is the
    current folder. Exposes can share a port.

    Exit status: 0 after a clean stop, 1 if startup failed or requests were cancelled, 2 for wrong usage.
    """
    for namespace, base_uri in options.documents.base_uris:
        if fault := check_base_uri(base_uri):
            advice = advise_url(base_uri, namespace, helps.GIVE_HTTP_URL)
            problem = f"{namespace}: {render_text(fault)}; {render_text(advice)}"
            raise click.BadParameter(problem, param_hint="--base-uri")
    _check_stdio(options)
    loader = CapabilityLoader(options.documents, options.upstreams)
    loaded = loader.load_or_exit()
    _check_namespaces(options, loaded)
    environment = read_environment(options.documents.env_files)
    settings = options.make_server_settings(_read_trace_options(environment))
    streams = _claim_streams(loaded, settings)
    sys.exit(_start(options, loader, loaded, settings, environment, streams))


def _check_stdio(options: RunOptions) -> None:
    """Reject options that contradict ``--stdio``. A variable may be set for other programs."""
    if options.documents.http and options.documents.stdio is None:
        raise click.UsageError("--http needs --stdio; without it, the ports are opened anyway.")
    source = click.get_current_context().get_parameter_source("control")
    if not options.documents.opens_ports and source is ParameterSource.COMMANDLINE:
        raise click.UsageError("--stdio opens no port, and --control needs one; add --http.")


def _claim_streams(loaded: Sequence[Loaded], settings: ServerSettings) -> StandardStreams | None:
    """Take standard input and output, if an expose is served over them."""
    if not list_stdio(one.plan for one in loaded if one.plan is not None):
        return None
    if settings.workers > 1:
        raise click.UsageError("standard input has one reader: serve it with --workers 1.")
    from naftiko_runtime.stdio_channel import StreamsError, claim_standard_streams

    try:
        return claim_standard_streams()
    except StreamsError as error:
        print_error(str(error))
        sys.exit(EXIT_FAILED)


def _check_namespaces(options: RunOptions, loaded: Sequence[Loaded]) -> None:
    """Reject options for unknown namespaces."""
    plans = [one.plan for one in loaded if one.plan is not None]
    consumed = {upstream.namespace for plan in plans for upstream in plan.upstreams}
    _check_known(dict(options.documents.base_uris), consumed, "--base-uri")
    exposed = {server.namespace for plan in plans for server in plan.servers}
    exposed |= {left.expose for one in loaded for left in one.left_out if left.expose is not None}
    _check_known(dict(options.documents.ports), exposed, "--port")
    _check_known((name for name, _ in options.listeners.public_urls if name), exposed, "--public-url")


def _check_known(given: Iterable[str], known: Iterable[str], option: str) -> None:
    for namespace in given:
        if namespace not in known:
            advice = suggest_text(namespace, known, "the file has") or ""
            raise click.BadParameter(f"no namespace '{namespace}'; {advice}", param_hint=option)


def _read_trace_options(environment: Mapping[str, str]) -> TraceOptions | None:
    """Return where spans go; exit when the variables are invalid."""
    try:
        traces = read_trace_options(environment)
    except BindError as error:
        print_problems(error)
        sys.exit(EXIT_FAILED)
    if traces is not None:
        os.environ.update(traces.variables)  # where OpenTelemetry's SDK looks for them
    return traces


def _start(
    options: RunOptions,
    loader: CapabilityLoader,
    loaded: Sequence[Loaded],
    settings: ServerSettings,
    environment: Mapping[str, str],
    streams: StandardStreams | None,
) -> int:
    """Resolve variables, configure logging and serve; returns the exit status."""
    from naftiko_runtime.cli import logging_setup
    from naftiko_runtime.http_server.listening_sockets import ListenError

    console = sys.stderr.isatty()
    try:
        served = loader.resolve(loaded, environment)
        keys = () if settings.traces is None else settings.traces.headers.values()
        redactor = logging_setup.configure_logging(
            options.log_level,
            [*list_secrets(served), *keys],
            console=console,
            many=settings.workers > 1,
        )
        if settings.traces is not None:
            logging_setup.add_trace_ids()
        for one in loaded:
            if console:
                print_findings(one, sys.stderr)
            else:
                _log_findings(one)
        label = banner.join_labels(list(dict.fromkeys(one.plan.label for one in served)))
        announce = banner.print_table if console else banner.log_lines

        def on_start(opened: Sequence[OpenPort]) -> None:
            announce(label, opened, sandbox=options.documents.sandbox is not None, workers=settings.workers)
            banner.log_proxies(list_proxies(served))
            banner.log_ignored_variables(find_ignored_variables(environment))
            if options.documents.sandbox is None:
                banner.log_uncallable_apis(list_uncallable_apis(one.plan for one in served))
            (print_left_out if console else log_left_out)(loaded)

        cut_off = _serve(loader, served, settings, on_start, redactor, streams)
    except BindError as error:
        print_problems(error)
        return EXIT_FAILED
    except SourceError as error:
        print_findings(Loaded(None, error.diagnostics, error.source), sys.stderr)
        return EXIT_FAILED
    except ListenError as error:
        print_error(str(error), error.help)
        return EXIT_FAILED
    return EXIT_FAILED if cut_off else 0


def _serve(
    loader: CapabilityLoader,
    served: Sequence[ServedCapability],
    settings: ServerSettings,
    on_start: Callable[[Sequence[OpenPort]], None],
    redactor: Redactor,
    streams: StandardStreams | None,
) -> int:
    """Serve in this process, or in workers; returns how many requests were cut off."""
    load = partial(loader.reload, redactor)
    if settings.workers == 1:
        from naftiko_runtime.server.event_loop import run_loop
        from naftiko_runtime.server.serve import serve

        return run_loop(serve(served, settings, on_start, load, streams))

    from naftiko_runtime.cli.logging_setup import add_worker_number
    from naftiko_runtime.workers.supervisor import serve_with_workers
    from naftiko_runtime.workers.worker import WorkerHooks
    from naftiko_runtime.workers.worker_handle import WorkerError

    def on_receive(reloaded: Sequence[ServedCapability]) -> None:
        redactor.add_secrets(list_secrets(reloaded))

    _preload(loader.upstreams.http_client)
    try:
        return serve_with_workers(served, settings, on_start, load, WorkerHooks(add_worker_number, on_receive))
    except WorkerError as error:
        print_error(str(error))
        return EXIT_FAILED


def _preload(http_client: HttpClient) -> None:
    """Import what every worker needs, before they are forked."""
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
