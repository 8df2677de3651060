"""Code actions for findings: the fixes of ``validate --fix``, and comments that silence findings."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from naftiko_runtime.diagnostic import Edit, Span
from naftiko_runtime.fix import fix_document
from naftiko_runtime.fix.text_edits import EditableText
from naftiko_runtime.lsp.checking import encode_text
from naftiko_runtime.source import LINE_BREAK, SourceError, parse_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.link.operator_overrides import Overrides
    from naftiko_runtime.lsp.checking import CheckPolicy

_NAMES: Final = re.compile(r"#\s*naftiko: ignore\s*\[(?P<names>[^\]]*)(?=\])")


def make_ignore_edit(text: str, diagnostic: Diagnostic, policy: CheckPolicy) -> Edit | None:
    """Return the edit that adds a comment which silences a finding, or None if there is no place for one.

    The comment is at the end of the line or above it. Each is tried, because neither may change the document.

    Args:
        text: The text of the document that has the finding.
        diagnostic: The finding.
        policy: Knows whether it is silenced then.
    """
    span = diagnostic.span
    if span is None:
        return None
    lines = LINE_BREAK.split(text)
    data = _read_data(text)
    for edit, moved in _iter_comments(
        lines[span.line - 1], span, diagnostic.rule.slug, "\r\n" if "\r\n" in text else "\n"
    ):
        after = EditableText(text).apply([edit])
        place = replace(span, line=span.line + moved, end_line=span.end_line + moved)
        if policy.is_silenced(after, replace(diagnostic, span=place)) and (data is None or _read_data(after) == data):
            return edit
    return None


def _iter_comments(line: str, span: Span, slug: str, line_break: str) -> Iterator[tuple[Edit, int]]:
    """Yield the edits to try, each with the number of lines by which the finding moves down."""
    if (known := _NAMES.search(line)) is not None:
        column = known.end("names") + 1
        separator = ", " if known["names"].strip() else ""
        yield Edit(Span(span.file, span.line, column, span.line, column), f"{separator}{slug}"), 0
    comment = f"# naftiko: ignore[{slug}]"
    end = len(line.rstrip()) + 1
    yield Edit(Span(span.file, span.line, end, span.line, end), f"  {comment}"), 0
    margin = line[: len(line) - len(line.lstrip(" "))]
    yield Edit(Span(span.file, span.line, 1, span.line, 1), f"{margin}{comment}{line_break}"), 1


def _read_data(text: str) -> object:
    try:
        return parse_source(encode_text(text), "").data
    except SourceError:
        return None


def make_fix_edits(text: str, file: Path, overrides: Overrides) -> list[Edit]:
    """Return the edits, by whole lines, of ``validate --fix``.

    Args:
        text: The text of the document.
        file: The path of the document.
        overrides: The overrides for loading it.
    """
    after = fix_document(encode_text(text), file, overrides).raw.decode()
    old, new = _split_lines(text), _split_lines(after)
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [
        Edit(Span(str(file), first + 1, 1, last + 1, 1), "".join(new[start:end]))
        for tag, first, last, start, end in codes
        if tag != "equal"
    ]


def _split_lines(text: str) -> list[str]:
    """Split a text into lines with their ends."""
    ends = [match.end() for match in LINE_BREAK.finditer(text)]
    return [text[start:end] for start, end in pairwise([0, *ends, len(text)])]
