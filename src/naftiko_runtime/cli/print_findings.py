"""Diagnostics on standard output or error."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Final, TextIO, assert_never

import click

from naftiko_runtime.render import render_findings
from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal, TypeAlias

    from naftiko_runtime.diagnostic import Diagnostic, Span
    from naftiko_runtime.loading import Loaded
    from naftiko_runtime.render import CheckedFile

    ReportFormat: TypeAlias = Literal["full", "concise", "json", "github", "sarif", "junit"]

FORMATS: Final[tuple[ReportFormat, ...]] = ("full", "concise", "json", "github", "sarif", "junit")
FOR_PEOPLE: Final[frozenset[ReportFormat]] = frozenset({"full", "concise"})


def print_findings(loaded: Loaded, stream: TextIO) -> None:
    """Write the findings of a file, if there are any."""
    if loaded.diagnostics:
        colour = use_colour(stream)
        click.echo(format_findings(loaded, colour=colour), file=stream, color=colour)


def format_findings(loaded: Loaded, *, colour: bool = False) -> str:
    """Return the findings of a file as text, with its lines."""

    def quote_line(span: Span) -> str:
        return loaded.source.quote_line(span) if loaded.source is not None else ""

    return render_findings(loaded.diagnostics, quote_line, colour=colour)


def use_colour(stream: TextIO) -> bool:
    """Return whether to write colours: on a terminal, unless ``NO_COLOR`` or ``FORCE_COLOR`` says otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def render_report(files: Sequence[CheckedFile], form: ReportFormat, *, colour: bool) -> str:
    """Render the findings of all files; only the selected format is imported."""
    match form:
        case "full":
            from naftiko_runtime.render.full import render_full

            return render_full(files, colour=colour)
        case "concise":
            from naftiko_runtime.render.concise import render_concise

            return render_concise(files, colour=colour)
        case "json":
            from naftiko_runtime.render.json import render_json

            return render_json(files)
        case "github":
            from naftiko_runtime.render.github import render_github

            return render_github(files, root=_find_repository())
        case "sarif":
            from naftiko_runtime.render.sarif import render_sarif

            return render_sarif(files, root=_find_repository())
        case "junit":
            from naftiko_runtime.render.junit import render_junit

            return render_junit(files)
        case _:
            assert_never(form)


def _find_repository() -> str:
    """Return the folder that file names are relative to: the checkout if this runs in it, otherwise this folder."""
    here, checkout = os.getcwd(), os.environ.get("GITHUB_WORKSPACE", "")  # noqa: PTH109 - text is what is needed
    inside = os.path.isabs(checkout) and f"{here}{os.sep}".startswith(checkout.rstrip(os.sep) + os.sep)  # noqa: PTH117
    return checkout if inside else here


def count_findings(diagnostics: Iterable[Diagnostic]) -> str:
    """Return ``2 errors, 1 warning``, or ``no findings``."""
    counter = Counter(diagnostic.severity for diagnostic in diagnostics)
    parts = [f"{n} {severity}{'s' * (n != 1)}" for severity in Severity if (n := counter[severity])]
    return ", ".join(parts) or "no findings"
