"""Fixes a document in rounds: find, edit, check again, keep only what improves it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.diagnostic import Findings
from naftiko_runtime.document.imports import Importer
from naftiko_runtime.document.normalize import normalize
from naftiko_runtime.document.parse import parse
from naftiko_runtime.exposes.kinds import get_expose_kind
from naftiko_runtime.fix.text_edits import EditableText
from naftiko_runtime.limits import FIX_ROUNDS_MAX
from naftiko_runtime.link import link
from naftiko_runtime.lint import run_checks
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
"""Rules that only ``--fix`` looks for: their changes are optional and change no behaviour."""


@dataclass(frozen=True, slots=True)
class Unfixed:
    """A finding that has a fix which was not made, and why."""

    diagnostic: Diagnostic
    reason: str


@dataclass(frozen=True, slots=True)
class FixedDocument:
    """A file after its fixes.

    Attributes:
        before: The file's text.
        resolved: The text with the fixes that resolve findings, and without the optional ones.
        raw: The new content of the file; the old content if nothing was fixed.
        count: How many findings are resolved.
        optional: How many changes were made that `validate` alone does not ask for, by the name of the rule.
        unfixed: Findings whose fix was not made.
        loaded: The file after the fixes, with the findings that remain.
    """

    before: str
    resolved: str
    raw: bytes
    count: int
    optional: Counter[str]
    unfixed: tuple[Unfixed, ...]
    loaded: Loaded


def fix_document(raw: bytes, path: Path, overrides: Overrides) -> FixedDocument:
    """Return a document with its fixes. Writes nothing, and raises nothing for errors in the document.

    Args:
        raw: The content of the file.
        path: The file, to which imports are relative.
        overrides: As for loading it.
    """
    try:
        state = _CheckedText(parse_source(raw, str(path)), path, overrides)
    except SourceError as error:
        return FixedDocument("", "", raw, 0, Counter(), (), Loaded(None, error.diagnostics, error.source))
    before = resolved = state.source.text
    count, optional = 0, Counter[str]()
    for _ in range(FIX_ROUNDS_MAX):
        made = state.fix_most_urgent()
        if made is None:
            break
        state, solved = made
        if all(finding.rule in ONLY_WHEN_FIXING for finding in solved):
            optional.update(finding.rule.slug for finding in solved)
        else:
            count += len(solved)
            resolved = resolved if optional else state.source.text
    text = state.source.text
    written = raw if text == before else (_BOM if raw.startswith(_BOM) else b"") + text.encode()
    loaded = load_source(state.source, overrides, path)
    found = redact_findings(state.diagnostics, state.source)
    more = [d for d in found if d.severity is Severity.INFO and d not in loaded.diagnostics]
    shown = sorted((*loaded.diagnostics, *more), key=lambda d: (d.span is not None, d.span))
    return FixedDocument(
        before, resolved, written, count, optional, state.list_unfixed(), replace(loaded, diagnostics=tuple(shown))
    )


class _CheckedText:
    """One text of the document, with its findings."""

    def __init__(self, source: Source, path: Path, overrides: Overrides) -> None:
        self.source = source
        self._path = path
        self._overrides = overrides
        self._text = EditableText(source.text)
        findings = Findings()
        self._plan: Plan | None = None
        """The normalized plan; None if the text is no document."""
        if (normalized := normalize(source, findings)) is not None:
            importer = Importer(path, findings, overrides.allowed_imports, overrides.reading)
            normalized = importer.splice(normalized)
            if (parsed := parse(normalized, findings)) is not None:
                parsed = replace(parsed, fragment="capability" not in source.data)
                linked = link(parsed, normalized, findings, overrides, get_expose_kind)
                run_checks(linked, get_expose_kind, advise=overrides.lint, rewrite=True)
                self._plan = normalize_plan(linked.plan)
        self.diagnostics = findings.list_sorted(most=None)

    @cached_property
    def _shared_stretches(self) -> list[tuple[int, int]]:
        return self._text.find_shared()

    def _apply_fixes(self, found: Sequence[Diagnostic]) -> _CheckedText | None:
        """Return the document after the fixes of some findings, or None if it is no document then."""
        text = self._text.apply([edit for diagnostic in found for edit in diagnostic.fix])
        try:
            source = parse_source(text.encode(), self.source.file)
        except SourceError:
            return None
        return _CheckedText(source, self._path, self._overrides)

    # -- which fixes can be made ----------------------------------------------------------------------------------

    def _is_shared(self, edit: Edit) -> bool:
        start, end = self._text.locate(edit)
        return any((first < end and start < last) or first < start < last for first, last in self._shared_stretches)

    def _group_possible(self) -> Iterator[list[Diagnostic]]:
        """Yield groups of findings whose fixes do not overlap: mistakes first, optional changes last."""
        own = [d for d in self.diagnostics if d.fix and not any(map(self._is_shared, d.fix))]
        for _, group in groupby(sorted(own, key=_rank), key=_rank):
            together = list(group)
            overlapping = self._text.find_overlaps([edit for d in together for edit in d.fix])
            yield [d for d in together if not overlapping & set(d.fix)]

    def fix_most_urgent(self) -> tuple[_CheckedText, tuple[Diagnostic, ...]] | None:
        """Fix the most urgent group; return the document and the fixed findings, or None if nothing can be fixed."""
        for possible in self._group_possible():
            chosen, state = self._choose((), self, possible)
            if chosen:
                return state, chosen
        return None

    def _choose(
        self, chosen: tuple[Diagnostic, ...], state: _CheckedText, more: Sequence[Diagnostic]
    ) -> tuple[tuple[Diagnostic, ...], _CheckedText]:
        """Add more fixes to the chosen ones: all of them, or the good ones of each half."""
        if not more:
            return chosen, state
        after = self._apply_fixes((*chosen, *more))
        if after is not None and self._is_better(after, (*chosen, *more)):
            return (*chosen, *more), after
        if len(more) == 1:
            return chosen, state
        middle = len(more) // 2
        chosen, state = self._choose(chosen, state, more[:middle])
        return self._choose(chosen, state, more[middle:])

    def _is_better(self, after: _CheckedText, made: Sequence[Diagnostic]) -> bool:
        """Return whether fixes resolve their findings and change nothing else."""
        if made[0].rule in _MISTAKES:
            left = (_count_statements(after.diagnostics) - self._count_rest(made)) & _count_statements(made)
            return not left and not any(self._is_created(error, made) for error in after._list_errors())
        gone = Counter(self._list_kinds())
        gone.subtract(after._list_kinds())
        return after._plan == self._plan and min(gone.values(), default=0) >= 0 < gone.total()

    def _count_rest(self, made: Sequence[Diagnostic]) -> Counter[Statement]:
        """Count the statements of the findings that were not fixed."""
        return _count_statements(self.diagnostics) - _count_statements(made)

    def _list_errors(self) -> Iterator[Diagnostic]:
        return (d for d in self.diagnostics if d.severity is Severity.ERROR)

    def _is_created(self, error: Diagnostic, made: Sequence[Diagnostic]) -> bool:
        """Return whether a fix caused an error: it is new, and not inside a part that could not be read before."""
        if error.statement in (known.statement for known in self._list_errors()):
            return False
        part = error.part or ()
        read = (d.part for d in made if d.part)
        return not any(len(part) > len(place) and part[: len(place) - 1] == place[:-1] for place in read)

    def _list_kinds(self) -> list[object]:
        """Return the findings without what an edit elsewhere can change: their places."""
        return [(d.rule.slug, d.part or d.statement) for d in self.diagnostics]

    def list_unfixed(self) -> tuple[Unfixed, ...]:
        """Return the findings whose fix was not made, after the last round."""
        return tuple(Unfixed(d, self._explain(d)) for d in self.diagnostics if d.fix)

    def _explain(self, diagnostic: Diagnostic) -> str:
        if any(map(self._is_shared, diagnostic.fix)):
            return "an alias uses this part elsewhere, so the edit would change two places"
        if self._text.find_overlaps([edit for d in self.diagnostics for edit in d.fix]) & set(diagnostic.fix):
            return "the fix of another finding changes the same place"
        return "it would change the behaviour of the document, or cause another finding"


def _rank(diagnostic: Diagnostic) -> int:
    return 0 if diagnostic.rule in _MISTAKES else 2 if diagnostic.severity is Severity.INFO else 1


def _count_statements(found: Iterable[Diagnostic]) -> Counter[Statement]:
    """Count the statements of findings, without their places: edits elsewhere can change those."""
    return Counter(diagnostic.statement for diagnostic in found)
