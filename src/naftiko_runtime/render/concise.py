"""One line a finding, for editors and ``grep``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.render.checked_files import distinct, group_repeated
from naftiko_runtime.render.full import kind, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.render.checked_files import Checked


def concise(files: Iterable[Checked], *, colour: bool = False) -> str:
    """``file:line:col: error[slug] message (help: …)``, one line each; what repeats in a file is written once."""
    lines = []
    for checked in distinct(files):
        for repeated in group_repeated(checked.diagnostics):
            note = f" ({repeated.note})" if repeated.note else ""
            lines.append(f"{line(repeated.first, checked.file, colour=colour)}{note}\n")
    return "".join(lines)


def line(diagnostic: Diagnostic, file: str, *, colour: bool = False) -> str:
    """One finding on one line; without a place it is told of its file."""
    place = printable(str(diagnostic.span or file))
    advice = f" (help: {printable(diagnostic.help)})" if diagnostic.help else ""
    return f"{place}: {kind(diagnostic, colour)} {printable(diagnostic.message)}{advice}"
