"""Several processes that start and stop as one service."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.caller import RawConnection, call, is_refusing, make_head
from support.command import run_naftiko
from support.gateway import Gateway
from support.upstream import Gate, Reply
from support.workers_gateway import JSON, MANY, WorkersGateway, at_once, exists, soon, threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.upstream import Upstream


def gone(pid: int) -> bool:
    return soon(lambda: not exists(pid))


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# -- one program ------------------------------------------------------------------------------------------------------


def test_workers_serve_and_log_as_one_program(workers_gateway: WorkersGateway, upstream: Upstream) -> None:
    upstream.on("GET", "/odd", Reply(headers=JSON, body=b"{"))
    assert {response.status for response in at_once(workers_gateway.url, "/odd")} == {502}
    workers_gateway.until(lambda: len(workers_gateway.find_log_lines("response not decoded")) == MANY)
    lines = workers_gateway.find_log_lines("response not decoded")
    pids = workers_gateway.pids()
    assert {line["worker"] for line in lines} == set(pids) == {1, 2}
    assert {(line["worker"], line["pid"]) for line in lines} == set(pids.items())
    assert sorted(children(workers_gateway.process.pid)) == sorted(pids.values())
    assert threads(workers_gateway.process.pid) == 1  # or it could not fork safely
    (started,) = workers_gateway.find_log_lines("started")
    assert (started["workers"], len(workers_gateway.find_log_lines("listening"))) == (2, 2)
    assert workers_gateway.stop() == 0
    assert [line["event"] for line in workers_gateway.lines[-2:]] == ["stopping", "stopped"]
    assert all(isinstance(json.loads(line), dict) for line in workers_gateway.output.splitlines())


def test_one_worker_is_the_process_itself(start: Callable[..., WorkersGateway]) -> None:
    with start("--workers", "1") as gateway:
        assert call(gateway.url, "/x").status == 200
        assert children(gateway.process.pid) == []
        assert not gateway.find_log_lines("worker started")
        assert "workers" not in gateway.wait_log_line("started")


def test_auto_is_one_for_each_core_that_it_may_use(start: Callable[..., WorkersGateway]) -> None:
    with start("--workers", "auto", preexec_fn=lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})) as one:
        assert children(one.process.pid) == []


def test_the_variable_says_how_many(documents: Path, upstream: Upstream) -> None:
    arguments = ("--base-uri", f"api={upstream.url}")
    named = {"NAFTIKO_WORKERS": "3"}
    with Gateway(documents / "mcp.yaml", ["web", "tools"], *arguments, environment=named) as gateway:
        assert len(children(gateway.process.pid)) == 3
        assert {response.status for response in at_once(gateway.urls["web"], "/things")} == {200}
        assert gateway.stop() == 0


@pytest.mark.parametrize("given", ["0", "-1", "257", "two", "1.5"])
def test_wrong_numbers_are_reported(pixel: Path, given: str) -> None:
    ended = run_naftiko("run", pixel, "--workers", given)
    assert (ended.returncode, f"'{given}' is neither a number from 1 to 256" in ended.stderr) == (2, True)


def test_a_port_that_other_workers_have_is_taken(workers_gateway: WorkersGateway) -> None:
    port = workers_gateway.url.rpartition(":")[2]
    options = ("--host", "127.0.0.1", "--port", f"web={port}", "--workers", "2")
    ended = run_naftiko("run", workers_gateway.file, *options)
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        f"error: cannot listen on 127.0.0.1:{port} for rest expose 'web': Address already in use\n"
    )


# -- stopping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_parent_drains_all(
    workers_gateway: WorkersGateway, upstream: Upstream, number: signal.Signals
) -> None:
    gate = Gate()
    upstream.on("GET", "/x", Reply(headers=JSON, body=b'"slow"', before=gate.wait))
    with ThreadPoolExecutor(MANY) as pool:
        calls = [pool.submit(call, workers_gateway.url, "/x") for _ in range(MANY)]
        upstream.wait_received(MANY)
        workers_gateway.process.send_signal(number)
        assert workers_gateway.wait_log_line("stopping")["signal"] == number.name
        assert is_refusing(workers_gateway.url)
        assert call(workers_gateway.urls["control"], "/health/ready").status == 503
        assert call(workers_gateway.urls["control"], "/health/live").status == 200
        gate.open()
        responses = [each.result() for each in calls]
    assert {(response.status, response.body, response.headers["connection"]) for response in responses} == {
        (200, b'"slow"', "close")
    }
    assert workers_gateway.wait() == 0
    assert workers_gateway.wait_log_line("stopped")["cut_off"] == 0


def test_readiness_falls_while_all_still_accept(start: Callable[..., WorkersGateway]) -> None:
    with start("--control", "127.0.0.1:0", "--grace", "60", "--linger", "60") as workers_gateway:
        workers_gateway.process.send_signal(signal.SIGTERM)
        workers_gateway.wait_log_line("stopping")
        control = workers_gateway.urls["control"]
        assert {response.status for response in at_once(control, "/health/ready", 10)} == {503}
        responses = at_once(workers_gateway.url, "/x")
        assert {(response.status, response.headers.get("connection")) for response in responses} == {(200, "close")}
        assert workers_gateway.stop() == 0  # a second one does not wait
        workers_gateway.wait_log_line("second signal: stopping at once")


def test_what_is_cut_off_anywhere_is_counted(start: Callable[..., WorkersGateway], upstream: Upstream) -> None:
    upstream.on("GET", "/x", Reply(until_gone=True))
    with start("--grace", "0.5") as workers_gateway, ExitStack() as stack:
        raws = [stack.enter_context(RawConnection(workers_gateway.url)) for _ in range(MANY)]
        for raw in raws:
            raw.send(make_head("GET /x"))
        upstream.wait_received(MANY)
        assert workers_gateway.stop() == 1
        assert all(raw.wait_closed() for raw in raws)
    assert workers_gateway.wait_log_line("stopped")["cut_off"] == MANY


def test_ctrl_c_which_comes_to_all_is_one_signal(start: Callable[..., WorkersGateway], upstream: Upstream) -> None:
    gate = Gate()
    upstream.on("GET", "/x", Reply(before=gate.wait))
    with start(start_new_session=True) as workers_gateway, RawConnection(workers_gateway.url) as raw:
        raw.send(make_head("GET /x"))
        upstream.wait_received(1)
        os.killpg(workers_gateway.process.pid, signal.SIGINT)
        assert is_refusing(workers_gateway.url)
        gate.open()
        assert raw.read_response().status == 200
        assert workers_gateway.wait() == 0
    assert len(workers_gateway.find_log_lines("stopping")) == 1
    assert not workers_gateway.find_log_lines("second signal: stopping at once", "worker ended")


def test_a_terminate_to_all_is_one_drain(start: Callable[..., WorkersGateway], upstream: Upstream) -> None:
    gate = Gate()
    upstream.on("GET", "/x", Reply(before=gate.wait))
    with start(start_new_session=True) as workers_gateway, ExitStack() as stack:
        raws = [stack.enter_context(RawConnection(workers_gateway.url)) for _ in range(MANY)]
        for raw in raws:
            raw.send(make_head("GET /x"))
        upstream.wait_received(MANY)
        os.killpg(workers_gateway.process.pid, signal.SIGTERM)
        assert is_refusing(workers_gateway.url)
        gate.open()
        assert {raw.read_response().status for raw in raws} == {200}
        assert workers_gateway.wait() == 0
    assert workers_gateway.wait_log_line("stopped")["cut_off"] == 0


def test_a_worker_that_ignores_the_drain_is_killed(start: Callable[..., WorkersGateway]) -> None:
    with start("--grace", "0") as workers_gateway:
        stuck = workers_gateway.pids()[2]
        os.kill(stuck, signal.SIGSTOP)
        assert workers_gateway.stop() == 1  # nobody knows what it has cut off
        assert not exists(stuck)
    assert workers_gateway.wait_log_line("worker does not respond")["worker"] == 2
    assert workers_gateway.wait_log_line("worker ended")["status"] == -9


def test_workers_end_with_a_parent_that_is_killed(workers_gateway: WorkersGateway, upstream: Upstream) -> None:
    gate = Gate()
    upstream.on("GET", "/x", Reply(before=gate.wait))
    workers = workers_gateway.pids().values()
    with RawConnection(workers_gateway.url) as raw:
        raw.send(make_head("GET /x"))
        upstream.wait_received(1)
        workers_gateway.process.kill()
        assert is_refusing(workers_gateway.url)
        assert any(map(exists, workers))
        gate.open()
        assert raw.read_response().status == 200
    assert all(map(gone, workers))
    workers_gateway.wait()
    assert {line["worker"] for line in workers_gateway.find_log_lines("the supervisor has ended: stopping")} == {1, 2}
