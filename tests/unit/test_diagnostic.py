"""Findings: equality, order, severity, and redaction."""

from __future__ import annotations

from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.diagnostic import Edit, Findings, Span, diagnose, redact_finding

FIRST, SECOND = Span("a.yml", 1, 1, 1, 4), Span("a.yml", 2, 1, 2, 4)
UNKNOWN = rules.UNKNOWN_KEY(key="port")
MISSING = rules.MISSING_KEY(key="name")


def test_findings_are_equal_whatever_their_part_and_fix() -> None:
    finding = diagnose(UNKNOWN, FIRST)
    assert finding == replace(finding, part=("x",), fix=(Edit(FIRST, "y"),))
    assert hash(finding) == hash(replace(finding, part=("x",)))
    assert finding != diagnose(UNKNOWN, SECOND)
    assert finding != diagnose(MISSING, FIRST)


def test_findings_are_sorted_by_place_without_duplicates() -> None:
    findings = Findings()
    for statement, span in ((MISSING, SECOND), (UNKNOWN, FIRST), (MISSING, SECOND), (MISSING, None)):
        findings.report(statement, span)
    assert [found.span for found in findings.list_sorted()] == [None, FIRST, SECOND]
    assert len(findings.list_sorted(2)) == 2
    assert len(findings.errors) == 3


def test_only_errors_fail() -> None:
    findings = Findings()
    findings.report(UNKNOWN, FIRST)
    assert not findings.has_errors
    assert findings.has(rules.UNKNOWN_KEY, FIRST)
    assert not findings.has(rules.UNKNOWN_KEY, SECOND)
    findings.report(MISSING, FIRST)
    assert findings.has_errors


def test_a_related_place_is_described_from_the_place_of_the_finding() -> None:
    assert SECOND.describe_line(FIRST) == "line 2"
    assert Span("b.yml", 7, 1, 7, 2).describe_line(FIRST) == "line 7 of b.yml"


def test_a_secret_is_redacted_in_every_argument() -> None:
    finding = diagnose(rules.UNKNOWN_KEY(key="hunter22"), FIRST, rules.helps.KNOWN(known=("hunter22", "port")))
    redacted = redact_finding(finding, ["hunter22"])
    assert "hunter22" not in redacted.message
    assert "hunter22" not in str(redacted.help)
    assert "port" in str(redacted.help)
    assert redact_finding(finding, ["other"]) is finding
