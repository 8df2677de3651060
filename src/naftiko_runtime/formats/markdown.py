"""Markdown: its front matter, and its sections with their tables.

``{front: {…}, sections: [{level, heading, text, tables: [[{column: text}]]}]}``; what stands before the first heading
is a section of level 0. ``outputSchema`` is the beginning of the headings that are wanted (``## Results``), with what
is below them; without one it is all. Needs the extra ``markdown``.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from markdown_it import MarkdownIt

from naftiko_runtime.formats import yaml
from naftiko_runtime.formats.charset import as_text
from naftiko_runtime.formats.columns import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from markdown_it.token import Token

_LINE_BREAK: Final = re.compile(r"\r\n?")
_FRONT: Final = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_HEADING: Final = re.compile(r"(#{1,6})(?:[ \t]+(.*))?")


def decoder(prefix: str | None) -> Callable[..., Any]:
    """The decoder for the sections whose headings begin as told.

    Raises:
        ValueError: It is no beginning of a heading.
    """
    wanted = _HEADING.fullmatch(prefix.strip()) if prefix else None
    if prefix and wanted is None:
        raise ValueError(f"'{prefix}' is no heading: write '## Results'")
    parser = MarkdownIt("commonmark", {"maxNesting": 50}).enable("table").disable("inline")

    def decode(body: bytes, charset: str = "utf-8") -> dict[str, Any]:
        """Decode a text.

        Raises:
            ValueError: It is not in its charset, or its front matter is no YAML.
        """
        text = _LINE_BREAK.sub("\n", as_text(body, charset))
        front = _FRONT.match(text)
        value = yaml.decode(front[1].encode()) if front else None
        rest = text[front.end() :] if front else text
        sections = list(_sections(parser.parse(rest), rest.split("\n")))
        if wanted is not None:
            sections = list(_below(sections, len(wanted[1]), wanted[2] or ""))
        return {"front": value if isinstance(value, dict) else {}, "sections": sections}

    return decode


def _sections(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    heads = [i for i, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    bounds = [*heads, len(tokens)]
    if tokens and bounds[0] > 0:
        yield _section(0, "", tokens[: bounds[0]], lines)
    for start, end in pairwise(bounds):
        level, heading = int(tokens[start].tag[1]), tokens[start + 1].content
        yield _section(level, heading, tokens[start + 3 : end], lines)


def _section(level: int, heading: str, tokens: Sequence[Token], lines: Sequence[str]) -> dict[str, Any]:
    spans = [token.map for token in tokens if token.map]
    text = "\n".join(lines[min(s[0] for s in spans) : max(s[1] for s in spans)]).strip() if spans else ""
    return {"level": level, "heading": heading, "text": text, "tables": list(_tables(tokens))}


def _tables(tokens: Sequence[Token]) -> Iterator[list[dict[str, str]]]:
    rows: list[list[str]] = []
    for number, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(tokens[number + 1].content)
        elif token.type == "table_close":
            yield records(rows)
            rows = []


def _below(sections: Sequence[dict[str, Any]], level: int, heading: str) -> Iterator[dict[str, Any]]:
    """The sections of that level whose headings begin like this, and those below each."""
    inside = False
    for section in sections:
        if section["level"] <= level:
            inside = section["level"] == level and section["heading"].startswith(heading)
        if inside:
            yield section
