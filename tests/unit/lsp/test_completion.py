"""Places in an editor, the text that is read around them, and completion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naftiko_runtime.diagnostic import Findings, Span
from naftiko_runtime.document.normalize import normalize
from naftiko_runtime.lsp.completion import list_completions
from naftiko_runtime.lsp.cursor import find_place, find_typed, locate
from naftiko_runtime.lsp.hover import describe_place
from naftiko_runtime.lsp.name_index import index_names
from naftiko_runtime.lsp.positions import PositionedText
from naftiko_runtime.lsp.relevant_lines import make_excerpt
from naftiko_runtime.source import parse_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.source import Source

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted((ROOT / "capabilities").glob("*.yaml"))

TEXT = """\
naftiko: 1.0.0-alpha2
binds:
- namespace: env
  keys:
    TOKEN: TOKEN
capability:
  consumes:
  - type: http
    namespace: registry
    baseUri: https://registry.example/
    resources:
      - path: /ships/{imo}
        inputParameters:
          - {name: imo, in: path}
        operations:
          - name: get
            inputParameters:
            - name: fields
              in: query
            body:
              type: text
              data: |
                {{note}}
                and more
  exposes:
    - type: rest
      namespace: web
      port: 8080
      resources:
        - path: /x
          operations:
            - call: registry.get
              with:
                imo: rest.imo
"""
LATER = """\
ikanos: 1.0.0-beta5
capability:
  consumes:
    - namespace: registry
      baseUri: https://registry.example
      resources:
        ships:
          path: /ships
          operations:
            get: {method: GET}
  exposes:
    - type: mcp
      namespace: tools
      port: 1
      tools:
        find:
          display: Finds
          call: registry.get
"""


def read(text: str) -> Source:
    source = normalize(parse_source(text.encode(), "x.yml"), Findings())
    assert source is not None
    return source


NAMES = index_names(read(TEXT))
JSON = json.dumps(read(TEXT).data, indent=2)
FLAT = json.dumps({"info": {"tags": ["x"] * 700}, **read(TEXT).data}, indent=0)
"""Without indentation, and longer than what is taken of it."""


def words(text: str) -> list[str]:
    """What is offered at the mark in a text."""
    before, _, after = text.partition("|>")
    lines = (before + after).split("\n")
    row = before.count("\n")
    place = find_typed(lines, row, len(before.split("\n")[-1]), "x.yml")
    return [word.text for word in list_completions(place, NAMES)] if place is not None else []


def test_what_is_consumed() -> None:
    (operation,) = NAMES.operations.values()
    assert (operation.method, operation.url) == ("GET", "https://registry.example/ships/{imo}")
    assert sorted(operation.parameters) == ["fields", "imo", "note"]
    assert (operation.span.line, operation.span.column) == (16, 19)
    assert operation.parameters["note"].line == 22
    assert NAMES.find_variable("TOKEN") == NAMES.find_variable("env.TOKEN") == Span("x.yml", 5, 5, 5, 10)
    assert list(index_names(read(LATER)).operations) == ["registry.get"]


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (TEXT.replace("call: registry.get", "call: |>"), "registry.get"),
        (TEXT.replace("- call: registry.get", "- call: regi|>"), "registry.get"),
        (TEXT.replace("imo: rest.imo", "|>"), "fields"),
        (TEXT.replace("imo: rest.imo", "imo: rest.imo\n                no|>"), "note"),
        (TEXT.replace("      port: 8080", "      po|>"), "port"),
        (TEXT.replace("  exposes:", "  exp|>"), "exposes"),
        (TEXT.replace("          - name: get", "          - name: get\n            out|>"), "outputRawFormat"),
        (TEXT.replace("    baseUri", "    |>\n    baseUri"), "authentication"),
        (TEXT.replace("              in: query", "              i|>"), "in"),
        (TEXT.replace("in: path}", "|>}"), "in"),
        (TEXT.replace("in: path}", "in: path, |>"), "required"),
        (TEXT.replace("- path: /x", "- path: /{{|>"), "TOKEN"),
        (TEXT + "    - |>", "type"),
        (TEXT.replace("  consumes:\n  - type: http\n", "  consumes:\n  - type: |>\n"), "http"),
        (LATER.replace("display: Finds", "outp|>"), "outputParameters"),
        (LATER.replace("{method: GET}", "{me|>}"), "method"),
        ("naftiko: 1.0.0-alpha2\n|>", "capability"),
        (JSON.replace('"registry.get"', '"reg|>"'), "registry.get"),
        (JSON.replace('"imo": "rest.imo"', '"|>"'), "fields"),
        (JSON.replace('"imo": "rest.imo"', '"imo": "{{|>"'), "TOKEN"),
        (FLAT.replace('"registry.get"', '"reg|>"'), "registry.get"),
    ],
)
def test_what_fits_is_offered(text: str, offered: str) -> None:
    assert offered in words(text)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("port: 8080", "port: |>"),
        TEXT.replace("port: 8080", "description: some wo|>rds"),
        TEXT.replace("port: 8080", "port: 8080  # po|>"),
        TEXT.replace("and more", "and |>"),
        TEXT.replace("    TOKEN: TOKEN", "    |>"),
        LATER.replace("          display: Finds", "          display: Finds\n        an|>"),
    ],
)
def test_nothing_is_offered_where_the_author_has_to_think(text: str) -> None:
    assert words(text) == []


def test_what_a_key_means() -> None:
    place = find_place(TEXT.split("\n"), 0, 1, "x")
    assert "**naftiko**: The version of the specification" in describe_place(place, NAMES, [])
    assert describe_place(None, NAMES, []) == ""


# -- excerpts -----------------------------------------------------------------------------------------------------


def places(value: Any, source: Source, key_path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths to all keys and values of a source that stand at places of their own."""
    for key in source.places.get_entries(value):
        if key in (value if isinstance(value, dict) else range(len(value))):
            yield (*key_path, key)
            yield from places(value[key], source, (*key_path, key))


