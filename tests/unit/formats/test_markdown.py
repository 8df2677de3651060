"""Our Markdown reader compared with markdown-it: headings and tables."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from naftiko_runtime.decoding_irregularities import Irregularities
from naftiko_runtime.formats import decode, make_decoder
from naftiko_runtime.formats.markdown_text import to_plain_text

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
--|---
| 1 | 2
1 \| 2 | 3
|-|
| x |
> q
"""
LINES = [*TEXT.splitlines(), "\t# code"]

FLEET = """---
title: Fleet
tags: [a, b]
---
Before *it*.

# Ships
All of them.

| Name | Tons |
| --- | --- |
| Anna | 12 |
| Otto | |

## Old ones
- none

# Ports
"""


def ours(text: str) -> tuple[list[Any], list[Any]]:
    value = decode("markdown", text.encode(), make_decoder("markdown"))
    headings = [(s["level"], " ".join(s["heading"].split())) for s in value["sections"] if s["level"]]
    cells = [[[cell for cell in row.values() if isinstance(cell, str) and cell] for row in t] for t in value["tables"]]
    return headings, cells


def theirs(text: str) -> tuple[list[Any], list[Any]]:
    """Headings and tables as markdown-it sees them; it stands for CommonMark with GitHub's tables."""
    headings: list[Any] = []
    tables: list[list[list[str]]] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for token, inner in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and token.level == 0:
            assert inner is not None
            headings.append((int(token.tag[1]), " ".join(to_plain_text(inner.content).split())))
        elif token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type in ("td_open", "th_open"):
            assert inner is not None
            tables[-1][-1].append(to_plain_text(inner.content))
    return headings, [[[cell for cell in row if cell] for row in table[1:]] for table in tables]


def distinct(text: str) -> bool:
    """Whether no line names two columns alike, of which only the later would count."""
    return all(len(set(cells)) == len(cells) for cells in (line.strip("| ").split("|") for line in text.splitlines()))


@given(st.lists(st.sampled_from(LINES), max_size=12))
@settings(max_examples=400)
@pytest.mark.no_cover
def test_headings_and_tables_stand_where_markdown_it_sees_them(lines: list[str]) -> None:
    text = "# Start\n\n" + "\n".join(lines)
    assume(distinct(text))
    assert ours(text) == theirs(text)


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
    found = decode("markdown", text.encode(), make_decoder("markdown"))["sections"]
    assert [(section["level"], section["heading"], section["content"]) for section in found] == sections


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("|a|b|\n|-|-|\n|1|\n|1|2|3|\n1",
         [[{"a": "1", "b": ""}, {"a": "1", "b": "2", "": ["3"]}, {"a": "1", "b": ""}]]),
        ("x\na|b|\n-|-\n1 \\| 2|3", [[{"a": "1 | 2", "b": "3"}]]),
        ("|a||\n|-|-|\n|1|2|", [[{"a": "1", "2": "2"}]]),
        ("|a|a|\n|-|-|\n|1|2|", [[{"a": "2"}]]),
        ("|**a**|\n|-|\n|[x](y) `c`|", [[{"a": "x c"}]]),
        ("|a|\n|-|", [[]]),
        ("|a|b|\n|-|", []),
        ("```\n|a|\n|-|\n```", []),
        ("|a|\n|-|\n|1|\n\n|b|\n|-|\n|2|\n# C", [[{"a": "1"}], [{"b": "2"}]]),
    ],
)  # fmt: skip
def test_tables(text: str, tables: list[Any]) -> None:
    assert decode("markdown", text.encode(), make_decoder("markdown"))["tables"] == tables


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**b** *i* ***both*** ~~s~~ __s__ _e_", "b i both s s e"),
        ("*a **b** c*", "a b c"),
        ("2 * 3 * 4, a_b_c, **x* y", "2 * 3 * 4, a_b_c, **x* y"),
        ("`code` ``a`b`` `open", "code a`b `open"),
        ("`**x**` \\*no\\*", "**x** *no*"),
        ("[text](http://x_(y) 'title') [ref] [x]", "text [ref] [x]"),
        ("![alt](y) [![img](a)](b)", "alt img"),
        ("<http://a.b> <a@b.c> <b>x</b><br>y<!-- z -->", "http://a.b a@b.c x y"),
        ("a < b & c &amp; &lt;d&gt; &#65; &nope;", "a < b & c & <d> A &nope;"),
        ("<!-- open", "<!-- open"),
    ],
)
def test_plain_text(markdown: str, text: str) -> None:
    assert to_plain_text(markdown) == text


@pytest.mark.parametrize("part", ["*a ", "_a", "[", "[a](", "](()", "](x", "`a``b", "`", "<a", "<!--", "&a", "~~a"])
def test_plain_text_takes_linear_time(part: str) -> None:
    began = time.process_time()
    to_plain_text(part * 100_000)
    assert time.process_time() - began < 10


def test_a_whole_file() -> None:
    value = decode("markdown", FLEET.encode(), make_decoder("markdown"))
    assert value.keys() == {"frontMatter", "tables", "sections"}
    assert value["frontMatter"] == {"title": "Fleet", "tags": ["a", "b"]}
    assert value["tables"] == [[{"Name": "Anna", "Tons": "12"}, {"Name": "Otto", "Tons": ""}]]
    before, ships, *rest = value["sections"]
    assert before == {"heading": "", "level": 0, "content": "Before *it*."}
    assert (ships["heading"], ships["level"]) == ("Ships", 1)
    assert ships["content"].startswith("All of them.\n\n| Name | Tons |")
    assert rest == [
        {"heading": "Old ones", "level": 2, "content": "- none"},
        {"heading": "Ports", "level": 1, "content": ""},
    ]


@pytest.mark.parametrize(
    ("prefix", "headings"),
    [
        ("# Sh", ["Ships", "Old ones"]),
        ("Sh", ["Ships", "Old ones"]),
        ("Old", ["Old ones"]),
        ("## Old", ["Old ones"]),
        ("# Old", []),
        ("##", ["Old ones"]),
        ("#", ["Ships", "Old ones", "Ports"]),
        ("Nothing", []),
        ("  Ports ", ["Ports"]),
        ("", ["", "Ships", "Old ones", "Ports"]),
    ],
)
def test_sections_by_the_beginning_of_their_heading(prefix: str, headings: list[str]) -> None:
    value = decode("markdown", FLEET.encode(), make_decoder("markdown", prefix))
    assert [section["heading"] for section in value["sections"]] == headings
    assert len(value["tables"]) == ("Ships" in headings)


def test_front_matter_that_is_not_yaml_is_counted() -> None:
    notes = Irregularities()
    value = decode("markdown", b"---\na: [\n---\n# A", make_decoder("markdown"), notes=notes)
    assert value["frontMatter"] == {}
    assert [section["heading"] for section in value["sections"]] == ["A"]
    assert notes.count == 1


@given(st.text("-#| a1*\n`>[]()!", max_size=60))
def test_any_markdown_has_sections(text: str) -> None:
    value = decode("markdown", text.encode(), make_decoder("markdown"))
    assert all(section.keys() == {"level", "heading", "content"} for section in value["sections"])
