"""What every format is given: the files that were checked, each with what is told of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from naftiko_runtime.diagnostic import Diagnostic, Span

_LINES_SHOWN = 5
"""How many lines a finding names on which the same is found."""
_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


def _no_line(_: Span) -> str:
    return ""


class Checked(NamedTuple):
    """A file that was checked.

    Attributes:
        file: Its name, as it was given.
        diagnostics: What is told of it, by place; some may stand in files that it imports.
        line_of: Gives the text of the line at a span; empty when there is none.
        fails_on: The least severity with which a finding is a failure.
    """

    file: str
    diagnostics: tuple[Diagnostic, ...]
    line_of: Callable[[Span], str] = _no_line
    fails_on: Severity = Severity.ERROR

    def is_failure(self, diagnostic: Diagnostic) -> bool:
        """Whether a finding makes the check of this file fail."""
        return _RANKS[diagnostic.severity] <= _RANKS[self.fails_on]

    @property
    def failed(self) -> bool:
        """Whether there is a failure among its findings."""
        return any(map(self.is_failure, self.diagnostics))


def distinct(files: Iterable[Checked]) -> Iterator[Checked]:
    """The same files, each finding told once: what stands in an imported file is found for each that imports it."""
    told: set[Diagnostic] = set()
    for checked in files:
        fresh = tuple(d for d in checked.diagnostics if d.span is None or d not in told)
        told.update(fresh)
        yield Checked(checked.file, fresh, checked.line_of, checked.fails_on)


def each(files: Iterable[Checked]) -> Iterator[tuple[str, Diagnostic]]:
    """Every finding once, with the file that it stands in."""
    for checked in distinct(files):
        for diagnostic in checked.diagnostics:
            yield (diagnostic.span.file if diagnostic.span else checked.file), diagnostic


class Repeated(NamedTuple):
    """A finding, and the other places of its file where the same is found."""

    first: Diagnostic
    others: tuple[Span, ...]

    @property
    def note(self) -> str:
        """The other places in words; empty when there are none."""
        if not self.others:
            return ""
        lines = list(dict.fromkeys(str(span.line) for span in self.others))
        shown, more = lines[:_LINES_SHOWN], len(lines) - _LINES_SHOWN
        also = f"also on line{'s' * (len(lines) > 1)} {', '.join(shown)}{f' and {more} more' if more > 0 else ''}"
        return f"{len(self.others) + 1} places: {also}"


def group_repeated(diagnostics: Iterable[Diagnostic]) -> list[Repeated]:
    """Findings for people: what is the same at several places of one file is said once."""
    groups: dict[tuple[object, ...], list[Diagnostic]] = {}
    for d in diagnostics:
        same = (d.statement, d.advice, d.severity, d.related, d.span.file if d.span else None)
        groups.setdefault(same, []).append(d)
    return [Repeated(same[0], tuple(d.span for d in same[1:] if d.span)) for same in groups.values()]


def below(root: str, file: str) -> str:
    """A file's path relative to a folder, with slashes; the absolute one when it is not below that folder."""
    absolute = os.path.abspath(file)  # noqa: PTH100 - resolve() would follow links away from the name that was given
    relative = os.path.relpath(absolute, root) if absolute[:1] == root[:1] else absolute
    return (absolute if relative.startswith(os.pardir + os.sep) else relative).replace(os.sep, "/")
