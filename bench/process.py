"""Processes on chosen cores, with the CPU seconds and resident bytes of their trees."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn, Self

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 6.0
PROC = Path("/proc")


class StartError(Exception):
    """A server did not start; the message contains the end of its log."""


@dataclass(frozen=True, slots=True)
class Cores:
    """The cores of the server under test, and those of the load and the upstream."""

    server: frozenset[int]
    load: frozenset[int]
    pinned: bool

    @classmethod
    def choose(cls) -> Self:
        """Choose the last core for the server and the others for the load; with one core, pin nothing."""
        available = os.sched_getaffinity(0)
        if len(available) == 1:
            return cls(frozenset(available), frozenset(available), pinned=False)
        server = frozenset({max(available)})
        return cls(server, frozenset(available - server), pinned=True)


def run_program(main: Callable[[], int], stopped: str) -> NoReturn:
    """Exit with the status of a program, and clean up after SIGINT or SIGTERM.

    Args:
        main: The program.
        stopped: Printed after a signal, and the status is 130.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        sys.exit(130)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Ignore further signals, so that they do not interrupt the clean-up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextlib.contextmanager
def run_on_cores(cores: frozenset[int]) -> Iterator[None]:
    """Run what is started inside on these cores from its first instruction: affinity is inherited."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def find_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Process:
    """A started program with its log; its children are measured and stopped with it."""

    popen: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, command: Sequence[str], cores: frozenset[int], log: Path, env: Mapping[str, str]) -> Self:
        """Start a program in a session of its own: Ctrl-C reaches only the bench, and the group can be stopped."""
        with log.open("wb") as out, run_on_cores(cores):
            popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env={**os.environ, "NO_PROXY": "*", **env},
                start_new_session=True,
            )
        return cls(popen, log)

    def exited(self) -> bool:
        """Return whether it has ended; it is not reaped, so its id and group are not reused before `stop`."""
        if self.popen.returncode is not None:
            return True
        return os.waitid(os.P_PID, self.popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def sleeping(self) -> bool:
        """Return whether its first thread sleeps."""
        return (PROC / str(self.popen.pid) / "stat").read_text().rpartition(")")[2].split()[0] == "S"

    def log_tail(self, lines: int = 8) -> str:
        """Return the last lines of its output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def cpu_seconds(self) -> float:
        """Return the user and system time of the tree, including children that have ended."""
        return sum(sum(_read_stat(pid)[11:15]) for pid in _list_tree(self.popen.pid)) / TICKS_PER_SECOND

    def rss_bytes(self) -> int:
        """Return the resident memory of the tree; shared pages count once for each process."""
        return sum(_read_stat(pid)[21] for pid in _list_tree(self.popen.pid)) * os.sysconf("SC_PAGE_SIZE")

    def reset_peak(self) -> None:
        """Reset `peak_bytes`."""
        for pid in _list_tree(self.popen.pid):
            (PROC / str(pid) / "clear_refs").write_text("5")

    def peak_bytes(self) -> int:
        """Return the sum of the peak resident memory of each process since `forget_peak`."""
        return sum(_read_peak(pid) for pid in _list_tree(self.popen.pid))

    def stop(self) -> None:
        """Send SIGTERM, then SIGKILL to the rest of its group."""
        if self.popen.returncode is not None:
            return
        self.popen.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while not self.exited() and time.monotonic() < deadline:
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()


def _read_stat(pid: int) -> list[int]:
    """Read /proc/PID/stat from field 3 on, zeros if it ended: [1] ppid, [11:15] CPU ticks, [21] resident pages."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return [0] * 50
    return [0, *(int(field) for field in text.rpartition(")")[2].split()[1:])]


def _read_peak(pid: int) -> int:
    """Read `VmHWM` in bytes; 0 if it ended."""
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def _list_tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            children.setdefault(_read_stat(int(entry.name))[1], []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        found.append(todo.pop())
        todo.extend(children.get(found[-1], ()))
    return found


@dataclass(frozen=True, slots=True)
class CoreTime:
    """Seconds since boot that some cores spent in processes, and that the hypervisor took."""

    busy: float
    stolen: float

    @classmethod
    def read(cls, cores: frozenset[int]) -> Self:
        """Read the counters, without interrupts: the load causes those of the loopback interface."""
        busy = stolen = 0
        for line in (PROC / "stat").read_text().splitlines():
            name, _, rest = line.partition(" ")
            if name.startswith("cpu") and name[3:].isdecimal() and int(name[3:]) in cores:
                user, nice, system, _idle, _iowait, _irq, _softirq, steal = (int(n) for n in rest.split()[:8])
                busy, stolen = busy + user + nice + system, stolen + steal
        return cls(busy / TICKS_PER_SECOND, stolen / TICKS_PER_SECOND)

    def since(self, before: "CoreTime") -> "CoreTime":
        """Return the difference between two readings."""
        return CoreTime(self.busy - before.busy, self.stolen - before.stolen)
