"""Loads a file: reads, parses and links it; needs no environment, and opens only the file and its imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime.diagnostic import Findings, redact_finding
from naftiko_runtime.document.imports import Importer
from naftiko_runtime.document.normalize import normalize
from naftiko_runtime.document.parse import parse
from naftiko_runtime.exposes.kinds import get_expose_kind, get_kind
from naftiko_runtime.exposes.share_skills import report_unshared_skills, share_skills
from naftiko_runtime.follow_up_findings import suppress_follow_ups
from naftiko_runtime.limits import DIAGNOSTICS_MAX
from naftiko_runtime.link import link
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.link.skip_broken import Errors, Servable, keep_servable
from naftiko_runtime.lint import run_checks
from naftiko_runtime.rules import Severity
from naftiko_runtime.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from naftiko_runtime.diagnostic import Diagnostic, Reason
    from naftiko_runtime.link.broken_parts import LeftOut
    from naftiko_runtime.plan import Plan
    from naftiko_runtime.source import Source
    from naftiko_runtime.strict import Deviations

NO_OVERRIDES = Overrides()


class Loaded(Struct, frozen=True):
    """A loaded file.

    Attributes:
        plan: The plan. None if there are errors, unless broken parts may be left out. A document that can only be
            imported has a plan without servers.
        diagnostics: The findings, by place.
        source: The source with the imported files, for quoting lines. It has no data if the file is not YAML. None
            without text.
        left_out: The broken parts that are left out.
        fatal: Why nothing can be served. None if something can, or if the findings say why.
    """

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]
    source: Source | None
    left_out: tuple[LeftOut, ...] = ()
    fatal: Reason | None = None


def load(path: Path, overrides: Overrides = NO_OVERRIDES) -> Loaded:
    """Read, parse and link a capability file. Errors in it become findings, not exceptions.

    Args:
        path: The file.
        overrides: Values that override the document's, and the strictness of its checks.
    """
    try:
        source = overrides.reading(path, str(path))
    except SourceError as error:
        return Loaded(None, error.diagnostics, error.source, fatal=_find_first_error(error.diagnostics, error.source))
    return load_source(source, overrides, path)


def load_source(source: Source, overrides: Overrides = NO_OVERRIDES, path: Path | None = None) -> Loaded:
    """Link a source. Imports are relative to its path. Without a path there are no imports."""
    loaded = _load_source(source, overrides, path)
    return (
        replace(loaded, diagnostics=tuple(redact_findings(loaded.diagnostics, loaded.source)))
        if loaded.diagnostics
        else loaded
    )


def redact_findings(found: Iterable[Diagnostic], source: Source | None) -> Iterator[Diagnostic]:
    """Mask the credentials of the document in findings.

    Args:
        found: The findings.
        source: The document, or None without text.
    """
    secrets = (source.find_secrets() if source is not None else None) or ()
    return (redact_finding(finding, secrets) for finding in found)


def _load_source(source: Source, overrides: Overrides, path: Path | None) -> Loaded:
    findings = Findings()
    deviations = _check_strictly(source, findings) if overrides.strict else None
    normalized = normalize(source, findings)
    if normalized is None:
        return _make_refused(findings, deviations, source)
    if path is not None:
        normalized = Importer(path, findings, overrides.allowed_imports, overrides.reading).splice(normalized)
    parsed = parse(normalized, findings)
    if parsed is None:
        return _make_refused(findings, deviations, normalized)
    parsed = replace(parsed, fragment="capability" not in source.data)
    read = frozenset(findings.list_sorted(None)) if parsed.unread else frozenset()
    linked = link(parsed, normalized, findings, overrides, get_expose_kind)
    run_checks(linked, get_expose_kind, advise=overrides.lint)
    if overrides.lint:
        report_unshared_skills(linked)
    found = _drop_covered(findings, deviations)
    reported = suppress_follow_ups(found, normalized, parsed.unread, read)
    servable = Servable(linked.plan)
    if findings.has_errors:
        servable = Servable(None)
        if overrides.skip_broken:
            errors = Errors(findings.errors, frozenset(reported), normalized.find_secrets() or ())
            servable = keep_servable(linked, errors, parsed.unread, get_kind)
    plan = None if servable.plan is None else share_skills(servable.plan)
    return Loaded(plan, reported[:DIAGNOSTICS_MAX], normalized, servable.left_out, servable.fatal)


def _make_refused(findings: Findings, deviations: Deviations | None, source: Source) -> Loaded:
    """Return the result for a file of which nothing can be read."""
    reported = _drop_covered(findings, deviations)
    return Loaded(None, reported[:DIAGNOSTICS_MAX], source, fatal=_find_first_error(reported, source))


def _find_first_error(found: Iterable[Diagnostic], source: Source | None) -> Diagnostic | None:
    secrets = (source.find_secrets() if source is not None else None) or ()
    return next((redact_finding(f, secrets) for f in found if f.severity is Severity.ERROR), None)


def _check_strictly(source: Source, findings: Findings) -> Deviations:
    from naftiko_runtime.strict import check  # noqa: PLC0415 - only --strict pays for it

    return check(source, findings)


def _drop_covered(findings: Findings, deviations: Deviations | None) -> tuple[Diagnostic, ...]:
    """Drop the findings that a deviation from the official schema reports too."""
    found = findings.list_sorted(None)
    return found if deviations is None else tuple(finding for finding in found if not deviations.covers(finding))
