"""Loads the files that ``naftiko run`` serves, at the start and for each reload."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
from msgspec import structs

from naftiko_runtime import rules
from naftiko_runtime.cli.env_files import read_environment
from naftiko_runtime.cli.find_input_files import discover_runnable
from naftiko_runtime.cli.http_client_options import ClientOpener, read_client_options
from naftiko_runtime.cli.print_findings import print_findings
from naftiko_runtime.cli.run_options import BESIDE_THE_FILE
from naftiko_runtime.cli.select_stdio import select_stdio
from naftiko_runtime.cli.skip_broken import drop_clashing_parts, log_left_out, print_left_out
from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.engine.open_credentials import derive_secrets
from naftiko_runtime.errors import BindError, Problem
from naftiko_runtime.http_client import ClientOptions
from naftiko_runtime.http_client.proxies import Proxies
from naftiko_runtime.link.check_shared_ports import check_ports
from naftiko_runtime.loading import Loaded, load
from naftiko_runtime.render import render_findings
from naftiko_runtime.rules import Severity
from naftiko_runtime.secret import Secret, make_placeholders, resolve
from naftiko_runtime.server.capability_to_serve import ServedCapability
from naftiko_runtime.source import SourceCache, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from naftiko_runtime.cli.logging_setup import Redactor
    from naftiko_runtime.cli.run_options import DocumentOptions, UpstreamOptions
    from naftiko_runtime.diagnostic import Diagnostic, Span
    from naftiko_runtime.plan import Plan
    from naftiko_runtime.source import Source

EXIT_FAILED = 1


class _LoadedFiles(NamedTuple):
    """The loaded files, the findings about several of them, and whether they cannot be served."""

    loaded: list[Loaded]
    together: Findings
    failed: bool


@dataclass(frozen=True, slots=True)
class CapabilityLoader:
    """Loads what the command line names."""

    documents: DocumentOptions
    upstreams: UpstreamOptions

    def load_or_exit(self) -> list[Loaded]:
        """Load the files; exit with their findings when they cannot be served."""
        loaded, together, failed = self._load_documents()
        if failed:
            for one in loaded:
                print_findings(one, sys.stderr)
            if conflicts := together.list_sorted():
                sources = [one.source for one in loaded if one.source is not None]
                click.echo(render_findings(conflicts, partial(_quote_line, sources)), err=True)
            if self.documents.skip_broken:
                print_left_out(loaded)
            sys.exit(EXIT_FAILED)
        return loaded

    def resolve(self, loaded: Iterable[Loaded], environment: Mapping[str, str]) -> list[ServedCapability]:
        """Give each plan its variables and its client. A sandbox uses no variables.

        Raises:
            BindError: Variables are missing.
            SourceError: A sandbox file is invalid.
        """
        plans = [one.plan for one in loaded if one.plan is not None]
        if self.documents.sandbox is not None:
            return [_make_sandbox(plan, self.documents.sandbox) for plan in plans]
        served: list[ServedCapability] = []
        problems: list[Problem] = []
        client = ClientOptions()
        try:
            client = read_client_options(self.upstreams, environment)
        except BindError as error:
            problems += error.problems
        open_transport = ClientOpener(client)
        for plan in plans:
            try:
                served.append(ServedCapability(plan, resolve(plan, environment), open_transport))
            except BindError as error:
                problems += error.problems
        if problems:
            raise BindError(problems)
        return served

    def reload(self, redactor: Redactor) -> list[ServedCapability]:
        """Load files and variables once more.

        Raises:
            BindError: They cannot be served.
        """
        try:
            loaded, together, failed = self._load_documents()
            if failed:
                found = (*(finding for one in loaded for finding in one.diagnostics), *together.list_sorted())
                raise BindError(map(_describe, (one for one in found if one.severity is Severity.ERROR)))
            env_files = self.documents.env_files if self.documents.sandbox is None else ()
            served = self.resolve(loaded, read_environment(env_files))
        except SourceError as error:
            raise BindError(map(_describe, error.diagnostics)) from None
        except click.ClickException as error:
            raise BindError([error.message]) from None
        redactor.add_secrets(list_secrets(served))
        log_left_out(loaded)
        return served

    def _load_documents(self) -> _LoadedFiles:
        sources = SourceCache()
        overrides = structs.replace(self.documents.overrides(), reading=sources.read)
        loaded = [load(file, overrides) for file in self._find_files(sources)]
        if self.documents.sandbox is not None:
            loaded = [_drop_unused_variables(one) for one in loaded]
        loaded = select_stdio(loaded, self.documents)
        if self.documents.skip_broken:
            kept = drop_clashing_parts(loaded)
            return _LoadedFiles(kept, Findings(), all(one.plan is None for one in kept))
        together = Findings()
        for one in loaded:
            _check_serves(one, together)
        failed = together.has_errors or any(one.plan is None for one in loaded)
        if not failed and len(loaded) > 1:
            check_ports([server for one in loaded if one.plan is not None for server in one.plan.servers], together)
        return _LoadedFiles(loaded, together, failed or together.has_errors)

    def _find_files(self, sources: SourceCache) -> list[Path]:
        """Return the files to serve; there is at least one."""
        paths, sandbox = self.documents.paths, self.documents.sandbox
        if not paths:
            optional = {"--sandbox": sandbox, "--stdio": self.documents.stdio}
            taken = {option: value for option, value in optional.items() if value not in {None, "", BESIDE_THE_FILE}}
            for option, value in taken.items():
                raise click.UsageError(
                    f"Missing argument 'FILE…'; '{option}' took '{value}' as its value; write it after FILE."
                )
        files = discover_runnable(paths or [Path()], sources)
        if sandbox not in (None, BESIDE_THE_FILE) and len(files) > 1:
            raise click.UsageError("--sandbox takes a file for one capability only; several use the files beside them.")
        return files


def _quote_line(sources: Iterable[Source], span: Span) -> str:
    """Return the line at a place of one of several files."""
    return next(filter(None, (source.quote_line(span) for source in sources)), "")


def _describe(finding: Diagnostic) -> Problem:
    place = None if finding.span is None else str(finding.span)
    return Problem(finding.message, finding.help, place, finding.rule.slug)


def list_secrets(served: Sequence[ServedCapability]) -> list[Secret]:
    """Return all secret values, and what is sent in their place, such as Basic credentials; also those of proxies."""
    own = [s for one in served for s in (*one.secrets.values(), *derive_secrets(one.plan, one.secrets))]
    return own + [Secret(text) for text in _find_proxies(served).list_secrets()]


def list_proxies(served: Iterable[ServedCapability]) -> Mapping[str, str]:
    """Return the proxies that requests to upstreams go through, by the variable's name, and what needs none."""
    return _find_proxies(served).log_fields()


