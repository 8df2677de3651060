"""Checks a document against the official schema of its version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.strict.official_schemas import choose_version, load_schema
from naftiko_runtime.strict.translate_schema_errors import find_deviations

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Diagnostic, Findings, Span
    from naftiko_runtime.source import Source
    from naftiko_runtime.strict.official_schemas import Schema
    from naftiko_runtime.strict.translate_schema_errors import Deviation

_LENIENT: Final = frozenset(
    {
        *(rules.NON_STANDARD_KEY.slug, rules.UNKNOWN_KEY.slug, rules.MISSPELT_KEY.slug),
        *(rules.WRONG_TYPE.slug, rules.INVALID_VALUE.slug, rules.VERSION.slug),
    }
)
"""Findings of the lenient reading. A deviation at the same place replaces them."""


class Deviations:
    """The places of deviations, so that no other finding reports the same again."""

    def __init__(self) -> None:
        self._wrong: set[Span] = set()
        self._missing: set[tuple[Span, str]] = set()
        self._version: Span | None = None

    def covers(self, finding: Diagnostic) -> bool:
        """Return whether a deviation at the same place already reports what a finding reports."""
        place = finding.span
        if place is None:
            return False
        match finding.rule.slug:
            case rules.MISSING_KEY.slug:
                arguments = finding.arguments
                instead = place in self._wrong and "suggestion" in arguments
                keys = {arguments.get("key"), *(finding.part or ())[-1:]}
                return instead or any(place == where and key in keys for where, key in self._missing)
            case rules.NEWER_VERSION.slug:
                return place == self._version
            case slug:
                return slug in _LENIENT and place in self._wrong

    def add(self, deviation: Deviation, source: Source) -> Span:
        """Record the places of a deviation, and return the place to report."""
        value = source.find_span(deviation.key_path)
        if deviation.missing:
            self._missing.add((value, str(deviation.key_path[-1])))
            return value
        key = source.find_span(deviation.key_path, key=True)
        self._wrong |= {value, key}
        return key if deviation.key else value

    def add_version(self, span: Span) -> None:
        """Record the place of a version whose schema is unknown."""
        self._version = span


def check(source: Source, findings: Findings) -> Deviations:
    """Report every deviation of a document from the official schema of its version, as an error.

    Args:
        source: The document as it was written: before imports are spliced and spellings unified.
        findings: Gets the errors, and a warning if the schema of the version is unknown.
    """
    deviations = Deviations()
    for deviation in find_deviations(_choose_schema(source, findings, deviations), source.data):
        findings.report(deviation.statement, deviations.add(deviation, source), deviation.advice)
    return deviations


def _choose_schema(source: Source, findings: Findings, deviations: Deviations) -> Schema:
    """Return the schema for a document's version, and a warning when it is another version's."""
    version, key, text = choose_version(source.data)
    if key is None or text is None:
        return load_schema(version)
    span = source.find_span((key,))
    findings.report(rules.STRICT_VERSION(version=text[:40], applied=version), span)
    deviations.add_version(span)
    return load_schema(version, any_version=True)
