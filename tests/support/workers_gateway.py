"""The real program with ``--workers``, and what can be seen of its processes."""

from __future__ import annotations

import json
import os
import resource
import signal
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from support.caller import DEADLINE_SECONDS, RawConnection, make_head
from support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.caller import Response

MANY = 40
"""Connections enough for both of two workers to get some."""
JSON = {"content-type": "application/json"}
DOCUMENT = """
    naftiko: 1.0.0-alpha2
    info: {label: Together}
    capability:
      binds:
        - {namespace: kept, location: "file://./secrets.json", keys: {TOKEN: token}}
      consumes:
        - type: http
          namespace: api
          baseUri: https://api.example
          authentication: {type: bearer, token: "{{TOKEN}}"}
          resources:
            - {path: /x, operations: [{name: get}]}
            - {path: /odd, operations: [{name: odd}]}
      exposes:
        - type: rest
          namespace: web
          port: 8080
          resources:
            - {path: /x, operations: [{method: GET, call: api.get}]}
            - path: /odd
              operations: [{method: GET, call: api.odd, outputParameters: [{type: string, mapping: $.a}]}]
"""


class WorkersGateway(Gateway):
    """Two workers, in a folder of their own."""

    def __init__(self, folder: Path, url: str, *arguments: str, **options: Any) -> None:
        self.folder = folder
        self.file = folder / "capability.yaml"
        self.keep("first-secret")
        self.write(DOCUMENT)
        base = ("--base-uri", f"api={url}", "--workers", "2", *arguments)
        super().__init__(self.file, ["web"], *base, **options)

    def keep(self, token: str) -> None:
        (self.folder / "secrets.json").write_text(json.dumps({"token": token}))

    def write(self, document: str) -> None:
        self.file.write_text(dedent(document))

    @property
    def url(self) -> str:
        return self.urls["web"]

    def pids(self) -> dict[int, int]:
        """The process of each worker that was started last."""
        return {line["worker"]: line["pid"] for line in self.find_log_lines("worker started")}

    def find_log_lines(self, *events: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line.get("event") in events]

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on the log lines holds."""
        with self._told:
            assert self._told.wait_for(condition, DEADLINE_SECONDS), self.output

    def kill(self, worker: int) -> int:
        """Kill a worker, and wait until its parent knows; returns its process id."""
        pid = self.pids()[worker]
        os.kill(pid, signal.SIGKILL)
        self.wait_log_line("worker ended", pid=pid)
        return pid

    def without_room(self) -> ParentWithoutRoom:
        return ParentWithoutRoom(self.process.pid)

    def reload(self, event: str = "reloaded") -> dict[str, Any]:
        before = len(self.find_log_lines("reloaded", "not reloaded"))
        self.process.send_signal(signal.SIGHUP)
        self.until(lambda: len(self.find_log_lines("reloaded", "not reloaded")) > before)
        last = self.find_log_lines("reloaded", "not reloaded")[-1]
        assert last["event"] == event, self.output
        return last


class ParentWithoutRoom:
    """A process that cannot open another file for as long as this is entered, so that it cannot start workers."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)

    def __enter__(self) -> None:
        resource.prlimit(self._pid, resource.RLIMIT_NOFILE, (3, self._limits[1]))

    def __exit__(self, *_: object) -> None:
        resource.prlimit(self._pid, resource.RLIMIT_NOFILE, self._limits)


def at_once(url: str, target: str, number: int = MANY) -> list[Response]:
    """Return the responses on as many connections, all open together."""
    with ExitStack() as stack:
        raws = [stack.enter_context(RawConnection(url)) for _ in range(number)]
        for raw in raws:
            raw.send(make_head(f"GET {target}"))
        return [raw.read_response() for raw in raws]


def exists(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def soon(condition: Callable[[], bool]) -> bool:
    """Whether something becomes true, which may take a moment."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds


def threads(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())
