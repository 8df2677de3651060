"""`make soak`: mixed calls whose callers sometimes leave; the server's resources are afterwards as they were.

    python bench/soak.py [--calls N]

REST routes, tools, resources and prompts are called in both eras of MCP over many connections. Three of a hundred
callers leave: without reading, or in the middle of a request. A tenth of the calls is a warm-up. Memory, tasks, sockets
and other files of the server are compared after the warm-up and at the end, both times without connections.
Everything is on 127.0.0.1 and removed at the end.
Exit code 0: as before; 1: more than before, or wrong responses.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.documents import ROOT
from bench.process import StartError, find_free_port, run_program
from bench.soak_calls import HOST, Call, Tally, Upstream, WrongResponseError, call_at_random, list_calls

CALLS = 200_000
CALLERS = 24
START_SECONDS = 60.0
SETTLE_SECONDS = 60.0
MAX_GROWTH_MB = 8.0
"""Of the resident memory: the allocator keeps free pages, and takes some more for a while after the warm-up."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What a process has."""

    memory_mb: float
    tasks: int
    sockets: int
    files: int

    def __str__(self) -> str:
        """Format it for a line of the output."""
        return f"{self.memory_mb:.1f} MB, {self.tasks} tasks, {self.sockets} sockets, {self.files} other files"


class SoakError(Exception):
    """The server has more than before."""


class Server:
    """The server, which tells how many tasks it has."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def count(self) -> Resources:
        """Return what it has now."""
        assert self._process.stdin is not None  # noqa: S101 - for the type
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(b"\n")
        tasks = int(await self._process.stdout.readline())
        folder = Path("/proc") / str(self._process.pid)
        links = [_read_link(link) for link in (folder / "fd").iterdir()]
        sockets = sum(link.startswith("socket:") for link in links)
        pages = int((folder / "statm").read_text().split()[1])
        return Resources(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, tasks, sockets, len(links) - sockets)

    async def count_settled(self) -> Resources:
        """Return what it has when its sockets and tasks no longer change."""
        last = await self.count()
        for _ in range(int(SETTLE_SECONDS)):
            await asyncio.sleep(1)
            now = await self.count()
            if (now.tasks, now.sockets, now.files) == (last.tasks, last.sockets, last.files):
                return now
            last = now
        raise SoakError(f"the server does not come to rest: {last}")

    def stop(self) -> None:
        """Let it end."""
        if self._process.returncode is None:
            self._process.terminate()


def _read_link(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:  # closed meanwhile
        return ""


async def start_server(upstream: int, log: Path) -> tuple[Server, list[Call]]:
    web, tools = find_free_port(), find_free_port()
    arguments = ["--host", HOST, "--base-uri", f"registry=http://{HOST}:{upstream}"]
    arguments += ["--port", f"web={web}", "--port", f"tools={tools}"]
    program = [sys.executable, str(ROOT / "bench/soak_server.py"), "run", str(ROOT / "bench/soak.yaml"), *arguments]
    pipe = asyncio.subprocess.PIPE
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(*program, stdin=pipe, stdout=pipe, stderr=out)
    deadline = time.monotonic() + START_SECONDS
    for port in (web, tools):
        while not await _is_listening(port):
            if process.returncode is not None or time.monotonic() > deadline:
                raise StartError(f"nothing listens on port {port}; the log: {_read_tail(log)}")
            await asyncio.sleep(0.05)
    return Server(process), list_calls(web, tools)


def _read_tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


async def _is_listening(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


async def make_calls(calls: list[Call], number: int, seed: int) -> Tally:
    tally = Tally(number)
    async with asyncio.TaskGroup() as group:
        for caller in range(CALLERS):
            group.create_task(call_at_random(calls, tally, seed + caller))
    return tally


async def soak(number: int, log: Path) -> None:
    """Raise `SoakError` if the server has more at the end than after the warm-up."""
    upstream = Upstream()
    server, calls = await start_server(await upstream.start(), log)
    with ExitStack() as stack:
        stack.callback(server.stop)
        found: list[Resources] = []
        for part, seed in ((number // 10, 0), (number - number // 10, CALLERS)):
            began = time.monotonic()
            tally = await make_calls(calls, part, seed)
            upstream.close_connections()
            found.append(await server.count_settled())
            seconds = time.monotonic() - began
            print(f"{part:,} calls in {seconds:.0f} s, {tally.gone:,} callers left: {found[-1]}", flush=True)
        for name, times in sorted(tally.done.items()):
            print(f"  {times:>8,} {name}")
        check(*found)


def check(before: Resources, after: Resources) -> None:
    grown = [
        f"{name}: {old} before, {new} after"
        for name, old, new in (
            ("tasks", before.tasks, after.tasks),
            ("sockets", before.sockets, after.sockets),
            ("other files", before.files, after.files),
            ("memory in MB", before.memory_mb + MAX_GROWTH_MB, after.memory_mb),
        )
        if new > old
    ]
    if grown:
        raise SoakError("; ".join(grown))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=CALLS, help=f"how many; {CALLS:,} without it")
    chosen = parser.parse_args()
    problems = ""
    with tempfile.TemporaryDirectory(prefix="naftiko-soak-") as folder:
        log = Path(folder) / "log"
        try:
            asyncio.run(soak(chosen.calls, log))
        except* (SoakError, StartError, WrongResponseError, OSError, EOFError) as group:
            problems = "\n".join(map(str, group.exceptions))
    if problems:
        print(f"soak: {problems}", file=sys.stderr)
        return 1
    print("as before")
    return 0


if __name__ == "__main__":
    run_program(main, "soak: stopped before the end")
