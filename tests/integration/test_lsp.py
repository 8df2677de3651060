"""The language server as a process, driven as an editor does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support.editor import Editor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = """\
naftiko: 1.0.0-alpha2
info: {label: Ships, description: Ships.}
binds:
  - namespace: env
    keys: {TOKEN: REGISTRY_TOKEN}
capability:
  consumes:
    - type: http
      namespace: registry
      baseUri: https://registry.example
      authentication: {type: bearer, token: "{{TOKEN}}"}
      resources:
        - path: /ships/{imo}
          operations:
            - name: get
              method: GET
              inputParameters:
                - {name: fields, in: query}
    - import: crews
      location: crews.yaml
  exposes:
    - type: rest
      namespace: web
      port: 8080
      resources:
        - path: /ships/{imo}
          inputParameters:
            - {name: imo, in: path, type: string}
          operations:
            - method: GET
              inputParameters:
                - name: only
                  in: query
                  type: string
              call: registry.get
              with:
                imo: web.imo
                fields: "{{only}}"
        - path: /crews
          operations:
            - method: POST
              call: crews.add
              with: {note: "é😀 {{env.TOKEN}}"}
    - type: mcp
      namespace: tools
      port: 9090
      tools:
        - name: add-crew
          description: "Adds a crew 😀"
          inputParameters: [{name: ship, type: string}]
          call: crews.add
          with: {name: ship, note: tools.ship}
      description: Ships and crews.
"""
CREWS = """\
naftiko: 1.0.0-alpha2
consumes:
  - type: http
    namespace: crews
    baseUri: https://crews.example
    resources:
      - path: /crews
        operations:
          - name: add
            method: POST
            inputParameters: [{name: note, in: query}]
            body: {type: json, data: {name: "{{name}}"}}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    with Editor(tmp_path_factory.mktemp("editor")) as editor:
        yield editor


@pytest.fixture
def editor(running: Editor, tmp_path: Path) -> Iterator[Editor]:
    """An editor without open documents, in a folder of the test's own."""
    (tmp_path / "crews.yaml").write_text(CREWS, encoding="utf-8")
    running.folder = tmp_path
    yield running
    running.close_all()


def codes(found: list[dict[str, object]]) -> list[object]:
    return [one["code"] for one in found]


# -- findings -----------------------------------------------------------------------------------------------------


def test_findings_come_and_go(editor: Editor) -> None:
    assert editor.open(TEXT) == []
    (found,) = editor.change(TEXT.replace("call: registry.get", "call: registry.gte"))
    assert (found["code"], found["severity"], found["source"]) == ("unresolved-call", 1, "naftiko")
    assert found["range"] == {"start": {"line": 34, "character": 20}, "end": {"line": 34, "character": 32}}
    assert "did you mean 'registry.get'?" in found["message"]
    assert editor.change(TEXT) == []
    assert codes(editor.change(TEXT + "  - [")) == ["yaml-syntax"]
    editor.close("capability.yaml")
    assert editor.wait_diagnostics("capability.yaml") == []


def test_places_are_counted_as_the_editor_asks(tmp_path: Path) -> None:
    (tmp_path / "crews.yaml").write_text(CREWS, encoding="utf-8")
    text = TEXT.replace("{{env.TOKEN}}", "{{env.TOKNE}}")
    text = text.replace("description: Ships.", 'description: "Ships\u2028are no line for an editor"')
    places = {}
    for encoding in ("utf-8", "utf-16", "utf-32"):
        with Editor(tmp_path, {"general": {"positionEncodings": [encoding]}}) as editor:
            assert editor.server["positionEncoding"] == encoding
            found = next(found for found in editor.open(text) if found["code"] == "unlisted-variable")
            places[encoding] = found["range"]["start"]["character"], found["range"]["end"]["character"]
    assert places == {"utf-8": (27, 49), "utf-16": (27, 46), "utf-32": (27, 45)}


def test_the_other_place_of_a_finding_is_related_information(editor: Editor) -> None:
    (found,) = editor.open(TEXT.replace("namespace: tools", "namespace: web"))
    (related,) = found["relatedInformation"]
    assert found["code"] == "duplicate-namespace"
    assert related["message"] == "the same finding is about this place"
    assert related["location"]["uri"] == editor.make_uri("capability.yaml")
    assert related["location"]["range"]["start"]["line"] < found["range"]["start"]["line"]


def test_what_is_no_capability_is_left_alone(editor: Editor) -> None:
    assert editor.open("apiVersion: v1\nkind: [\n") == []
    assert editor.change("apiVersion: v1\nkind: Pod\nunknown: {}\n") == []
    assert editor.list_actions("apiV|ersion", only=["source.fixAll"]) == []
    assert editor.complete_at("apiVersion: v1\nki|") == []
    assert "missing-key" in codes(editor.change("naftiko: 1.0.0-alpha2\n"))


