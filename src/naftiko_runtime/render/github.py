"""GitHub's workflow commands: a line that an Actions log turns into a note at its place in a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.render.checked_files import below, each
from naftiko_runtime.render.full import printable
from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.diagnostic import Diagnostic, Span
    from naftiko_runtime.render.checked_files import Checked

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def github(files: Iterable[Checked], *, root: str) -> str:
    """One command a finding.

    Args:
        files: What was checked.
        root: The repository's folder, which the names of files are relative to.
    """
    return "".join(_command(below(root, file), diagnostic) + "\n" for file, diagnostic in each(files))


def _command(file: str, diagnostic: Diagnostic) -> str:
    rule = diagnostic.rule
    properties = {"file": file, **_place(diagnostic.span), "title": f"{rule.code} {rule.slug}"}
    lines = [printable(text) for text in (diagnostic.message, diagnostic.help) if text]
    written = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_data(chr(10).join(lines))}"


def _place(span: Span | None) -> dict[str, int]:
    if span is None:
        return {}
    lines = {"line": span.line, "endLine": span.end_line}
    if span.line != span.end_line:  # columns are refused for more than one line
        return lines
    return {**lines, "col": span.column, "endColumn": max(span.column, span.end_column - 1)}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
