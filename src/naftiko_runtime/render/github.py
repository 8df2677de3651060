"""Workflow commands of GitHub Actions, which become annotations in a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.render.checked_files import iter_findings, make_relative
from naftiko_runtime.render.full import escape_controls
from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.diagnostic import Diagnostic, Span
    from naftiko_runtime.render.checked_files import CheckedFile

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_github(files: Iterable[CheckedFile], *, root: str) -> str:
    """Render one command for each finding.

    Args:
        files: The checked files.
        root: The repository's folder, which the names of files are relative to.
    """
    return "".join(
        _render_command(make_relative(root, file), diagnostic) + "\n" for file, diagnostic in iter_findings(files)
    )


def _render_command(file: str, diagnostic: Diagnostic) -> str:
    rule = diagnostic.rule
    properties = {"file": file, **_list_place(diagnostic.span), "title": f"{rule.code} {rule.slug}"}
    lines = [escape_controls(text) for text in (diagnostic.message, diagnostic.help) if text]
    written = ",".join(f"{key}={_escape_property(str(value))}" for key, value in properties.items())
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_escape_data(chr(10).join(lines))}"


def _list_place(span: Span | None) -> dict[str, int]:
    if span is None:
        return {}
    lines = {"line": span.line, "endLine": span.end_line}
    if span.line != span.end_line:  # columns are refused for more than one line
        return lines
    return {**lines, "col": span.column, "endColumn": max(span.column, span.end_column - 1)}


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
