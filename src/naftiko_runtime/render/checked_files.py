"""The input of every format: the checked files with their findings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from naftiko_runtime.diagnostic import Diagnostic, Span

_LINES_SHOWN = 5
"""How many lines with the same finding are listed."""
_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


def _quote_nothing(_: Span) -> str:
    return ""


class CheckedFile(NamedTuple):
    """A file that was checked.

    Attributes:
        file: Its name on the command line.
        diagnostics: Its findings by place; some may be in files that it imports.
        line_of: Returns the line at a span. Empty if there is none.
        fails_on: The lowest severity that is a failure.
    """

    file: str
    diagnostics: tuple[Diagnostic, ...]
    line_of: Callable[[Span], str] = _quote_nothing
    fails_on: Severity = Severity.ERROR

    def is_failure(self, diagnostic: Diagnostic) -> bool:
        """Return whether a finding makes the check of this file fail."""
        return _RANKS[diagnostic.severity] <= _RANKS[self.fails_on]

    @property
    def failed(self) -> bool:
        """Whether there is a failure among its findings."""
        return any(map(self.is_failure, self.diagnostics))


def merge_repeated_files(files: Iterable[CheckedFile]) -> Iterator[CheckedFile]:
    """Yield the files, with each finding once. A finding in an imported file occurs for each importing file."""
    shown: set[Diagnostic] = set()
    for checked in files:
        fresh = tuple(d for d in checked.diagnostics if d.span is None or d not in shown)
        shown.update(fresh)
        yield CheckedFile(checked.file, fresh, checked.line_of, checked.fails_on)


def iter_findings(files: Iterable[CheckedFile]) -> Iterator[tuple[str, Diagnostic]]:
    """Yield every finding once, with its file."""
    for checked in merge_repeated_files(files):
        for diagnostic in checked.diagnostics:
            yield (diagnostic.span.file if diagnostic.span else checked.file), diagnostic


class Repeated(NamedTuple):
    """A finding, and the other places of its file with the same finding."""

    first: Diagnostic
    others: tuple[Span, ...]

    @property
    def note(self) -> str:
        """The other places as text. Empty if there are none."""
        if not self.others:
            return ""
        lines = list(dict.fromkeys(str(span.line) for span in self.others))
        shown, more = lines[:_LINES_SHOWN], len(lines) - _LINES_SHOWN
        also = f"also on line{'s' * (len(lines) > 1)} {', '.join(shown)}{f' and {more} more' if more > 0 else ''}"
        return f"{len(self.others) + 1} places: {also}"


def group_repeated(diagnostics: Iterable[Diagnostic]) -> list[Repeated]:
    """Group the findings of a file with the same text, for people."""
    groups: dict[tuple[object, ...], list[Diagnostic]] = {}
    for d in diagnostics:
        same = (d.statement, d.advice, d.severity, d.related, d.span.file if d.span else None)
        groups.setdefault(same, []).append(d)
    return [Repeated(same[0], tuple(d.span for d in same[1:] if d.span)) for same in groups.values()]


def make_relative(root: str, file: str) -> str:
    """Return a path relative to a folder, with slashes; the absolute path if it is not below that folder."""
    absolute = os.path.abspath(file)  # noqa: PTH100 - resolve() would follow links away from the name that was given
    relative = os.path.relpath(absolute, root) if absolute[:1] == root[:1] else absolute
    return (absolute if relative.startswith(os.pardir + os.sep) else relative).replace(os.sep, "/")
