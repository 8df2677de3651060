"""Findings in an editor, and the quick fixes for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from support.editor import Editor
from support.lsp_documents import CREWS, TEXT, codes

if TYPE_CHECKING:
    from pathlib import Path


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
