"""Diagnostics as text."""

from __future__ import annotations

import pytest

from naftiko_runtime.diagnostic import Findings, Span
from naftiko_runtime.limits import DIAGNOSTICS_MAX
from naftiko_runtime.render import escape_controls, render_findings
from naftiko_runtime.rules import UNKNOWN_KEY, Severity
from naftiko_runtime.suggest import is_close, suggest_text
from support.findings import make_finding, report


def rendered(line: str, span: Span | None, *, advice: str | None = None, colour: bool = False) -> str:
    found = make_finding(UNKNOWN_KEY, "unknown key 'x'", span, advice, Severity.WARNING)
    return render_findings([found], lambda _: line, colour=colour)


def on(column: int, end_column: int, end_line: int = 3) -> Span:
    return Span("a.yml", 3, column, end_line, end_column)


def test_the_place_is_underlined() -> None:
    assert rendered("  x: y", on(3, 4), advice="remove it") == (
        "a.yml:3:3: warning[unknown-key]: unknown key 'x'\n    3 |   x: y\n      |   ^\n  help: remove it\n"
    )


@pytest.mark.parametrize(
    ("line", "span", "underline"),
    [
        ("abc", on(1, 4), "^^^"),
        ("abc", on(2, 99), " ^^"),
        ("abc", on(2, 1, end_line=9), " ^^"),
        ("abc", on(4, 4), "   ^"),
        ("abc", on(2, 2), " ^"),
    ],
)
def test_an_underline_stays_below_its_line(line: str, span: Span, underline: str) -> None:
    assert rendered(line, span).split("\n")[2] == f"      | {underline}"


def test_a_finding_without_a_place_or_line() -> None:
    assert rendered("", None) == "warning[unknown-key]: unknown key 'x'\n"
    assert rendered("", on(1, 2)) == "a.yml:3:1: warning[unknown-key]: unknown key 'x'\n"


def test_a_long_line_is_cut_round_what_is_underlined() -> None:
    _, excerpt, underline, *_ = rendered("a" * 500 + "TARGET" + "b" * 500, on(501, 507)).split("\n")
    assert len(excerpt) < 200
    assert excerpt[underline.index("^") : underline.rindex("^") + 1] == "TARGET"


@pytest.mark.parametrize("bad", ["\x1b[2J", "\r", "\x00", "\u202e", "\u2028", "\x9b", "\x7f"])
def test_nothing_moves_the_cursor(bad: str) -> None:
    shown = rendered(f"x: {bad}y", on(1, 2), advice=bad)
    assert bad not in shown
    assert escape_controls(f"a{bad}b").startswith("a")


def test_colours_only_when_asked_for() -> None:
    assert "\x1b" not in rendered("x", on(1, 2))
    assert "\x1b[33mwarning[unknown-key]\x1b[0m" in rendered("x", on(1, 2), colour=True)


def test_findings_are_sorted_by_place_and_reported_once() -> None:
    findings = Findings()
    for line in (7, 3, 3, 5):
        report(findings, UNKNOWN_KEY, "same", Span("a.yml", line, 1, line, 2))
    report(findings, UNKNOWN_KEY, "nowhere", None)
    assert [d.span.line if d.span else 0 for d in findings.list_sorted()] == [0, 3, 5, 7]
    assert not findings.has_errors


def test_findings_are_bounded_in_number() -> None:
    findings = Findings()
    for line in range(1, DIAGNOSTICS_MAX + 100):
        report(findings, UNKNOWN_KEY, "x", Span("a.yml", line, 1, line, 2))
    assert len(findings.list_sorted()) == DIAGNOSTICS_MAX


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("get-shp", ["get-ship", "list"], "did you mean 'get-ship'?"),
        ("GET-SHIP", ["get-ship"], "did you mean 'get-ship'?"),
        ("zzz", ["b", "a"], "known: 'a', 'b'"),
        ("zzz", [], None),
        ("zzz", [f"n{n}" for n in range(9)], "known: 'n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7' and 1 more"),
    ],
)
def test_did_you_mean(word: str, known: list[str], expected: str | None) -> None:
    assert suggest_text(word, known) == expected


def test_closeness() -> None:
    assert is_close("TOKN", "TOKEN")
    assert not is_close("USER", "API_KEY")
