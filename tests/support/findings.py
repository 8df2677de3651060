"""Findings with texts of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.diagnostic import Diagnostic, Findings
from naftiko_runtime.rules import Advice, Help, Message, Severity, Statement

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Span
    from naftiko_runtime.rules import Rule

_HELP = Help("{text}")
_MESSAGES: dict[Rule, Message] = {}


def make_finding(
    rule: Rule, text: str, span: Span | None, advice: str | None = None, severity: Severity = Severity.ERROR
) -> Diagnostic:
    """A finding of a rule with any text."""
    said = None if advice is None else Advice(_HELP, (("text", advice),))
    return Diagnostic(make_statement(rule, text), span, said, severity)


def make_statement(rule: Rule, text: str) -> Statement:
    """A statement of a rule with any text."""
    return Statement(_MESSAGES.setdefault(rule, Message(rule, "{text}", None)), (("text", text),))


def report(findings: Findings, rule: Rule, text: str, span: Span | None) -> None:
    """Report a finding of a rule with any text."""
    findings.report(make_statement(rule, text), span)
