"""Fixes a document round by round: find, edit, look again, keep only what made it better."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.document.capability import Document
from naftiko_runtime.document.imports import Importer
from naftiko_runtime.document.normalize import normalize
from naftiko_runtime.document.parse import parse
from naftiko_runtime.exposes.kinds import kind_of_expose
from naftiko_runtime.fix.text_edits import Text
from naftiko_runtime.limits import FIX_ROUNDS_MAX
from naftiko_runtime.link import link
from naftiko_runtime.lint import run_checks
from naftiko_runtime.lint.rewrites import check_rewrites
from naftiko_runtime.loading import Loaded, load_source, redact_findings
from naftiko_runtime.plan.comparison import normalize_plan
from naftiko_runtime.rules import Severity
from naftiko_runtime.source import SourceError, parse_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from naftiko_runtime.diagnostic import Diagnostic, Edit
    from naftiko_runtime.link.operator_overrides import Overrides
    from naftiko_runtime.plan import Plan
    from naftiko_runtime.rules import Statement
    from naftiko_runtime.source import Source

_BOM: Final = b"\xef\xbb\xbf"
_MISTAKES: Final = frozenset(
    {
        rules.MISSPELT_KEY,
        rules.MISSING_KEY,
        rules.INVALID_VALUE,
        rules.NO_SUCH_EXPOSE,
        rules.TEMPLATE,
        rules.BASE_URI,
    }
)
"""Rules whose fix lets something run that did not; every other fix must not change what the document does."""

ONLY_WHEN_FIXING: Final = frozenset({rules.VALUE_PREFIX, rules.ROOT_PATH, rules.UNLISTED_PLACEHOLDER})
"""Rules that only ``--fix`` looks for: what they change is cosmetic."""


@dataclass(frozen=True, slots=True)
class Left:
    """A finding that has a fix which was not made, and why."""

    diagnostic: Diagnostic
    reason: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of a file.

    Attributes:
        before: The file's text.
        resolved: The text with the fixes that resolve findings, and without the cosmetic ones.
        raw: What the file is to hold now; what it held when there was nothing to do.
        count: How many findings are resolved.
        cosmetic: How many spellings were changed that no finding is about.
        left: Findings whose fix was not made.
        loaded: What the file is now, with the findings that remain.
    """

    before: str
    resolved: str
    raw: bytes
    count: int
    cosmetic: int
    left: tuple[Left, ...]
    loaded: Loaded


def fixed(raw: bytes, path: Path, overrides: Overrides) -> Fixed:
    """Fix a document; nothing is written, and nothing raised for what is wrong in it.

    Args:
        raw: What the file holds.
        path: The file, to which imports are relative.
        overrides: As for loading it.
    """
    try:
        state = _State(parse_source(raw, str(path)), path, overrides)
    except SourceError as error:
        return Fixed("", "", raw, 0, 0, (), Loaded(None, error.diagnostics, error.source))
    before = resolved = state.source.text
    count = cosmetic = 0
    for _ in range(FIX_ROUNDS_MAX):
        made = state.best()
        if made is None:
            break
        state, solved = made
        if all(finding.rule in ONLY_WHEN_FIXING for finding in solved):
            cosmetic += len(solved)
        else:
            count += len(solved)
            resolved = resolved if cosmetic else state.source.text
    text = state.source.text
    written = raw if text == before else (_BOM if raw.startswith(_BOM) else b"") + text.encode()
    loaded = load_source(state.source, overrides, path)
    found = redact_findings(state.diagnostics, state.source)
    more = [d for d in found if d.severity is Severity.INFO and d not in loaded.diagnostics]
    shown = sorted((*loaded.diagnostics, *more), key=lambda d: (d.span is not None, d.span))
    return Fixed(before, resolved, written, count, cosmetic, state.left(), replace(loaded, diagnostics=tuple(shown)))