def test_comments_and_configurations_have_their_say(editor: Editor) -> None:
    wrong = TEXT.replace("{TOKEN: REGISTRY_TOKEN}", "{TOKEN: REGISTRY_TOKEN, OTHER: OTHER}")
    (found,) = editor.open(wrong)
    assert (found["code"], found["tags"]) == ("unused-binding", [1])
    assert editor.change(wrong.replace("OTHER: OTHER}", "OTHER: OTHER}  # naftiko: ignore[unused-binding]")) == []
    assert codes(editor.change(wrong)) == ["unused-binding"]
    configuration = editor.folder / "naftiko.toml"
    configuration.write_text('ignore = ["unused-binding"]', encoding="utf-8")
    event = {"uri": configuration.as_uri(), "type": 1}
    editor.notify("workspace/didChangeWatchedFiles", {"changes": [event]})
    assert editor.wait_diagnostics("capability.yaml") == []
    configuration.write_text("ignore = 1", encoding="utf-8")
    editor.notify("workspace/didChangeWatchedFiles", {"changes": [event]})
    assert codes(editor.wait_diagnostics("capability.yaml")) == ["unused-binding"]
    assert "naftiko.toml" in editor.wait_notification("window/showMessage")["message"]


def test_the_texts_of_open_documents_count(editor: Editor) -> None:
    assert editor.open(TEXT) == []
    assert editor.open(CREWS, "crews.yaml") == []
    editor.write(CREWS.replace("name: add", "name: enrol"), "crews.yaml")
    (first, second) = editor.wait_diagnostics("capability.yaml")
    assert codes([first, second]) == ["unresolved-call"] * 2
    assert editor.change(CREWS, "crews.yaml") == []
    assert editor.wait_diagnostics("capability.yaml") == []
    editor.write(CREWS.replace("name: add", "name: enrol"), "crews.yaml")
    assert len(editor.wait_diagnostics("capability.yaml")) == 2
    editor.close("crews.yaml")  # what is on the disk counts again
    assert editor.wait_diagnostics("capability.yaml") == []
    (editor.folder / "crews.yaml").write_text(CREWS.replace("name: add", "name: enlist"), encoding="utf-8")
    editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": editor.make_uri("crews.yaml"), "type": 2}]})
    assert len(editor.wait_diagnostics("capability.yaml")) == 2


def test_a_finding_in_an_imported_document_is_shown_at_the_import(editor: Editor) -> None:
    editor.open(CREWS.replace("  - type: http\n", "  - type: http\n    baseUri: [\n"), "crews.yaml")
    found = next(found for found in editor.open(TEXT) if found["code"] == "yaml-syntax")
    assert found["range"]["start"] == {"line": 19, "character": 16}
    (related,) = found["relatedInformation"]
    assert related["location"]["uri"] == editor.make_uri("crews.yaml")
    assert related["location"]["range"]["start"]["line"] > 0


def test_a_document_is_checked_once_after_typing(editor: Editor) -> None:
    editor.open(TEXT)
    for length in range(1, len("gte") + 1):
        editor.write(TEXT.replace("call: registry.get", f"call: registry.{'gte'[:length]}"))
    notification = editor.wait_notification("textDocument/publishDiagnostics")
    assert notification["version"] == 4
    assert codes(notification["diagnostics"]) == ["unresolved-call"]


def test_changes_of_files_are_asked_for(tmp_path: Path) -> None:
    with Editor(tmp_path, {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}) as editor:
        (registration,) = editor.wait_notification("client/registerCapability")["registrations"]
    assert registration["method"] == "workspace/didChangeWatchedFiles"


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
          inputParameters: [{name: what, type: string}]
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
    assert editor.complete_at(TEXT.replace("- type: rest", "- type: |")) == ["rest", "mcp"]
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


# -- actions ------------------------------------------------------------------------------------------------------


def test_a_quick_fix_writes_what_fix_would(editor: Editor) -> None:
    editor.open(TEXT.replace("port: 9090", "prot: 9090"))
    action = next(action for action in editor.list_actions("pr|ot: 9090") if action.get("isPreferred"))
    assert action["kind"] == "quickfix"
    assert editor.apply_action(action) == TEXT


def test_a_finding_can_be_ignored_where_it_stands(editor: Editor) -> None:
    wrong = TEXT.replace("port: 8080", "port: 8080\n      colour: red")
    assert codes(editor.open(wrong)) == ["unknown-key"]
    (ignore,) = (action for action in editor.list_actions("col|our: red") if action["title"].startswith("Ignore"))
    text = editor.apply_action(ignore)
    assert "colour: red  # naftiko: ignore[unknown-key]\n" in text
    assert editor.change(text) == []


def test_a_finding_is_ignored_from_above_where_a_comment_would_be_text(editor: Editor) -> None:
    text = TEXT.replace("port: 8080", "port: 8080\n      colour: |\n        red")
    editor.open(text)
    (ignore,) = (
        action for action in editor.list_actions("col|our: ", only=["quickfix"]) if "Ignore" in action["title"]
    )
    assert editor.change(editor.apply_action(ignore)) == []


