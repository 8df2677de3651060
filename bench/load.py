"""One round of load on one contender: wrk with one thread and keep-alive, and counters before and after.

Requests per second and latency are wrk's. CPU time is that of the server's process tree in /proc, divided by the number
of responses. Latency is that of a closed loop: the next request of a connection waits for the response to the last.
"""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import debian_programs
from bench.client import write_wrk_script
from bench.contenders import Running, Setup
from bench.process import Cores, CoreTime, run_on_cores

SPARE_SECONDS = 20
WARM_SECONDS = 1
ERROR_KINDS = ("connect", "read", "write", "status", "timeout")


class LoadError(Exception):
    """wrk printed no result."""


@dataclass(frozen=True, slots=True)
class Load:
    """The amount of load."""

    seconds: int
    connections: int


@dataclass(frozen=True, slots=True)
class Round:
    """The figures of one round.

    Shares (`server_core_share`, …) are shares of one core over the round; those of cores are missing if nothing is
    pinned.
    """

    figures: dict[str, float]
    errors: dict[str, int]

    @property
    def error_count(self) -> int:
        """The number of errors of all kinds."""
        return sum(self.errors.values())


LoadPattern = Callable[[Running, Setup, Load], Round]


def run_load(running: Running, setup: Setup, load: Load) -> Round:
    pinned = setup.cores.pinned and not running.contender.everywhere
    cores, upstream = setup.cores, setup.upstream
    script = running.process.log.with_suffix(".lua")
    script.write_text(write_wrk_script(running.checks.load))
    arrived, cpu = upstream.requests(), running.process.cpu_seconds()
    server_core, load_core = CoreTime.read(cores.server), CoreTime.read(cores.load)
    wrk = run_wrk(running.port, running.checks.load.target, script, cores, load)
    server_core = CoreTime.read(cores.server).since(server_core)
    load_core = CoreTime.read(cores.load).since(load_core)
    cpu, arrived = running.process.cpu_seconds() - cpu, upstream.requests() - arrived - 1
    seconds, requests = wrk["duration_us"] / 1e6, wrk["requests"]
    errors = {kind: wrk[kind] for kind in ERROR_KINDS}
    # A successful response without a request to the upstream was made up, or came from a cache.
    errors["unforwarded"] = max(0, (requests - errors["status"]) * running.checks.calls - arrived)
    # A response that is shorter than the checked one is an error with status 200.
    errors["short"] = max(0, requests - errors["status"] - wrk["bytes"] // running.response_bytes)
    errors["ended"] = int(running.process.exited())
    figures = {
        "requests": requests,
        "requests_per_second": requests / seconds,
        "p50_ms": wrk["p50_us"] / 1e3,
        "p99_ms": wrk["p99_us"] / 1e3,
        "p999_ms": wrk["p999_us"] / 1e3,
        "max_ms": wrk["max_us"] / 1e3,
        "cpu_us_per_request": cpu * 1e6 / requests if requests else 0.0,
        "server_core_share": cpu / seconds,
        "stolen_share": server_core.stolen / seconds,
        "rss_mb": running.process.rss_bytes() / 1e6,
    }
    if pinned:
        figures["other_core_share"] = max(0.0, server_core.busy - cpu) / seconds
        figures["load_core_share"] = load_core.busy / seconds / len(cores.load)
    return Round(figures, errors)


def run_wrk(port: int, target: str, script: Path, cores: Cores, load: Load) -> dict[str, int]:
    """Run wrk and return its counters.

    Raises:
        LoadError: It printed none.
    """
    program = debian_programs.find("wrk") or "wrk"
    command = [program, "--threads", "1", "--connections", str(load.connections)]
    command += [
        "--duration",
        f"{load.seconds}s",
        "--timeout",
        "5s",
        "--script",
        str(script),
        f"http://127.0.0.1:{port}{target}",
    ]
    limit = load.seconds + SPARE_SECONDS
    with run_on_cores(cores.load):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit)
        except subprocess.TimeoutExpired as error:
            raise LoadError(f"wrk did not end within {limit} s") from error
    for line in done.stdout.splitlines():
        if line.startswith("BENCH "):
            counters: dict[str, int] = json.loads(line.removeprefix("BENCH "))
            return counters
    raise LoadError(f"wrk ended with {done.returncode}: {(done.stderr or done.stdout).strip()}")
