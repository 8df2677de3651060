"""One line for each finding, for editors and ``grep``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.render.checked_files import group_repeated, merge_repeated_files
from naftiko_runtime.render.full import escape_controls, render_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.render.checked_files import CheckedFile


def render_concise(files: Iterable[CheckedFile], *, colour: bool = False) -> str:
    """Render ``file:line:col: error[slug] message (help: …)`` lines; repeated messages of a file are written once."""
    lines = []
    for checked in merge_repeated_files(files):
        for repeated in group_repeated(checked.diagnostics):
            note = f" ({repeated.note})" if repeated.note else ""
            lines.append(f"{render_line(repeated.first, checked.file, colour=colour)}{note}\n")
    return "".join(lines)


def render_line(diagnostic: Diagnostic, file: str, *, colour: bool = False) -> str:
    """Render a finding on one line; one without a place gets the name of its file."""
    place = escape_controls(str(diagnostic.span or file))
    advice = f" (help: {escape_controls(diagnostic.help)})" if diagnostic.help else ""
    return f"{place}: {render_kind(diagnostic, colour)} {escape_controls(diagnostic.message)}{advice}"
