"""A document against the official schema of its version."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.source import written
from naftiko_runtime.strict import alpha2, beta5
from naftiko_runtime.strict.shapes import Anything

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Diagnostic, Findings, Span
    from naftiko_runtime.source import Source, Steps
    from naftiko_runtime.strict.shapes import Fault, Mapping

_DOCUMENTS: Final = {alpha2.VERSION: alpha2.DOCUMENT, beta5.VERSION: beta5.DOCUMENT}
_NEAREST: Final = {
    "0.5": alpha2.VERSION,
    "1.0.0-alpha1": alpha2.VERSION,
    "1.0.0-alpha3": beta5.VERSION,
    **{f"1.0.0-beta{n}": beta5.VERSION for n in range(1, 5)},
}
"""For versions whose own schema is not known here, the next later one whose schema is."""

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
                instead = place in self._wrong and (finding.help or "").startswith("did you mean")
                return instead or any(place == where and f"'{key}'" in finding.message for where, key in self._missing)
            case rules.NEWER_VERSION.slug:
                return place == self._version
            case slug:
                return slug in _LENIENT and place in self._wrong

    def note(self, fault: Fault, source: Source) -> None:
        """Remember the places of a departure."""
        if fault.missing:
            self._missing.add((source.span(fault.steps), str(fault.steps[-1])))
            return
        self._wrong.add(source.span(fault.steps))
        self._wrong.add(source.span(fault.steps, key=True))

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
    for fault in _document(source, findings, departures).faults(source.data):
        departures.note(fault, source)
        span = source.span(fault.steps, key=fault.key)
        findings.add(rules.NON_STANDARD, f"{_called(fault.steps)} {fault.what}", span, fault.advice)
    return departures


def _document(source: Source, findings: Findings, departures: Departures) -> Mapping:
    """The shape for a document's version, and a warning when it is another version's."""
    data: Any = source.data
    if not isinstance(data, dict):
        return alpha2.DOCUMENT
    key = "naftiko" if "naftiko" in data else "ikanos"
    version = data.get(key)
    if version is None or isinstance(version, dict | list):
        return beta5.DOCUMENT if key in data and key == "ikanos" else alpha2.DOCUMENT
    text = written(version) if isinstance(version, float) else str(version)
    if text in _DOCUMENTS:
        return _DOCUMENTS[text]
    applied = _NEAREST.get(text, beta5.VERSION)
    span = source.span((key,))
    message = f"the official schema of version '{text[:40]}' is not known here; the rules of {applied} were applied"
    findings.add(rules.STRICT_VERSION, message, span, f"write '{applied}' if the file is meant for it")
    departures.note_version(span)
    return _of_any_version(_DOCUMENTS[applied])


def _of_any_version(document: Mapping) -> Mapping:
    required = {key: Anything() if key in ("naftiko", "ikanos") else shape for key, shape in document.required.items()}
    return replace(document, required=required)


def _called(steps: Steps) -> str:
    """How a message names the part at a path: by its key, an entry of a list by the list's."""
    keys = [step for step in steps if isinstance(step, str)]
    if not keys:
        return "the document"
    return f"'{keys[-1]}'" if isinstance(steps[-1], str) else f"an entry of '{keys[-1]}'"
