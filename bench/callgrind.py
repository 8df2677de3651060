"""A server under valgrind's callgrind: counts the instructions that it executes between two points in time.

Callgrind counts every instruction of the process (without the kernel) and simulates nothing else here. It is switched
on when the server is warm, because the program runs four times as fast without it.
"""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

from bench import debian_programs
from bench.instruction_cases import HOST, Caller, Case, Upstream
from bench.process import Process, StartError

START_SECONDS = 120.0
POLL_SECONDS = 0.1
COMMAND_SECONDS = 60.0
WARM_UP_REQUESTS = 60
SETTLING_REQUESTS = 20
IDLE_SECONDS = 3.0
# Makes the order of sets and dictionaries, and so the work, the same in every run.
ENVIRONMENT = {"PYTHONHASHSEED": "0"}


class CallgrindError(Exception):
    """Callgrind did not obey a command."""


@dataclass(slots=True)
class CountedServer:
    """A Python server whose instructions can be counted."""

    process: Process
    folder: Path
    dumps: int = field(default=0, init=False)

    @classmethod
    def start(cls, command: Sequence[str], folder: Path) -> Self:
        """Start the server without counting, with its files in `folder`."""
        folder.mkdir()
        valgrind = [debian_programs.find("valgrind") or "valgrind", "--tool=callgrind", "--instr-atstart=no"]
        valgrind += [f"--callgrind-out-file={folder}/counts", f"--vgdb-prefix={folder}/vgdb"]
        cores = frozenset(os.sched_getaffinity(0))
        return cls(Process.start([*valgrind, *command], cores, folder / "log", ENVIRONMENT), folder)

    def wait_listening(self, ports: Iterable[int]) -> None:
        """Wait until the server accepts connections on all of these ports."""
        deadline = time.monotonic() + START_SECONDS
        for port in ports:
            while not _is_listening(port):
                if self.process.exited() or time.monotonic() > deadline:
                    raise StartError(f"nothing listens on port {port}:\n{self.process.log_tail()}")
                time.sleep(POLL_SECONDS)

    def count_per_request(self, ports: Mapping[Case, int], upstream: Upstream, requests: int) -> dict[str, float]:
        """Return the mean instructions for one request of each case, after a warm-up.

        The server's work of each second is subtracted, because more seconds pass on a busy machine.
        """
        upstream.respond_only_while_idle(self.process)
        for case, port in ports.items():
            with Caller.connect(case, port, upstream, self.process) as caller:
                caller.send_requests(WARM_UP_REQUESTS)
        self._send_command("instrumentation on")
        idle, seconds = self._count(partial(time.sleep, IDLE_SECONDS))
        idle_per_second = idle / seconds
        counts: dict[str, float] = {}
        for case, port in ports.items():
            with Caller.connect(case, port, upstream, self.process) as caller:
                caller.send_requests(SETTLING_REQUESTS)
                counted, seconds = self._count(partial(caller.send_requests, requests))
            counts[case.name] = (counted - seconds * idle_per_second) / requests
        return counts

    def _count(self, workload: Callable[[], None]) -> tuple[int, float]:
        """Return the instructions during a call of `does`, and its seconds."""
        self._send_command("zero")
        began = time.monotonic()
        workload()
        seconds = time.monotonic() - began
        self._send_command("dump")
        self.dumps += 1
        return read_total(Path(f"{self.folder}/counts.{self.dumps}").read_text()), seconds

    def _send_command(self, command: str) -> None:
        vgdb = [debian_programs.find("vgdb") or "vgdb", f"--vgdb-prefix={self.folder}/vgdb", *command.split()]
        try:
            subprocess.run(vgdb, check=True, capture_output=True, timeout=COMMAND_SECONDS)
        except (OSError, subprocess.SubprocessError) as error:
            raise CallgrindError(f"vgdb {command}: {error}\n{self.process.log_tail()}") from error


def _is_listening(port: int) -> bool:
    try:
        socket.create_connection((HOST, port)).close()
    except ConnectionRefusedError:
        return False
    return True


def read_total(dump: str) -> int:
    """Return the sum over all functions, which is in a line at the end of a dump."""
    for line in reversed(dump.splitlines()):
        if line.startswith("totals:"):
            return int(line.split()[1])
    raise CallgrindError("a dump has no totals")
