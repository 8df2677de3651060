"""``naftiko lsp`` as a process, driven as an editor does."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count
from threading import Timer
from typing import TYPE_CHECKING, Any, Self

from support.command import make_clean_environment

if TYPE_CHECKING:
    from pathlib import Path


_SECONDS = 30


class Editor:
    """A client of the server: messages framed by their length.

    Args:
        folder: Where its documents are.
        capabilities: What it says that it can do.
    """

    def __init__(self, folder: Path, capabilities: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self.capabilities = capabilities or {}
        self.texts: dict[str, str] = {}
        self.asked: list[dict[str, Any]] = []
        """Requests and notifications of the server, except findings."""
        self._versions: dict[str, int] = {}
        self._ids = count(1)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "naftiko_runtime", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=make_clean_environment(),
        )

    def __enter__(self) -> Self:
        asked = {"processId": None, "rootUri": None, "capabilities": self.capabilities}
        self.server = self.request("initialize", asked)["capabilities"]
        self.notify("initialized", {})
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()

    # -- messages -------------------------------------------------------------------------------------------------

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        watchdog = Timer(_SECONDS, self.process.kill)
        watchdog.start()
        try:
            return self._read_message()
        finally:
            watchdog.cancel()

    def _read_message(self) -> dict[str, Any]:
        stream = self.process.stdout
        assert stream is not None
        length = 0
        while (line := stream.readline().strip()) or not length:
            assert line or length, "the server ended, or was silent for too long"
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return dict(json.loads(stream.read(length)))

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def request(self, method: str, params: Any) -> Any:
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        while (message := self._receive()).get("id") != number or "method" in message:
            self.asked.append(message)
        assert "error" not in message, message
        return message["result"]

    def wait_notification(self, method: str) -> Any:
        """The parameters of the next message of a method that the server sends."""
        while (message := self._receive()).get("method") != method:
            self.asked.append(message)
        return message["params"]

    # -- documents ------------------------------------------------------------------------------------------------

    def make_uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def wait_diagnostics(self, name: str) -> list[dict[str, Any]]:
        """The next findings of a document's current text."""
        while True:
            notification = self.wait_notification("textDocument/publishDiagnostics")
            if notification["uri"] == self.make_uri(name) and notification.get("version") in (
                self._versions.get(name),
                None,
            ):
                return list(notification["diagnostics"])

    def open(self, text: str, name: str = "capability.yaml") -> list[dict[str, Any]]:
        self.texts[name], self._versions[name] = text, 1
        document = {"uri": self.make_uri(name), "languageId": "yaml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return self.wait_diagnostics(name)

    def write(self, text: str, name: str = "capability.yaml") -> None:
        """Change a document without waiting for its findings."""
        self.texts[name] = text
        self._versions[name] += 1
        document = {"uri": self.make_uri(name), "version": self._versions[name]}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def change(self, text: str, name: str = "capability.yaml") -> list[dict[str, Any]]:
        self.write(text, name)
        return self.wait_diagnostics(name)

    def close(self, name: str) -> None:
        del self._versions[name]
        self.notify("textDocument/didClose", {"textDocument": {"uri": self.make_uri(name)}})

    def close_all(self) -> None:
        for name in list(self._versions):
            self.close(name)
        self.texts.clear()
        self.asked.clear()

    # -- places ---------------------------------------------------------------------------------------------------

    def request_at(self, method: str, mark: str, name: str = "capability.yaml", **more: Any) -> Any:
        """Send a request about the position of the ``|`` in a part of a document's text."""
        return self.request(f"textDocument/{method}", self.find_position(mark, name) | more)

    def find_position(self, mark: str, name: str) -> dict[str, Any]:
        before, _, after = mark.partition("|")
        text = self.texts[name]
        assert text.count(before + after) == 1, f"{mark!r} is there {text.count(before + after)} times"
        rows = text[: text.index(before + after) + len(before)].split("\n")
        place = {"line": len(rows) - 1, "character": len(rows[-1].encode("utf-16-le")) // 2}
        return {"textDocument": {"uri": self.make_uri(name)}, "position": place}

    def complete_at(self, mark: str, name: str = "capability.yaml") -> list[str]:
        """Change a document to a text with a ``|`` in it, and complete there."""
        before, _, after = mark.partition("|")
        self.write(before + after, name)
        rows = before.split("\n")
        place = {"line": len(rows) - 1, "character": len(rows[-1].encode("utf-16-le")) // 2}
        asked = {"textDocument": {"uri": self.make_uri(name)}, "position": place}
        return [item["label"] for item in self.request("textDocument/completion", asked)]

    def find_definition(self, mark: str, name: str = "capability.yaml") -> str | None:
        """The text at the definition of the name at a mark, with the file if that is another one."""
        found = self.request_at("definition", mark, name)
        if found is None:
            return None
        where = next((known for known in self.texts if self.make_uri(known) == found["uri"]), "")
        path = found["uri"].rpartition("/")[2]
        text = self.texts[where] if where else (self.folder / path).read_text(encoding="utf-8")
        start, end = found["range"]["start"], found["range"]["end"]
        line = text.split("\n")[start["line"]]
        said = line[start["character"] : end["character"] if end["line"] == start["line"] else None]
        return f"{start['line'] + 1}: {said}" if where == name else f"{path}:{start['line'] + 1}: {said}"

    def list_actions(
        self, mark: str, name: str = "capability.yaml", only: list[str] | None = None
    ) -> list[dict[str, Any]]:
        place = self.find_position(mark, name)["position"]
        context: dict[str, Any] = {"diagnostics": []} | ({"only": only} if only is not None else {})
        document = {
            "textDocument": {"uri": self.make_uri(name)},
            "range": {"start": place, "end": place},
            "context": context,
        }
        return list(self.request("textDocument/codeAction", document))

    def apply_action(self, action: dict[str, Any], name: str = "capability.yaml") -> str:
        """A document's text after an action."""
        lines = self.texts[name].split("\n")
        for edit in sorted(action["edit"]["changes"][self.make_uri(name)], key=lambda e: str(e["range"]), reverse=True):
            start, end = edit["range"]["start"], edit["range"]["end"]
            behind = lines[end["line"]][end["character"] :] if end["line"] < len(lines) else ""
            text = lines[start["line"]][: start["character"]] + edit["newText"] + behind
            lines[start["line"] : end["line"] + 1] = text.split("\n")
        return "\n".join(lines)
