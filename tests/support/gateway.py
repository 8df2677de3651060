"""The real program as a process: started on free ports, called over real sockets, stopped by real signals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from support.command import make_clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_START_SECONDS = 30
_LINE_SECONDS = 15


class Program:
    """A process that logs as ``naftiko run`` does; entering waits until it has started, leaving stops it.

    Attributes:
        lines: Its structured log lines, as they come.
        output: All it wrote to standard error.
        printed: All it wrote to standard output; known once it has ended.
        urls: By exposed namespace (and ``control``), where it listens; an MCP URL ends in ``/mcp``.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], **options: Any) -> None:
        """Start it; ``options`` are those of :class:`subprocess.Popen`."""
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            **options,
        )
        self.lines: list[dict[str, Any]] = []
        self.output = ""
        self.printed = ""
        self.urls: dict[str, str] = {}
        self._started = threading.Event()
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.output += line
            try:
                event = json.loads(line)
            except ValueError:
                continue
            with self._told:
                self.lines.append(event)
                self._told.notify_all()
            if event.get("event") == "listening":
                self.urls[event.get("namespace", event["kind"])] = event["url"]
            if event.get("event") == "started":
                self._started.set()
        self._started.set()

    def __enter__(self) -> Self:
        started = self._started.wait(_START_SECONDS)
        if not started or (self.process.poll() is not None and not self.urls):
            self.process.kill()
            status = self.wait()
            raise AssertionError(f"did not start, exit status {status}:\n{self.output}")
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.wait()
        finally:
            self.process.kill()

    def wait_log_line(self, event: str, **fields: Any) -> dict[str, Any]:
        """The latest log line of an event in which these fields have these values, once there is one."""

        def found() -> dict[str, Any] | None:
            wanted = {"event": event, **fields}
            return next((line for line in reversed(self.lines) if wanted.items() <= line.items()), None)

        with self._told:
            line = self._told.wait_for(found, _LINE_SECONDS)
        assert line is not None, f"no log line {event!r} {fields} in:\n{self.output}"
        return line

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on the log lines holds."""
        with self._told:
            assert self._told.wait_for(condition, _LINE_SECONDS), self.output

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; returns the exit status, once it has ended."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self, seconds: float = 40) -> int:
        """The exit status, once it has ended; all output has been read by then."""
        status = self.process.wait(seconds)
        self._reader.join()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        if not self.process.stdout.closed:
            self.printed = self.process.stdout.read()
            self.process.stdout.close()
            self.process.stderr.close()
        return status


NAFTIKO: Final = (sys.executable, "-m", "naftiko_runtime")
SERVERS: Final = {"own": NAFTIKO, "uvicorn": (sys.executable, str(Path(__file__).parent / "uvicorn_listener.py"))}
"""How the program is started, by the HTTP server that runs its applications."""


class Gateway(Program):
    """``naftiko run FILE`` with every expose on a free port of 127.0.0.1."""

    server: ClassVar[str] = "own"
    """Of those that are started without a command of their own; tests that run under both servers change it."""

    def __init__(
        self,
        file: Path,
        namespaces: Sequence[str],
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
        **options: Any,
    ) -> None:
        ports = [part for namespace in namespaces for part in ("--port", f"{namespace}=0")]
        super().__init__(
            [*(command or SERVERS[self.server]), "run", str(file), "--host", "127.0.0.1", *ports, *arguments],
            make_clean_environment(environment),
            **options,
        )
