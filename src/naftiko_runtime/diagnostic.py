"""What is wrong in a document, and where: a finding names a place, a cause and a fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from naftiko_runtime.limits import DIAGNOSTICS_MAX
from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.rules import Rule


class Span(Struct, frozen=True, order=True):
    """A stretch of a file. Lines and columns count from 1; the end column is the first one after the stretch."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def line_from(self, other: Span) -> str:
        """How to name its line to somebody who looks at another place, perhaps of another file."""
        return f"line {self.line}" if self.file == other.file else f"line {self.line} of {self.file}"


class Edit(Struct, frozen=True, order=True):
    """A text that is to stand in the place of a stretch of a file; of an empty stretch, before what follows it."""

    span: Span
    text: str


class Diagnostic(Struct, frozen=True, eq=False):
    """One finding; the same as another one that says the same, whatever its ``part`` and ``fix``.

    Attributes:
        rule: What kind of finding it is.
        message: One line, terse, lower case, without a full stop.
        span: Where; none only when there is no file to point into.
        help: What to write instead.
        severity: The rule's own unless the caller changed it.
        part: The path, from the document's root, of what it is about; none when it is about the file.
    """

    rule: Rule
    message: str
    span: Span | None = None
    help: str | None = None
    severity: Severity = Severity.ERROR
    part: tuple[str | int, ...] | None = None
    fix: tuple[Edit, ...] = ()
    """What would put an end to it, all of it or nothing; empty when that is no mechanical matter."""

    def _told(self) -> tuple[object, ...]:
        return self.rule, self.message, self.span, self.help, self.severity

    def __eq__(self, other: object) -> bool:
        return self._told() == other._told() if isinstance(other, Diagnostic) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._told())


class DocumentError(Exception):
    """A document that cannot run; holds everything found in it, warnings included, sorted by place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        errors = [d for d in self.diagnostics if d.severity is Severity.ERROR]
        first = f"{errors[0].span or ''}: {errors[0].message}" if errors else ""
        super().__init__(f"{len(errors)} error(s); first: {first}")


class Findings:
    """Collects diagnostics of one run over a document."""

    def __init__(self) -> None:
        self._all: list[Diagnostic] = []

    def add(
        self,
        rule: Rule,
        message: str,
        span: Span | None,
        help: str | None = None,  # noqa: A002 - the field's name
        part: tuple[str | int, ...] | None = None,
        fix: tuple[Edit, ...] = (),
    ) -> None:
        """Note a finding with the rule's own severity."""
        self._all.append(Diagnostic(rule, message, span, help, rule.severity, part, fix))

    def has(self, rule: Rule, span: Span) -> bool:
        """Whether a rule was found broken at a place."""
        return any(found.rule is rule and found.span == span for found in self._all)

    @property
    def failed(self) -> bool:
        """Whether anything found is an error."""
        return any(d.severity is Severity.ERROR for d in self._all)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Every error as it was noted: also those that say of several parts the same of one place."""
        return tuple(found for found in self._all if found.severity is Severity.ERROR)

    def sorted(self, most: int | None = DIAGNOSTICS_MAX) -> tuple[Diagnostic, ...]:
        """Everything found, by file and place, each finding once, bounded in number."""
        unique = dict.fromkeys(self._all)
        ordered = sorted(unique, key=lambda d: (d.span is not None, d.span, d.severity != Severity.ERROR))
        return tuple(ordered[:most])
