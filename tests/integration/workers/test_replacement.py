"""Workers that end are replaced, and those that cannot start end the program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.caller import RawConnection, call, make_head
from support.command import make_clean_environment, run_naftiko
from support.upstream import Gate, Reply
from support.workers_gateway import DOCUMENT, MANY, WorkersGateway, at_once, exists, soon

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.upstream import Upstream


def files(pid: int) -> int:
    """How many a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


# -- workers that end -------------------------------------------------------------------------------------------------


def test_a_worker_that_is_killed_is_replaced(workers_gateway: WorkersGateway) -> None:
    pid = workers_gateway.kill(1)
    line = workers_gateway.wait_log_line("worker ended", pid=pid)
    assert (line["worker"], line["status"]) == (1, -9)
    workers_gateway.until(lambda: len(workers_gateway.find_log_lines("worker started")) == 3)
    assert workers_gateway.pids()[1] != pid
    assert {response.status for response in at_once(workers_gateway.url, "/x")} == {200}
    assert call(workers_gateway.urls["control"], "/health/ready").status == 200
    assert workers_gateway.stop() == 0


def test_one_that_ends_again_and_again_is_replaced_later_each_time(workers_gateway: WorkersGateway) -> None:
    for number in range(3):
        workers_gateway.until(lambda number=number: len(workers_gateway.find_log_lines("worker started")) == 2 + number)  # type: ignore[misc]
        workers_gateway.kill(2)
    assert [line["restart_seconds"] for line in workers_gateway.find_log_lines("worker ended")] == [0.1, 0.2, 0.4]
    workers_gateway.until(lambda: len(workers_gateway.find_log_lines("worker started")) == 5)


def test_others_take_over_its_callers_until_there_is_another(workers_gateway: WorkersGateway) -> None:
    with workers_gateway.without_room():
        workers_gateway.kill(1)
        assert workers_gateway.wait_log_line("worker not started")["reason"] == "Too many open files"
        assert {response.status for response in at_once(workers_gateway.url, "/x")} == {200}
        assert call(workers_gateway.urls["control"], "/health/ready").status == 503
        assert call(workers_gateway.urls["control"], "/health/live").status == 200
    workers_gateway.until(lambda: len(workers_gateway.find_log_lines("worker started")) == 3)
    assert call(workers_gateway.urls["control"], "/health/ready").status == 200
    with workers_gateway.without_room():  # now the one that took over is gone, and the new one takes over from it
        workers_gateway.kill(2)
        workers_gateway.wait_log_line("worker not started", worker=2)
        assert {response.status for response in at_once(workers_gateway.url, "/x")} == {200}


def test_who_took_over_gives_back(workers_gateway: WorkersGateway) -> None:
    heir = workers_gateway.pids()[2]
    before = files(heir)
    with workers_gateway.without_room():
        workers_gateway.kill(1)
        assert soon(lambda: files(heir) == before + 1)
    workers_gateway.until(lambda: len(workers_gateway.find_log_lines("worker started")) == 3)
    assert soon(lambda: files(heir) == before)


def test_a_worker_that_is_asked_to_end_loses_no_request(workers_gateway: WorkersGateway, upstream: Upstream) -> None:
    gate = Gate()
    upstream.on("GET", "/x", Reply(before=gate.wait))
    with ExitStack() as stack:
        raws = [stack.enter_context(RawConnection(workers_gateway.url)) for _ in range(MANY)]
        for raw in raws:
            raw.send(make_head("GET /x"))
        upstream.wait_received(MANY)
        leaver = workers_gateway.pids()[1]
        os.kill(leaver, signal.SIGTERM)
        upstream.on("GET", "/x", Reply())
        assert {response.status for response in at_once(workers_gateway.url, "/x")} == {200}  # by the other one alone
        assert exists(leaver)
        gate.open()
        assert {raw.read_response().status for raw in raws} == {200}
    assert workers_gateway.wait_log_line("worker ended", pid=leaver)["status"] == 0
    workers_gateway.until(lambda: len(workers_gateway.find_log_lines("worker started")) == 3)
    assert workers_gateway.stop() == 0


def test_what_no_worker_can_start_with_ends_the_program(start: Callable[..., WorkersGateway]) -> None:
    gateway = start()
    with gateway:
        pass
    gateway.keep("line\nbreak")
    ended = run_naftiko("run", gateway.file, "--host", "127.0.0.1", "--port", "web=0", "--workers", "2")
    alone = run_naftiko("run", gateway.file, "--host", "127.0.0.1", "--port", "web=0")
    assert (ended.returncode, alone.returncode) == (1, 1)
    assert ended.stderr == alone.stderr
    assert "error[unusable-variable]" in ended.stderr


PROGRAM = """
import os, signal
from pathlib import Path
from naftiko_runtime.loading import load
from naftiko_runtime.secret import make_placeholders
from naftiko_runtime.workers.supervisor import serve_with_workers
from naftiko_runtime.workers.worker import WorkerHooks
from naftiko_runtime.workers.worker_handle import WorkerError
from naftiko_runtime.server.capability_to_serve import ServedCapability
from naftiko_runtime.server.settings import ServerSettings
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.sandbox_responses import SandboxTransport

plan = load(Path({file!r}), Overrides({{}}, {{}}, 0, "127.0.0.1")).plan
jobs = [ServedCapability(plan, make_placeholders(plan), lambda: SandboxTransport({{}}))]
settings = ServerSettings(workers=2)
try:
    serve_with_workers(jobs, settings, print, lambda: jobs, WorkerHooks(lambda number: {ending}, print))
except WorkerError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "was ended by SIGSEGV before it could serve"),
        ("1 / 0", "ended with status 70 before it could serve"),
    ],
)
def test_workers_that_crash_at_the_start_end_the_program(
    workers_gateway: WorkersGateway, ending: str, words: str
) -> None:
    workers_gateway.write(DOCUMENT.replace("port: 8080", "port: 0"))
    program = PROGRAM.format(file=str(workers_gateway.file), ending=ending)
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env=make_clean_environment(),
    )
    assert ended.stdout in (f"worker 1 {words}\n", f"worker 2 {words}\n")


def test_workers_that_cannot_be_started_end_the_program(workers_gateway: WorkersGateway) -> None:
    workers_gateway.write(DOCUMENT.replace("port: 8080", "port: 0"))
    no_room = "import errno, os\ndef fork(): raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))\nos.fork = fork\n"
    program = no_room + PROGRAM.format(file=str(workers_gateway.file), ending="None")
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env=make_clean_environment(),
    )
    assert ended.stdout == "worker 1 cannot be started: Resource temporarily unavailable\n"