def names(key_path: tuple[str | int, ...]) -> list[str]:
    return [step for step in key_path if isinstance(step, str)]


@pytest.mark.parametrize("text", [TEXT, LATER, JSON, *(file.read_text(encoding="utf-8") for file in DOCUMENTS)])
def test_a_place_is_the_same_in_an_excerpt_as_in_the_whole(text: str) -> None:
    source = read(text)
    lines = text.split("\n")
    seen = 0
    for key_path in places(source.data, source):
        span = source.find_span(key_path, key=True)
        row, column = span.line - 1, span.column - 1
        whole = locate(source, row, column)
        part = find_place(lines, row, column, "x.yml")
        if whole is None:
            continue
        assert part is not None, span
        assert (names(part.key_path), part.on_key) == (names(whole.key_path), whole.on_key), span
        if not part.on_key:
            assert part.value == whole.value
        seen += 1
    assert seen > 10


def test_an_excerpt_has_the_way_and_what_is_small_beside_it() -> None:
    many = "".join(f"        - path: /{n}\n          operations: [{{name: o{n}}}]\n" for n in range(500))
    text = TEXT.replace(
        "      - path: /ships",
        f"{many.replace('        - ', '      - ').replace('  operations', 'operations')}      - path: /ships",
    )
    lines = text.split("\n")
    row = next(row for row, line in enumerate(lines) if "rest.imo" in line)
    kept = make_excerpt(lines, row, 0)
    assert len(kept) == len(lines)
    shown = [line.strip() for line in kept if line]
    assert {"call: registry.get", "namespace: web"} <= {line.removeprefix("- ") for line in shown}
    assert len(shown) < 40


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_half_written_text_breaks_the_reading_of_a_place(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([TEXT, LATER]))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    typed = data.draw(st.text(st.sampled_from("abc:{}[]\"'|>-# \n\t&*!{{"), max_size=6))
    text = text[:start] + typed + text[end:]
    offset = start + len(typed)
    lines = text.split("\n")
    row = text[:offset].count("\n")
    column = offset - (text.rfind("\n", 0, offset) + 1)
    find_place(lines, row, column, "x.yml")
    if (place := find_typed(lines, row, column, "x.yml")) is not None:
        list_completions(place, NAMES)


# -- positions ----------------------------------------------------------------------------------------------------


@given(
    st.text(st.one_of(st.sampled_from("\n\r\x85\u2028😀é\ud800"), st.characters()), max_size=40),
    st.sampled_from(["utf-8", "utf-16", "utf-32"]),
)
def test_a_place_survives_the_editor_s_count(text: str, encoding: str) -> None:
    counted = PositionedText(text, encoding)
    for line, shown in enumerate(counted.lines, 1):
        for column in range(1, len(shown) + 2):
            assert counted.convert_position(*counted.to_position(line, column)) == (line, column)


def test_units_are_those_of_the_encoding() -> None:
    line = "a: '😀é' # x"
    assert [PositionedText(line, encoding).to_position(1, 7) for encoding in ("utf-8", "utf-16", "utf-32")] == [
        *((0, 10), (0, 7), (0, 6))
    ]
    assert PositionedText("a\u2028b\n").to_position(2, 1) == (0, 2)
    assert PositionedText("a\n").convert_position(7, 3) == (2, 1)
