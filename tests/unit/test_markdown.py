"""Markdown, beside markdown-it's opinion of where headings and tables are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from naftiko_runtime.formats import decode, decoder

TEXT = r"""
text
more text
# A
## B ##
### C#
####### no
#no
   # D
    # code
#
===
---
- - -
***
--
```
~~~
````
``` x
```x`
<!-- c
x -->
<!-- c -->
<pre>
x </pre>
| a | b |
a | b
|---|---|
| :-- | --: |
--|--
| 1 | 2
1 \| 2 | 3
|-|
| x |
> q
"""
LINES = [*TEXT.splitlines(), "\t# code"]


def ours(text: str) -> list[Any]:
    sections = decode("markdown", text.encode(), decoder("markdown"))["sections"]
    return [(s["level"], " ".join(s["heading"].split()), s["tables"]) for s in sections if s["level"]]


def theirs(text: str) -> list[Any]:
    """Headings with the tables behind them, as markdown-it sees them; it stands for CommonMark with GitHub's tables."""
    found: list[Any] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    rows: list[list[str]] = []
    for token, inner in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and token.level == 0:
            assert inner is not None
            found.append((int(token.tag[1]), " ".join(inner.content.split()), []))
        elif token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            rows.append([])
        elif token.type in ("td_open", "th_open"):
            assert inner is not None
            rows[-1].append(inner.content)
        elif token.type == "table_close" and found and token.level == 0:
            found[-1][2].append(rows)
    return found


def _filled(tables: list[list[dict[str, str]]]) -> list[list[list[str]]]:
    """The rows of tables; cells that a row lacks are as good as empty."""
    return [[[cell for cell in row.values() if cell] for row in table] for table in tables]


def _bodies(tables: list[list[list[str]]]) -> list[list[list[str]]]:
    return [[[cell for cell in row if cell] for row in table[1:]] for table in tables]


@given(st.lists(st.sampled_from(LINES), max_size=12))
@settings(max_examples=400)
def test_headings_and_tables_stand_where_markdown_it_sees_them(lines: list[str]) -> None:
    text = "# Start\n\n" + "\n".join(lines)
    mine = [(level, heading, _filled(tables)) for level, heading, tables in ours(text)]
    assert mine == [(level, heading, _bodies(tables)) for level, heading, tables in theirs(text)]


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("", []),
        ("\n \n", []),
        ("a", [(0, "", "a")]),
        ("# A\n\n\nb\n c\n\n## D", [(1, "A", "b\n c"), (2, "D", "")]),
        ("A\nB\n=\nc\nD\n---\ne", [(1, "A B", ""), (2, "c D", "e")]),
        ("```\n# no\n```\n# yes", [(0, "", "```\n# no\n```"), (1, "yes", "")]),
        ("- a\n---\n# B", [(0, "", "- a\n---"), (1, "B", "")]),
        ("# A\x0bb\u2028c\r\nd\re", [(1, "A\x0bb\u2028c", "d\ne")]),
    ],
)
def test_sections(text: str, sections: list[tuple[int, str, str]]) -> None:
    found = decode("markdown", text.encode(), decoder("markdown"))["sections"]
    assert [(section["level"], section["heading"], section["text"]) for section in found] == sections


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("|a|b|\n|-|-|\n|1|\n|1|2|3|\n1", [[{"a": "1"}, {"a": "1", "b": "2"}, {"a": "1"}]]),
        ("x\na|a|\n-|-\n1 \\| 2|3", [[{"a": "1 | 2", "a 2": "3"}]]),
        ("|a|\n|-|", [[]]),
        ("|a|b|\n|-|", []),
        ("```\n|a|\n|-|\n```", []),
        ("|a|\n|-|\n|1|\n\n|b|\n|-|\n|2|\n# C", [[{"a": "1"}], [{"b": "2"}]]),
    ],
)
def test_tables(text: str, tables: list[Any]) -> None:
    section, *_ = decode("markdown", text.encode(), decoder("markdown"))["sections"]
    assert section["tables"] == tables
