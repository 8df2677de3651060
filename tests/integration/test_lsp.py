"""The language server as a process, driven as an editor does."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import pytest

from support.command import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
    - namespace: registry
      baseUri: https://registry.example
      resources: [{path: "/ships/{imo}", operations: [{name: get, inputParameters: [{name: imo, in: path}]}]}]
  exposes:
    - type: mcp
      namespace: tools
      description: Ships
      port: 9090
      tools:
        - name: get
          description: "Gets 😀"
          call: registry.gte
"""


class Editor:
    """A client of the server: messages framed by their length."""

    def __init__(self, folder: Path) -> None:
        self.uri = (folder / "capability.yaml").as_uri()
        self._ids = count(1)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "naftiko_runtime", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=clean_environment(),
        )

    def __enter__(self) -> Self:
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self.tell("initialized", {})
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        stream = self.process.stdout
        assert stream is not None
        length = 0
        while (line := stream.readline().strip()) or not length:
            assert line or length, "the server ended"
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return dict(json.loads(stream.read(length)))

    def tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        while (message := self._receive()).get("id") != number:
            pass
        assert "error" not in message, message
        return message["result"]

    def found(self) -> list[dict[str, Any]]:
        """The findings that are told next."""
        while (message := self._receive()).get("method") != "textDocument/publishDiagnostics":
            pass
        return list(message["params"]["diagnostics"])

    def open(self, text: str) -> list[dict[str, Any]]:
        document = {"uri": self.uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return self.found()

    def change(self, text: str, version: int) -> list[dict[str, Any]]:
        document = {"uri": self.uri, "version": version}
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})
        return self.found()

    def at(self, method: str, line: int, character: int, **more: Any) -> Any:
        place = {"textDocument": {"uri": self.uri}, "position": {"line": line, "character": character}}
        return self.ask(f"textDocument/{method}", place | more)


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    with Editor(tmp_path) as running:
        yield running


def test_findings_come_and_go(editor: Editor) -> None:
    (found,) = editor.open(TEXT)
    assert (found["code"], found["severity"], found["source"]) == ("unresolved-call", 1, "naftiko")
    assert found["range"] == {"start": {"line": 14, "character": 16}, "end": {"line": 14, "character": 28}}
    assert "did you mean 'registry.get'?" in found["message"]
    assert editor.change(TEXT.replace("gte", "get"), 2) == []
    (syntax,) = editor.change(TEXT + "  - [", 3)
    assert syntax["code"] == "yaml-syntax"
    editor.tell("textDocument/didClose", {"textDocument": {"uri": editor.uri}})
    assert editor.found() == []


def test_what_is_asked_of_places(editor: Editor) -> None:
    editor.open(TEXT)
    assert "unresolved-call" in editor.at("hover", 14, 20)["contents"]["value"]
    sound = TEXT.replace("gte", "get")
    editor.change(sound, 2)
    assert "GET https://registry.example/ships/{imo}" in editor.at("hover", 14, 20)["contents"]["value"]
    assert editor.at("hover", 0, 0) is None
    target = editor.at("definition", 14, 20)
    assert (target["uri"], target["range"]["start"]["line"]) == (editor.uri, 5)
    assert editor.at("definition", 0, 0) is None
    editor.change(sound.replace("call: registry.get", "call: [reg") + "          ca", 3)  # no YAML at the moment
    assert [item["label"] for item in editor.at("completion", 14, 20)] == ["registry.get"]
    editor.change(sound.replace("call: registry.get", "call: reg"), 4)
    assert [item["label"] for item in editor.at("completion", 14, 19)] == ["registry.get"]
    editor.change(sound + "          with:\n            i", 5)
    assert [item["label"] for item in editor.at("completion", 16, 13)] == ["imo"]
    editor.change(sound + "          la", 6)
    assert "label" in {item["label"] for item in editor.at("completion", 15, 12)}


def test_a_quick_fix_writes_what_fix_would(editor: Editor) -> None:
    editor.open(TEXT.replace("gte", "get").replace("      port: 9090", "      prot: 9090"))
    place = {"start": {"line": 10, "character": 7}, "end": {"line": 10, "character": 7}}
    document = {"textDocument": {"uri": editor.uri}, "range": place, "context": {"diagnostics": []}}
    (action,) = [a for a in editor.ask("textDocument/codeAction", document) if a["kind"] == "quickfix"]
    (edit,) = action["edit"]["changes"][editor.uri]
    assert edit["newText"] == "port"
    assert edit["range"] == {"start": {"line": 10, "character": 6}, "end": {"line": 10, "character": 10}}


def test_it_ends_when_it_is_asked_to(editor: Editor) -> None:
    assert editor.ask("shutdown", None) is None
    editor.tell("exit", None)
    assert editor.process.wait(10) == 0
