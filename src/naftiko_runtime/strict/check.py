"""A document against the official schema of its version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.strict.schemas import choose_version, load_schema
from naftiko_runtime.strict.translate_errors import find_departures

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Diagnostic, Findings, Span
    from naftiko_runtime.source import Source
    from naftiko_runtime.strict.schemas import Schema
    from naftiko_runtime.strict.translate_errors import Departure

_LENIENT: Final = frozenset(
    {
        *(rules.NON_STANDARD_KEY.slug, rules.UNKNOWN_KEY.slug, rules.MISSPELT_KEY.slug),
        *(rules.WRONG_TYPE.slug, rules.INVALID_VALUE.slug, rules.VERSION.slug),
    }
)
"""Findings of the reading that says what is meant, which a departure at the same place says anew."""


class Departures:
    """What was found in a document, so that no other finding tells it a second time."""

    def __init__(self) -> None:
        self._wrong: set[Span] = set()
        self._missing: set[tuple[Span, str]] = set()
        self._version: Span | None = None

    def told(self, finding: Diagnostic) -> bool:
        """Whether a finding says of a place what a departure already says of it."""
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

    def note(self, departure: Departure, source: Source) -> Span:
        """Remember the places of a departure, and give the one to report it at."""
        value = source.span(departure.steps)
        if departure.missing:
            self._missing.add((value, str(departure.steps[-1])))
            return value
        key = source.span(departure.steps, key=True)
        self._wrong |= {value, key}
        return key if departure.key else value

    def note_version(self, span: Span) -> None:
        """Remember where a version stands that another version's rules were applied to."""
        self._version = span


def check(source: Source, findings: Findings) -> Departures:
    """Report every departure of a document from the official schema of its version, as an error.

    Args:
        source: The document as it was written: before imports are spliced and spellings unified.
        findings: Gets the errors, and a warning when the version's own schema is not known here.
    """
    departures = Departures()
    for departure in find_departures(_choose_schema(source, findings, departures), source.data):
        findings.report(departure.statement, departures.note(departure, source), departure.advice)
    return departures


def _choose_schema(source: Source, findings: Findings, departures: Departures) -> Schema:
    """The schema for a document's version, and a warning when it is another version's."""
    version, key, text = choose_version(source.data)
    if key is None or text is None:
        return load_schema(version)
    span = source.span((key,))
    findings.report(rules.STRICT_VERSION(version=text[:40], applied=version), span)
    departures.note_version(span)
    return load_schema(version, any_version=True)
