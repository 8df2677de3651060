"""Diagnostics on a terminal."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, TextIO

import click

from naftiko_runtime.diagnostics import Severity
from naftiko_runtime.render import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.diagnostics import Diagnostic, Span
    from naftiko_runtime.load import Loaded


def show(loaded: Loaded, stream: TextIO) -> None:
    """Write what was found in a file; nothing when it is clean."""
    if loaded.diagnostics:
        click.echo(text(loaded, colour=stream.isatty() and "NO_COLOR" not in os.environ), file=stream)


def text(loaded: Loaded, *, colour: bool = False) -> str:
    """What was found in a file, with its lines."""

    def line_of(span: Span) -> str:
        return loaded.source.quoted(span) if loaded.source is not None else ""

    return as_text(loaded.diagnostics, line_of, colour=colour)


def count(diagnostics: Iterable[Diagnostic]) -> str:
    """``2 errors, 1 warning``, or ``no findings``."""
    counter = Counter(diagnostic.severity for diagnostic in diagnostics)
    parts = [f"{n} {severity}{'s' * (n != 1)}" for severity in Severity if (n := counter[severity])]
    return ", ".join(parts) or "no findings"
