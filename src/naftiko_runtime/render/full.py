"""Findings as text for people, with their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.render.checked_files import group_repeated, merge_repeated_files
from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from naftiko_runtime.diagnostic import Diagnostic, Span
    from naftiko_runtime.render.checked_files import CheckedFile, Repeated

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_LINE_MAX = 160


def render_full(files: Iterable[CheckedFile], *, colour: bool = False) -> str:
    """Render the findings of every file as :func:`render_findings` does, with an empty line after each."""
    found = (
        render_findings(c.diagnostics, c.line_of, colour=colour) + "\n"
        for c in merge_repeated_files(files)
        if c.diagnostics
    )
    return "".join(found)


def render_findings(diagnostics: Iterable[Diagnostic], line_of: Callable[[Span], str], *, colour: bool = False) -> str:
    """Render every finding with its underlined line and its help. Repeated messages of a file are written once.

    Args:
        diagnostics: The findings.
        line_of: Returns the line at a span. Empty if there is none.
        colour: Whether to write ANSI colours.
    """
    return "\n".join(_render_finding(repeated, line_of, colour) for repeated in group_repeated(diagnostics))


def _render_finding(repeated: Repeated, line_of: Callable[[Span], str], colour: bool) -> str:
    diagnostic = repeated.first
    place = f"{escape_controls(str(diagnostic.span))}: " if diagnostic.span else ""
    lines = [f"{place}{render_kind(diagnostic, colour)}: {escape_controls(diagnostic.message)}"]
    if diagnostic.span and (line := line_of(diagnostic.span)):
        lines += _render_excerpt(diagnostic.span, line, colour)
    if diagnostic.help:
        lines.append(f"  {_paint('help', '36', colour)}: {escape_controls(diagnostic.help)}")
    if repeated.note:
        lines.append(f"  {repeated.note}")
    return "\n".join(lines) + "\n"


def render_kind(diagnostic: Diagnostic, colour: bool) -> str:
    """Render ``error[unresolved-call]`` in the colour of the severity."""
    return _paint(f"{diagnostic.severity}[{diagnostic.rule.slug}]", _COLOURS[diagnostic.severity], colour)


def _render_excerpt(span: Span, line: str, colour: bool) -> list[str]:
    end = span.end_column if span.end_line == span.line else len(line) + 1
    width = max(1, min(end, len(line) + 1) - span.column)
    shown, start = escape_controls(line), span.column - 1
    if len(shown) > _LINE_MAX:  # keep what is underlined in view
        cut = max(0, start - 20)
        shown, start = shown[cut : cut + _LINE_MAX], start - cut
        width = min(width, _LINE_MAX - start)
    gutter = f"{span.line:>5} | "
    underline = " " * (len(gutter) - 2) + "| " + " " * start + _paint("^" * width, "31", colour)
    return [gutter + shown.rstrip(), underline]


def escape_controls(text: str) -> str:
    """Replace control characters, which could move the cursor or change the colours of a terminal."""
    return "".join(c if c.isprintable() else " " if c in "\t\n" else "�" for c in text)


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
