"""Rounds that are more than load: idle connections, starts, long runs."""

import http
import resource
import threading
from concurrent.futures import ThreadPoolExecutor, wait

from bench.contenders import Running, Setup
from bench.load import Load, LoadError, Round, run_load, run_wrk
from bench.transfers import connect, receive_response

IDLE_WANTED = 1000
LONG_REQUESTS = 500_000
LONG_ROUND_SECONDS = 10
SPINNING = 2
SCRIPT_PROCESSES = 4
SPIN = b"GET /v1/spin HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


def run_among_idle(running: Running, setup: Setup, load: Load) -> Round:
    """Load, then let it open many connections to the upstream and leave them idle, then load again."""
    before = run_load(running, setup, load)
    opened = _open_idle(running, setup)
    after = run_load(running, setup, load)
    figures = {
        "idle_connections": opened,
        "cpu_us_per_request": before.figures["cpu_us_per_request"],
        "cpu_us_among_idle": after.figures["cpu_us_per_request"],
        "requests_per_second": before.figures["requests_per_second"],
        "rss_mb": after.figures["rss_mb"],
    }
    return Round(figures, {kind: before.errors[kind] + after.errors[kind] for kind in before.errors})


def run_beside_scripts(running: Running, setup: Setup, load: Load) -> Round:
    """Load, then the same load while two callers let scripts spin without a pause.

    All processes for scripts have started before, and each has run a script that spins.
    """
    failed: list[int] = []

    def spin_once() -> None:
        caller = connect(running.port)
        try:
            caller.sendall(SPIN)
            if receive_response(caller)[0] != http.HTTPStatus.GATEWAY_TIMEOUT:
                failed.append(1)
        finally:
            caller.close()

    spinning = threading.Event()
    spinning.set()

    def spin() -> None:
        while spinning.is_set():
            spin_once()

    with ThreadPoolExecutor(SCRIPT_PROCESSES) as callers:
        wait([callers.submit(spin_once) for _ in range(SCRIPT_PROCESSES)])
        before = run_load(running, setup, load)
        spins = [callers.submit(spin) for _ in range(SPINNING)]
        try:
            after = run_load(running, setup, load)
        finally:
            spinning.clear()
        for one in spins:
            one.result()
    figures = {
        "p99_ms": before.figures["p99_ms"],
        "p99_beside_ms": after.figures["p99_ms"],
        "requests_per_second": before.figures["requests_per_second"],
        "requests_beside": after.figures["requests_per_second"],
        "rss_mb": after.figures["rss_mb"],
    }
    errors = {kind: before.errors[kind] + after.errors[kind] for kind in before.errors}
    return Round(figures, errors | {"spin": len(failed)})


def run_beside_direct(running: Running, setup: Setup, load: Load) -> Round:
    """Load, then the same load on the upstream itself; the difference of the medians is the added latency."""
    one = run_load(running, setup, load)
    script = running.process.log.with_suffix(".lua")
    direct = run_wrk(setup.upstream.port, running.checks.uri, script, setup.cores, load)
    one.figures["direct_p50_ms"] = direct["p50_us"] / 1e3
    one.figures["added_p50_ms"] = one.figures["p50_ms"] - one.figures["direct_p50_ms"]
    return one


def _open_idle(running: Running, setup: Setup) -> int:
    """Request slow responses all at once; each uses a connection to the upstream, and leaves it idle at its end."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    request = b"GET /v1/slow HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    callers = [connect(running.port) for _ in range(IDLE_WANTED)]
    try:
        for caller in callers:
            caller.sendall(request)
        for caller in callers:
            if receive_response(caller)[0] != http.HTTPStatus.OK:
                raise LoadError("a slow response did not arrive")
    finally:
        for caller in callers:
            caller.close()
    return setup.upstream.connections()


def measure_start(running: Running, _setup: Setup, _load: Load) -> Round:
    """Measure how long a new process takes until its first response."""
    figures = {
        "ready_ms": running.ready_seconds * 1e3,
        "ready_cpu_ms": running.ready_cpu_seconds * 1e3,
        "rss_mb": running.process.rss_bytes() / 1e6,
    }
    return Round(figures, {"ended": int(running.process.exited())})


def run_long(running: Running, setup: Setup, load: Load) -> Round:
    """Send 500,000 requests, and compare the memory after them with that after the first second."""
    run_load(running, setup, load)
    figures = {"rss_mb": running.process.rss_bytes() / 1e6}
    requests, errors = 0, dict[str, int]()
    while requests < LONG_REQUESTS:
        one = run_load(running, setup, Load(LONG_ROUND_SECONDS, load.connections))
        requests += int(one.figures["requests"])
        errors = {kind: errors.get(kind, 0) + count for kind, count in one.errors.items()}
        if running.process.exited():
            break
    figures |= {"requests": requests, "rss_after_mb": running.process.rss_bytes() / 1e6}
    return Round(figures, errors)
