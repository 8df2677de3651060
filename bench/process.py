"""Processes on chosen cores, and the kernel's account of them: CPU seconds and resident bytes of a tree."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn, Self

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 6.0
PROC = Path("/proc")


class StartError(Exception):
    """A server did not come up; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Cores:
    """The cores of the server under test, and those of the load and the upstream."""

    server: frozenset[int]
    load: frozenset[int]
    pinned: bool

    @classmethod
    def choose(cls) -> Self:
        """The last core for the server and the others for the load; no pinning on one core."""
        available = os.sched_getaffinity(0)
        if len(available) == 1:
            return cls(frozenset(available), frozenset(available), pinned=False)
        server = frozenset({max(available)})
        return cls(server, frozenset(available - server), pinned=True)


def stop_in_order() -> None:
    """Let SIGINT and SIGTERM raise `KeyboardInterrupt`, once."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)


def _interrupted(_number: int, _frame: FrameType | None) -> NoReturn:
    """Later signals do not break the cleaning up, which is bounded."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextlib.contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """What is started inside runs on these cores from its first instruction: affinity is inherited."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Process:
    """A started program with its log; its children are counted with it and stopped with it."""

    popen: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, command: Sequence[str], cores: frozenset[int], log: Path, env: Mapping[str, str]) -> Self:
        """Start in a session of its own: Ctrl-C reaches the bench alone, and the group can be stopped."""
        with log.open("wb") as out, on_cores(cores):
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
        """Whether it has ended; it is not reaped here, so its id and group stay its own until `stop`."""
        if self.popen.returncode is not None:
            return True
        return os.waitid(os.P_PID, self.popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def sleeping(self) -> bool:
        """Whether its first thread waits for something."""
        return (PROC / str(self.popen.pid) / "stat").read_text().rpartition(")")[2].split()[0] == "S"

    def log_tail(self, lines: int = 8) -> str:
        """The end of what it has printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def cpu_seconds(self) -> float:
        """User and system time of the tree, ended and reaped children included."""
        return sum(sum(_stat(pid)[11:15]) for pid in _tree(self.popen.pid)) / TICKS_PER_SECOND

    def rss_bytes(self) -> int:
        """Resident memory of the tree; pages that its processes share count once for each."""
        return sum(_stat(pid)[21] for pid in _tree(self.popen.pid)) * os.sysconf("SC_PAGE_SIZE")

    def forget_peak(self) -> None:
        """Let `peak_bytes` begin anew."""
        for pid in _tree(self.popen.pid):
            (PROC / str(pid) / "clear_refs").write_text("5")

    def peak_bytes(self) -> int:
        """The sum of the most that each process of the tree had resident since `forget_peak`."""
        return sum(_high_water(pid) for pid in _tree(self.popen.pid))

    def stop(self) -> None:
        """SIGTERM, then SIGKILL for whatever of its group is left."""
        if self.popen.returncode is not None:
            return
        self.popen.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while not self.exited() and time.monotonic() < deadline:
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()


def _stat(pid: int) -> list[int]:
    """Fields 3 on of /proc/PID/stat, zeros if it ended: [1] ppid, [11:15] CPU ticks, [21] resident pages."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return [0] * 50
    return [0, *(int(field) for field in text.rpartition(")")[2].split()[1:])]


def _high_water(pid: int) -> int:
    """`VmHWM` in bytes, 0 if it ended."""
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            children.setdefault(_stat(int(entry.name))[1], []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        found.append(todo.pop())
        todo.extend(children.get(found[-1], ()))
    return found


@dataclass(frozen=True, slots=True)
class CoreTime:
    """Seconds some cores have spent so far in processes, and taken by the hypervisor, since boot."""

    workload: float
    stolen: float

    @classmethod
    def read(cls, cores: frozenset[int]) -> Self:
        """Interrupts are left out of `work`: the loopback's are the load's doing, not a process's."""
        workload = stolen = 0
        for line in (PROC / "stat").read_text().splitlines():
            name, _, rest = line.partition(" ")
            if name.startswith("cpu") and name[3:].isdecimal() and int(name[3:]) in cores:
                user, nice, system, _idle, _iowait, _irq, _softirq, steal = (int(n) for n in rest.split()[:8])
                workload, stolen = workload + user + nice + system, stolen + steal
        return cls(workload / TICKS_PER_SECOND, stolen / TICKS_PER_SECOND)

    def since(self, before: "CoreTime") -> "CoreTime":
        """What has passed between two readings."""
        return CoreTime(self.workload - before.workload, self.stolen - before.stolen)
