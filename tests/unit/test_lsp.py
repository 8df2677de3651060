"""Where one is in a text, in an editor's units, and what can be written there."""

from __future__ import annotations

import pytest

from naftiko_runtime.diagnostics import Span
from naftiko_runtime.lsp.completion import completions, path_at
from naftiko_runtime.lsp.outline import consumed
from naftiko_runtime.lsp.positions import characters, stretch, units
from naftiko_runtime.schema.write import as_schema
from naftiko_runtime.source import load

TEXT = """\
naftiko: 1.0.0-alpha2
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
OPERATIONS = consumed(load(TEXT.encode(), "x.yml"))
SCHEMA = as_schema("1.0.0-alpha2")


def words(text: str) -> list[str]:
    """What is offered at the mark in a text."""
    lines = text.split("\n")
    line = next(number for number, found in enumerate(lines) if "|" in found)
    column = lines[line].index("|")
    lines[line] = lines[line].replace("|", "")
    return [word for word, _ in completions(lines, line, column, OPERATIONS, SCHEMA)]


def test_what_is_consumed() -> None:
    (operation,) = OPERATIONS.values()
    assert (operation.method, operation.url) == ("GET", "https://registry.example/ships/{imo}")
    assert operation.parameters == ("fields", "imo")
    assert (operation.span.line, operation.span.column) == (12, 19)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("call: |", "registry.get"),
        ("            - call: regi|", "registry.get"),
        (TEXT.replace("imo: rest.imo", "|"), "fields"),
        (TEXT.replace("imo: rest.imo", "imo: rest.imo\n                fie|"), "fields"),
        (TEXT.replace("      port: 8080", "      po|"), "port"),
        (TEXT.replace("  exposes:", "  exp|"), "exposes"),
        (TEXT.replace("          - name: get", "          - name: get\n            out|"), "outputRawFormat"),
        (TEXT.replace("    namespace: registry", "    na|"), "baseUri"),
        (TEXT.replace("              in: query", "              i|"), "in"),
        ("naftiko: 1.0.0-alpha2\n|", "capability"),
    ],
)
def test_what_fits_is_offered(text: str, offered: str) -> None:
    assert offered in words(text)


@pytest.mark.parametrize("text", ["port: |", "description: some words|", "- a, b|"])
def test_nothing_is_offered_for_values(text: str) -> None:
    assert words(text) == []


def test_paths() -> None:
    lines = TEXT.split("\n")
    assert path_at(lines, 13, 12) == ["capability", "consumes", "resources", "operations"]
    assert path_at(lines, 24, 16) == ["capability", "exposes", "resources", "operations", "with"]
    assert path_at(lines, 0, 0) == []


def test_units() -> None:
    line = "a: '😀é' # x"
    assert units(line) == len(line) + 1
    assert [characters(line, units(line[:n])) for n in range(len(line) + 1)] == list(range(len(line) + 1))
    assert stretch(Span("x", 1, 7, 1, 8), [line]) == (0, 7, 0, 8)