def test_another_name_joins_those_that_are_ignored(editor: Editor) -> None:
    line = "      colour: red  # naftiko: ignore[unused-input]"
    editor.open(TEXT.replace("      port: 8080", f"      port: 8080\n{line}"))
    ignore = next(action for action in editor.list_actions("col|our: red") if "unknown-key" in action["title"])
    assert "ignore[unused-input, unknown-key]" in editor.apply_action(ignore)


def test_all_is_fixed_when_it_is_asked_for(editor: Editor) -> None:
    wrong = TEXT.replace("port: 9090", "prot: 9090").replace("authentication:", "auth:")
    assert codes(editor.open(wrong)) == ["non-standard-key", "missing-key", "misspelt-key"]
    (action,) = editor.list_actions("naf|tiko", only=["source.fixAll"])
    assert action["kind"] == "source.fixAll.naftiko"
    assert editor.apply_action(action) == TEXT
    assert [a["kind"] for a in editor.list_actions("naf|tiko")] == []  # where the edit would be made each time
    editor.change(TEXT)
    assert editor.list_actions("naf|tiko", only=["source.fixAll"]) == []


def test_edits_are_found_when_an_action_is_chosen(tmp_path: Path) -> None:
    (tmp_path / "crews.yaml").write_text(CREWS, encoding="utf-8")
    able = {
        "textDocument": {"codeAction": {"resolveSupport": {"properties": ["edit"]}}},
        "workspace": {"workspaceEdit": {"documentChanges": True}},
    }
    with Editor(tmp_path, able) as editor:
        editor.open(TEXT.replace("port: 9090", "prot: 9090"))
        (action,) = editor.list_actions("naf|tiko")
        assert (action["kind"], "edit" in action) == ("source.fixAll.naftiko", False)
        (change,) = editor.request("codeAction/resolve", action)["edit"]["documentChanges"]
        assert change["textDocument"] == {"uri": editor.make_uri("capability.yaml"), "version": 1}
        assert [edit["newText"].strip() for edit in change["edits"]] == ["port: 9090"]
        (ignore,) = (a for a in editor.list_actions("pr|ot: 9090") if a["title"].startswith("Ignore"))
        (change,) = editor.request("codeAction/resolve", ignore)["edit"]["documentChanges"]
        assert [edit["newText"].strip() for edit in change["edits"]] == ["# naftiko: ignore[misspelt-key]"]
        editor.write(TEXT)
        assert "edit" not in editor.request("codeAction/resolve", action)


def test_it_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    with Editor(tmp_path) as editor:
        editor.open(TEXT)
        editor.write(TEXT + "# more")
        assert editor.request("shutdown", None) is None
        editor.notify("exit", None)
        assert editor.process.wait(10) == 0


# -- a large document ---------------------------------------------------------------------------------------------


def large(operations: int) -> str:
    """The document with so many operations more, each with a route that calls it."""
    consumed = "".join(
        f"""\
        - path: /things{number}/{{id}}
          operations:
            - name: thing{number}
              inputParameters: [{{name: id, in: path}}]
"""
        for number in range(operations)
    )
    exposed = "".join(
        f"""\
        - path: /things{number}/{{id}}
          operations:
            - method: GET
              call: registry.thing{number}
              with:
                id: web.id
"""
        for number in range(operations)
    )
    before, between, after = TEXT.partition("    - import: crews\n")
    routes, mcp, rest = after.partition("    - type: mcp\n")
    return before + consumed + between + routes + exposed + mcp + rest


def test_a_keystroke_in_a_large_document_does_not_wait_for_its_check(editor: Editor) -> None:
    text = large(500)
    assert editor.open(text) == []
    before = len(editor.asked)
    assert "registry.thing250" in editor.complete_at(
        text.replace("call: registry.thing250\n", "call: registry.thing25|\n")
    )
    assert [message for message in editor.asked[before:] if "Diagnostics" in str(message.get("method"))] == []
    assert codes(editor.wait_diagnostics("capability.yaml")) == ["unused-operation"]
    assert editor.complete_at(text.replace("                id: web.id\n", "                |\n", 1)) == ["id"]


def test_a_keystroke_reads_no_import_that_is_as_it_was(editor: Editor) -> None:
    editor.open(TEXT)
    crews = editor.folder / "crews.yaml"
    known = crews.stat()
    crews.write_text(CREWS.replace("name: add", "name: ddd"), encoding="utf-8")
    os.utime(crews, ns=(known.st_atime_ns, known.st_mtime_ns))  # nobody can see that it is another one now
    assert editor.change(TEXT + "# more") == []
    os.utime(crews, ns=(known.st_atime_ns, known.st_mtime_ns + 1))
    assert codes(editor.change(TEXT)) == ["unresolved-call"] * 2