class _State:
    """A text of the document, with all that is found in it."""

    def __init__(self, source: Source, path: Path, overrides: Overrides) -> None:
        self.source = source
        self._path = path
        self._overrides = overrides
        self._text = Text(source.text)
        findings = Findings()
        self._plan: Plan | None = None
        """What it does; none when it is no document."""
        if (spoken := normalize(source, findings)) is not None:
            importer = Importer(path, findings, overrides.allowed_imports, overrides.reading)
            spoken = importer.splice(spoken)
            if (parsed := parse(spoken, findings)) is not None:
                parsed = replace(parsed, fragment="capability" not in source.data)
                linked = link(parsed, spoken, findings, overrides, kind_of_expose)
                run_checks(parsed.document, linked, advise=overrides.lint)
                self._plan = normalize_plan(linked.plan)
                if isinstance(parsed.document, Document):
                    check_rewrites(parsed.document, spoken, findings)
        self.diagnostics = findings.list_sorted(most=None)

    @cached_property
    def _shared(self) -> list[tuple[int, int]]:
        return self._text.shared()

    def _edited(self, found: Sequence[Diagnostic]) -> _State | None:
        """The document after the fixes of some findings; none when it is no document then."""
        text = self._text.edited([edit for diagnostic in found for edit in diagnostic.fix])
        try:
            source = parse_source(text.encode(), self.source.file)
        except SourceError:
            return None
        return _State(source, self._path, self._overrides)

    # -- which fixes can be made ----------------------------------------------------------------------------------

    def _is_shared(self, edit: Edit) -> bool:
        start, end = self._text.stretch(edit)
        return any((first < end and start < last) or first < start < last for first, last in self._shared)

    def _possible(self) -> Iterator[list[Diagnostic]]:
        """The findings whose fixes can be made side by side; mistakes first, and style last, which follows the rest."""
        own = [d for d in self.diagnostics if d.fix and not any(map(self._is_shared, d.fix))]
        for _, group in groupby(sorted(own, key=_urgency), key=_urgency):
            together = list(group)
            clashing = self._text.clashes([edit for d in together for edit in d.fix])
            yield [d for d in together if not clashing & set(d.fix)]

    def best(self) -> tuple[_State, tuple[Diagnostic, ...]] | None:
        """The document one round later, and the findings that were fixed; none when nothing can be done."""
        for possible in self._possible():
            chosen, state = self._accepted((), self, possible)
            if chosen:
                return state, chosen
        return None

    def _accepted(
        self, chosen: tuple[Diagnostic, ...], state: _State, more: Sequence[Diagnostic]
    ) -> tuple[tuple[Diagnostic, ...], _State]:
        """Beside the fixes chosen before, as many more as do good: all of them, or else the good ones of each half."""
        if not more:
            return chosen, state
        after = self._edited((*chosen, *more))
        if after is not None and self._is_better(after, (*chosen, *more)):
            return (*chosen, *more), after
        if len(more) == 1:
            return chosen, state
        middle = len(more) // 2
        chosen, state = self._accepted(chosen, state, more[:middle])
        return self._accepted(chosen, state, more[middle:])

    def _is_better(self, after: _State, made: Sequence[Diagnostic]) -> bool:
        """Whether fixes did what they are for, and nothing else."""
        if made[0].rule in _MISTAKES:
            left = (_statements(after.diagnostics) - self._without(made)) & _statements(made)
            return not left and not any(self._is_created(error, made) for error in after._errors())
        gone = Counter(self._kinds())
        gone.subtract(after._kinds())
        return after._plan == self._plan and min(gone.values(), default=0) >= 0 < gone.total()

    def _without(self, made: Sequence[Diagnostic]) -> Counter[Statement]:
        """What is found but for what was fixed."""
        return _statements(self.diagnostics) - _statements(made)

    def _errors(self) -> Iterator[Diagnostic]:
        return (d for d in self.diagnostics if d.severity is Severity.ERROR)

    def _is_created(self, error: Diagnostic, made: Sequence[Diagnostic]) -> bool:
        """Whether an error is the work of a fix: it is new, and does not stand inside a part that no one could read."""
        if error.statement in (known.statement for known in self._errors()):
            return False
        part = error.part or ()
        read = (d.part for d in made if d.part)
        return not any(len(part) > len(place) and part[: len(place) - 1] == place[:-1] for place in read)

    def _kinds(self) -> list[object]:
        """The findings without what an edit elsewhere may change of them: the places of those that have no part."""
        return [(d.rule.slug, d.part or d.statement) for d in self.diagnostics]

    def left(self) -> tuple[Left, ...]:
        """The findings whose fix is not made, after the last round."""
        return tuple(Left(d, self._reason(d)) for d in self.diagnostics if d.fix)

    def _reason(self, diagnostic: Diagnostic) -> str:
        if any(map(self._is_shared, diagnostic.fix)):
            return "it stands in a part with an anchor that is used elsewhere, too"
        if self._text.clashes([edit for d in self.diagnostics for edit in d.fix]) & set(diagnostic.fix):
            return "another finding wants the same place otherwise"
        return "it would change what the document does, or bring another finding"


def _urgency(diagnostic: Diagnostic) -> int:
    return 0 if diagnostic.rule in _MISTAKES else 2 if diagnostic.severity is Severity.INFO else 1


def _statements(found: Iterable[Diagnostic]) -> Counter[Statement]:
    """What findings say, without places: an edit elsewhere may change those."""
    return Counter(diagnostic.statement for diagnostic in found)
