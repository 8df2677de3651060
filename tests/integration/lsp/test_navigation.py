"""Definitions, hovers and completions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.lsp_documents import CREWS, TEXT, codes

if TYPE_CHECKING:
    from support.editor import Editor


# -- places -------------------------------------------------------------------------------------------------------

DEFINED = {
    "call: registry.g|et": "15: get",
    "im|o: web.imo": "13: imo",
    'fiel|ds: "{{': "18: fields",
    "imo: we|b.imo": "28: imo",
    '"{{on|ly}}"': "32: only",
    "{{env.TOK|EN}}": "5: TOKEN",
    '"{{TOK|EN}}"': "5: TOKEN",
    "call: crews.a|dd\n              with": "crews.yaml:9: add",
    "no|te: tools.ship": "crews.yaml:11: note",
    "note: too|ls.ship": "50: ship",
    "na|me: ship, note": "crews.yaml:12: name",
    "name: sh|ip, note": "50: ship",
    "import: cr|ews": "crews.yaml:4: crews",
    "location: cr|ews.yaml": "crews.yaml:4: crews",
    "methods|": None,
}


def test_definitions(editor: Editor) -> None:
    editor.open(TEXT + "# methods")
    assert {mark: editor.find_definition(mark) for mark in DEFINED} == DEFINED


@pytest.mark.parametrize("value", ["rest.im|o", "mcp.im|o", "web.im|o", "im|o", '"{{im|o}}"', '"a {{ web.im|o }} b"'])
def test_definitions_of_the_caller_s_input(editor: Editor, value: str) -> None:
    editor.open(TEXT.replace("imo: web.imo", f"imo: {value.replace('|', '')}"))
    assert editor.find_definition(f"                imo: {value}") == "28: imo"


def test_definitions_of_what_is_not_served_yet(editor: Editor) -> None:
    more = """\
  aggregates:
    - namespace: fleet
      label: Fleet
      functions:
        - name: find
          description: Finds.
          inputParameters: [{name: what, type: string, description: The fields.}]
          call: registry.get
          with: {fields: fleet.what}