def _find_proxies(served: Iterable[ServedCapability]) -> Proxies:
    """Return the proxies of the client, which all capabilities share; a sandbox has none."""
    openers = (one.open_client for one in served)
    return next((opener.options.proxies for opener in openers if isinstance(opener, ClientOpener)), Proxies())


def _drop_unused_variables(loaded: Loaded) -> Loaded:
    """Drop the findings about unused variables: a sandbox needs none."""
    kept = tuple(d for d in loaded.diagnostics if d.rule is not rules.UNUSED_BINDING)
    return structs.replace(loaded, diagnostics=kept)


def _check_serves(loaded: Loaded, findings: Findings) -> None:
    """Report a document without servers: it is valid, but only there to be imported."""
    if loaded.plan is not None and not loaded.plan.servers and loaded.source is not None:
        findings.report(rules.NOTHING_TO_SERVE_ONLY_IMPORTED(), loaded.source.find_span(("capability",)))


def _make_sandbox(plan: Plan, sandbox: str) -> ServedCapability:
    """Return the plan as a sandbox serves it, with a transport that calls no upstream."""
    from naftiko_runtime.sandbox_responses import SandboxTransport, drop_mappings, read_responses

    beside = sandbox == BESIDE_THE_FILE
    path = Path(plan.file).with_suffix(".sandbox.yaml") if beside else Path(sandbox)
    if beside and not path.exists():
        return ServedCapability(drop_mappings(plan, ()), make_placeholders(plan), partial(SandboxTransport, {}))
    responses = read_responses(path, plan.operations)
    return ServedCapability(
        drop_mappings(plan, responses), make_placeholders(plan), partial(SandboxTransport, responses)
    )
