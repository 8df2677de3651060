"""Findings as data: where a document is wrong, what is wrong, and a fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime.limits import DIAGNOSTICS_MAX
from naftiko_runtime.redact_document import redact
from naftiko_runtime.rules import NounPhrase, Severity, Statement, render_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from naftiko_runtime.rules import Advice, Arguments, MessageArgument, Rule


RELATED_PLACE: Final = "the same finding is about this place"
"""The text at the related place of a finding."""


class Span(Struct, frozen=True, order=True):
    """A range of a file. Lines and columns count from 1. The end column is the first one after the range."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def describe_line(self, other: Span) -> str:
        """Return its line as text, with the file if the other span is in another file."""
        return f"line {self.line}" if self.file == other.file else f"line {self.line} of {self.file}"


class Edit(Struct, frozen=True, order=True):
    """Replaces a span of a file by a text. An edit of an empty span inserts the text there."""

    span: Span
    text: str


class Diagnostic(Struct, frozen=True, eq=False):
    """One finding, as data. Two findings are equal if they differ only in ``part`` and ``fix``.

    Attributes:
        statement: What is wrong: the rule's message, and its arguments.
        span: The place. None if there is no file.
        advice: What to do about it.
        severity: The severity of the rule, unless the caller changed it.
        part: The path of the part that it concerns. None if it concerns the file.
        fix: The edits that resolve it together. Empty if there is no automatic fix.
        related: Another place that it concerns.
    """

    statement: Statement
    span: Span | None = None
    advice: Advice | None = None
    severity: Severity = Severity.ERROR
    part: tuple[str | int, ...] | None = None
    fix: tuple[Edit, ...] = ()
    related: Span | None = None

    @property
    def rule(self) -> Rule:
        """The rule that it is a finding of."""
        return self.statement.rule

    @property
    def arguments(self) -> dict[str, MessageArgument]:
        """The arguments of its message and of its advice, by name."""
        advised = self.advice.arguments if self.advice is not None else ()
        return dict((*advised, *self.statement.arguments))

    @property
    def message(self) -> str:
        """What is wrong, as one line of text for people. No code decides by it."""
        return render_text(self.statement, self._related)

    @property
    def help(self) -> str | None:
        """What to do about it, as text for people."""
        return None if self.advice is None else render_text(self.advice, self._related)

    @property
    def located_message(self) -> str:
        """The place and the message on one line, for people."""
        return f"{self.span}: {self.message}"

    @property
    def _related(self) -> dict[str, str]:
        """The values that a message template needs to name the related place."""
        if self.related is None:
            return {}
        line = self.related.describe_line(self.span) if self.span is not None else str(self.related)
        return {"line": line, "place": str(self.related)}

    def _make_identity(self) -> tuple[object, ...]:
        return self.statement, self.span, self.advice, self.severity, self.related

    def __eq__(self, other: object) -> bool:
        return self._make_identity() == other._make_identity() if isinstance(other, Diagnostic) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._make_identity())


Reason: TypeAlias = "Diagnostic | NounPhrase"
"""Why something is not served: an error, or what is no error of a document."""


def describe_reason(reason: Reason) -> str:
    """Return the reason why something is not served as one line of text, for people."""
    return reason.located_message if isinstance(reason, Diagnostic) else render_text(reason)


def diagnose(
    statement: Statement,
    span: Span | None,
    advice: Advice | None = None,
    *,
    part: tuple[str | int, ...] | None = None,
    fix: tuple[Edit, ...] = (),
    related: Span | None = None,
) -> Diagnostic:
    """Return a finding with the severity of its rule. Without other advice, it has the advice of its message."""
    severity = statement.rule.severity
    return Diagnostic(statement, span, advice or statement.advice, severity, part, fix, related)


def redact_finding(finding: Diagnostic, secrets: Collection[str]) -> Diagnostic:
    """Return a finding with every credential of the document masked.

    Args:
        finding: The finding.
        secrets: Credentials of the document.
    """
    statement, advice = finding.statement, finding.advice
    masked = replace(
        finding,
        statement=replace(statement, arguments=_redact_arguments(statement.arguments, secrets)),
        advice=advice and replace(advice, arguments=_redact_arguments(advice.arguments, secrets)),
    )
    return finding if masked == finding else masked


def _redact_arguments(arguments: Arguments, secrets: Collection[str]) -> Arguments:
    return tuple((name, _redact_argument(value, secrets)) for name, value in arguments)


def _redact_argument(value: MessageArgument, secrets: Collection[str]) -> MessageArgument:
    match value:
        case Statement() | NounPhrase():
            return replace(value, arguments=_redact_arguments(value.arguments, secrets))
        case tuple():
            return tuple(redact(name, secrets) for name in value)
        case str():
            return redact(value, secrets)
        case int():
            text = redact(str(value), secrets)
            return value if text == str(value) else text
        case _:
            assert_never(value)


class DocumentError(Exception):
    """A document that cannot run, with all its findings, warnings included, sorted by place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        errors = [d for d in self.diagnostics if d.severity is Severity.ERROR]
        first = f"{errors[0].span or ''}: {errors[0].message}" if errors else ""
        super().__init__(f"{len(errors)} error(s); first: {first}")


class Findings:
    """Collects the findings of one run over a document."""

    def __init__(self) -> None:
        self._all: list[Diagnostic] = []

    def report(
        self,
        statement: Statement,
        span: Span | None,
        advice: Advice | None = None,
        *,
        part: tuple[str | int, ...] | None = None,
        fix: tuple[Edit, ...] = (),
        related: Span | None = None,
    ) -> None:
        """Add a finding. The arguments are those of :func:`diagnose`."""
        self._all.append(diagnose(statement, span, advice, part=part, fix=fix, related=related))

    def has(self, rule: Rule, span: Span) -> bool:
        """Return whether there is a finding of a rule at a span."""
        return any(found.rule is rule and found.span == span for found in self._all)

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return any(d.severity is Severity.ERROR for d in self._all)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """All errors in the order of their reports, duplicates included."""
        return tuple(found for found in self._all if found.severity is Severity.ERROR)

    def list_sorted(self, most: int | None = DIAGNOSTICS_MAX) -> tuple[Diagnostic, ...]:
        """Return the findings sorted by file and place, without duplicates. At most ``most`` of them."""
        unique = dict.fromkeys(self._all)
        ordered = sorted(unique, key=lambda d: (d.span is not None, d.span, d.severity != Severity.ERROR))
        return tuple(ordered[:most])