"""
    editor.open(
        TEXT.replace(
            "          call: crews.add\n          with: {name: ship, note: tools.ship}\n", "          ref: fleet.find\n"
        )
        + more
    )
    assert editor.find_definition("ref: fleet.fi|nd") == "57: find"
    assert editor.complete_at(editor.texts["capability.yaml"].replace("ref: fleet.find", "ref: fl|")) == ["fleet.find"]
    editor.write(editor.texts["capability.yaml"].replace("ref: fl\n", "ref: fleet.find\n"))
    assert editor.find_definition("fields: flee|t.what") == "59: what"


def test_definitions_in_an_unsaved_import_and_after_typing(editor: Editor) -> None:
    editor.open(TEXT)
    editor.open("# one line more\n" + CREWS, "crews.yaml")
    assert editor.find_definition("import: cr|ews") == "crews.yaml:5: crews"
    editor.write("# one line more\n# and another\n" + TEXT)
    assert editor.find_definition("call: registry.g|et") == "17: get"


FORWARDED = TEXT.replace(
    "    - type: mcp", "        - path: /all/{path}\n          forward: {targetNamespace: registry}\n    - type: mcp"
)


def test_forwards_name_an_api(editor: Editor) -> None:
    editor.open(FORWARDED)
    assert editor.find_definition("targetNamespace: regi|stry") == "9: registry"
    assert editor.complete_at(FORWARDED.replace("targetNamespace: registry}", "targetNamespace: |")) == [
        "registry",
        "crews",
    ]


def test_imported_variables_are_defined_in_their_file(editor: Editor) -> None:
    (editor.folder / "keys.yaml").write_text(
        "naftiko: 1.0.0-alpha2\nbinds:\n  - namespace: env\n    keys: {TOKEN: REGISTRY_TOKEN}\n", encoding="utf-8"
    )
    own = "  - namespace: env\n    keys: {TOKEN: REGISTRY_TOKEN}\n"
    assert editor.open(TEXT.replace(own, "  - import: env\n    location: ./keys.yaml\n")) == []
    assert editor.find_definition("{{env.TOK|EN}}") == "keys.yaml:4: TOKEN"
    assert editor.find_definition("location: ./ke|ys.yaml") == "keys.yaml:3: env"


def test_hover(editor: Editor) -> None:
    editor.open(TEXT.replace("call: registry.get", "call: registry.gte"))
    assert "unresolved-call" in editor.request_at("hover", "registry.g|te")["contents"]["value"]
    editor.write(TEXT)
    assert (
        "GET https://registry.example/ships/{imo}" in editor.request_at("hover", "registry.g|et")["contents"]["value"]
    )
    assert "TCP port" in editor.request_at("hover", "po|rt: 8080")["contents"]["value"]
    assert editor.request_at("hover", "/cre|ws") is None


# -- completion ---------------------------------------------------------------------------------------------------


def cut(mark: str, *, rest: str = "") -> str:
    """The text with a line cut off at a mark, and what is typed there instead."""
    before, _, after = mark.partition("|")
    line = next(line for line in TEXT.split("\n") if before in line)
    return TEXT.replace(line, line[: line.index(before) + len(before)] + after + "|" + rest, 1)


def test_completion_of_calls(editor: Editor) -> None:
    editor.open(TEXT)
    assert editor.complete_at(cut("call: |")) == ["registry.", "crews."]
    assert editor.complete_at(cut("call: |registry.")) == ["registry.get"]
    assert editor.complete_at(cut("call: |crews.a")) == ["crews.add"]
    assert editor.complete_at(cut("call:|")) == ["registry.", "crews."]
    assert editor.complete_at(cut("call: |'")) == ["registry.", "crews."]


def test_completion_of_what_a_call_takes(editor: Editor) -> None:
    editor.open(TEXT)
    assert editor.complete_at(TEXT.replace('fields: "{{only}}"', "|")) == ["fields"]
    assert editor.complete_at(TEXT.replace("imo: web.imo", "i|")) == ["imo"]
    assert editor.complete_at(TEXT.replace("with: {name: ship, note: tools.ship}", "with: {name: ship, |")) == ["note"]
    assert editor.complete_at(TEXT.replace("with: {name: ship, note: tools.ship}", "with: {|}")) == ["name", "note"]
    assert editor.complete_at(TEXT.replace("imo: web.imo", "imo: |")) == ["web.only", "web.imo"]


def test_completion_in_braces(editor: Editor) -> None:
    editor.open(TEXT)
    assert editor.complete_at(cut('fields: "{{|')) == ["only", "imo", "TOKEN"]
    assert editor.complete_at(TEXT.replace('fields: "{{only}}"', 'fields: "{{ on|')) == ["only", "imo", "TOKEN"]
    assert editor.complete_at(TEXT.replace('fields: "{{only}}"', 'fields: "{{|}}"')) == ["only", "imo", "TOKEN"]
    assert editor.complete_at(TEXT.replace('fields: "{{only}}"', "fields: {{|")) == ["only", "imo", "TOKEN"]
    assert editor.complete_at(TEXT.replace('token: "{{TOKEN}}"', 'token: "{{|')) == ["TOKEN"]


def test_completion_of_keys_and_values(editor: Editor) -> None:
    editor.open(TEXT)
    keys = editor.complete_at(TEXT.replace("      port: 8080", "      po|"))
    assert "port" in keys
    assert not {"namespace", "type", "tools"} & set(keys)
    assert "tools" in editor.complete_at(TEXT.replace("      port: 9090\n      tools:", "      port: 9090\n      to|"))
    assert {"outputRawFormat", "body"} <= set(
        editor.complete_at(TEXT.replace("method: GET\n              input", "o|\n              input"))
    )
    assert editor.complete_at(cut("- method: |")) == ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    assert editor.complete_at(TEXT.replace("{name: fields, in: query}", "{name: fields, in: |")) == [
        *("path", "query", "header", "cookie", "body", "environment")
    ]
    assert {"string", "object"} <= set(
        editor.complete_at(TEXT.replace("in: query\n                  type: string", "type: s|"))
    )
    assert editor.complete_at(TEXT.replace("- type: rest", "- type: |")) == ["rest", "mcp", "skill"]
    assert "json" in editor.complete_at(
        TEXT.replace("method: GET\n              input", "outputRawFormat: |\n              input")
    )
    assert editor.complete_at(TEXT + "# ca|") == []
    assert "naftiko" in editor.complete_at("n|")


@pytest.mark.parametrize(
    "broken",
    [
        ("info: {label", "info: {{label"),
        ("    - type: mcp", "    - type: mcp: x"),
        ("        - path: /crews\n", '        - path: "/crews\n'),
        ("    keys: {TOKEN", "\tkeys: {TOKEN"),
    ],
)
def test_completion_while_something_else_is_broken(editor: Editor, broken: tuple[str, str]) -> None:
    editor.open(TEXT)
    text = TEXT.replace("imo: web.imo", "|").replace(*broken)
    assert text.count("|") == 1
    assert codes(editor.change(text.replace("|", "imo: web.imo")))[0] in ("yaml-syntax", "yaml-feature")
    assert editor.complete_at(text) == ["imo"]


def test_what_is_chosen_takes_the_place_of_what_was_typed(editor: Editor) -> None:
    editor.open(TEXT.replace("call: crews.add\n          with", "call: crews.a\n          with"))
    (item,) = editor.request_at("completion", "call: crews.a|\n          with")
    assert item["textEdit"]["range"]["start"] == {"line": 50, "character": 16}
    assert (item["textEdit"]["newText"], item["detail"]) == ("crews.add", "POST https://crews.example/crews")


@pytest.mark.parametrize(("typed", "written"), [("      prt|: 9090", "port"), ("      prt|", "port: ")])
def test_a_key_gets_a_colon_where_it_has_none(editor: Editor, typed: str, written: str) -> None:
    editor.open(TEXT.replace("      port: 9090", typed.replace("|", "")))
    items = editor.request_at("completion", typed)
    assert written in {item["textEdit"]["newText"] for item in items}
