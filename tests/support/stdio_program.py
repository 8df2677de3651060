"""The real program over its standard input and output, one JSON message a line."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, Self

from support.command import make_clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ANSWER_SECONDS: Final = 30
VERSION: Final = "2026-07-28"
ENVELOPE: Final = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientCapabilities": {},
}


def make_request(identity: int | str, method: str, **params: Any) -> dict[str, Any]:
    """A request of a revision with a handshake."""
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}


def make_enveloped(identity: int | str, method: str, **params: Any) -> dict[str, Any]:
    """A request of the stateless revision."""
    return make_request(identity, method, **params | {"_meta": ENVELOPE | params.get("_meta", {})})


class StdioProgram:
    """``naftiko run … --stdio`` as its client sees it; leaving it closes its input and waits for its end.

    Attributes:
        process: The process.
        errors: All it wrote to standard error; whole once it has ended.
        unexpected: What it wrote to standard output that is no JSON message.
    """

    def __init__(
        self, *arguments: str, environment: Mapping[str, str] | None = None, command: Sequence[str] | None = None
    ) -> None:
        self.process = subprocess.Popen(
            [*(command or (sys.executable, "-m", "naftiko_runtime")), "run", *arguments],
            env=make_clean_environment(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.errors = ""
        self.unexpected: list[bytes] = []
        self._messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._told = threading.Condition()
        self._threads = [threading.Thread(target=self._read), threading.Thread(target=self._read_errors)]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                self._messages.put(json.loads(line))
            except ValueError:
                self.unexpected.append(line)
        self._messages.put(None)

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._told:
                self.errors += line.decode()
                self._told.notify_all()

    def send(self, *messages: Any) -> None:
        """Write messages: values as JSON, bytes as they are."""
        assert self.process.stdin is not None
        for message in messages:
            self.process.stdin.write(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def read(self) -> Any:
        """The next message; None at the end of the output."""
        return self._messages.get(timeout=ANSWER_SECONDS)

    def ask(self, message: Any) -> Any:
        """Send a message and return the next one that comes."""
        self.send(message)
        return self.read()

    def initialize(self, version: str = "2025-11-25") -> Any:
        """Do the handshake; return the result."""
        client = {"name": "test", "version": "1"}
        hello = make_request(0, "initialize", protocolVersion=version, capabilities={}, clientInfo=client)
        response = self.ask(hello)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return response["result"]

    def end_input(self) -> int:
        """Close its input; return the exit status once it has ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.wait()

    def wait_error(self, text: str) -> None:
        """Wait until standard error has a text."""
        with self._told:
            assert self._told.wait_for(lambda: text in self.errors, ANSWER_SECONDS), self.errors

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; return the exit status once it has ended."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """The exit status once it has ended; all output has been read by then."""
        status = self.process.wait(ANSWER_SECONDS)
        for thread in self._threads:
            thread.join()
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.process.poll() is None:
                self.end_input()
        finally:
            self.process.kill()
            self.wait()
            for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
                if stream is not None and not stream.closed:
                    stream.close()
        assert not self.unexpected, self.unexpected
