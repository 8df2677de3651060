"""``--workers``: several processes that start, serve, reload and stop as one service, even if some of them fail."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.authentication.digest import compute_digest, compute_response, parse_fields
from support.caller import DEADLINE_SECONDS, RawConnection, call, is_refusing, make_head
from support.command import make_clean_environment, run_naftiko
from support.gateway import Gateway
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.caller import Response
    from support.upstream import Upstream

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


@pytest.fixture
def start(tmp_path: Path, upstream: Upstream) -> Callable[..., WorkersGateway]:
    return lambda *arguments, **options: WorkersGateway(tmp_path, upstream.url, *arguments, **options)


@pytest.fixture
def workers_gateway(start: Callable[..., WorkersGateway]) -> Iterator[WorkersGateway]:
    with start("--control", "127.0.0.1:0", "--linger", "0") as running:
        yield running


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


def gone(pid: int) -> bool:
    return soon(lambda: not exists(pid))


def files(pid: int) -> int:
    """How many a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def threads(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())


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
from naftiko_runtime.sandbox_transport import SandboxTransport

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


# -- reading anew -----------------------------------------------------------------------------------------------------


def tokens(workers_gateway: WorkersGateway, upstream: Upstream) -> set[str | None]:
    """What the upstream is shown by all workers."""
    upstream.reset()
    assert {response.status for response in at_once(workers_gateway.url, "/x")} == {200}
    return {received.header("authorization") for received in upstream.received}


def test_all_workers_serve_what_is_new(workers_gateway: WorkersGateway, upstream: Upstream) -> None:
    with ExitStack() as stack:
        raws = [stack.enter_context(RawConnection(workers_gateway.url)) for _ in range(MANY)]
        for raw in raws:
            raw.send(make_head("GET /x"))
            raw.read_response()
        assert {received.header("authorization") for received in upstream.received} == {"Bearer first-secret"}
        workers_gateway.keep("second-secret")
        workers_gateway.write(DOCUMENT.replace("{path: /x, operations: [{method", "{path: /y, operations: [{method"))
        assert workers_gateway.reload()["operations"] == 2
        upstream.reset()
        for raw in raws:  # connections that were open before
            raw.send(make_head("GET /x") + make_head("GET /y"))
            assert [raw.read_response().status, raw.read_response().status] == [404, 200]
        assert {received.header("authorization") for received in upstream.received} == {"Bearer second-secret"}
    assert len(workers_gateway.find_log_lines("reloaded")) == 1
    upstream.on("GET", "/odd", Reply(headers=JSON, body=b"second-secret"))
    at_once(workers_gateway.url, "/odd")
    assert workers_gateway.stop() == 0
    assert "second-secret" not in workers_gateway.output
    assert {line["worker"] for line in workers_gateway.find_log_lines("response not decoded")} == {1, 2}


def test_a_worker_that_starts_later_serves_the_new_deployment(
    workers_gateway: WorkersGateway, upstream: Upstream
) -> None:
    workers_gateway.keep("second-secret")
    workers_gateway.reload()
    for worker in (1, 2):
        workers_gateway.kill(worker)
    workers_gateway.until(lambda: len(workers_gateway.find_log_lines("worker started")) == 4)
    assert tokens(workers_gateway, upstream) == {"Bearer second-secret"}
    assert threads(workers_gateway.process.pid) == 1


def test_what_is_wrong_changes_no_worker(workers_gateway: WorkersGateway, upstream: Upstream) -> None:
    workers_gateway.keep("second-secret")
    workers_gateway.write(DOCUMENT.replace("call: api.get", "call: api.gte"))
    assert "no consumed operation 'api.gte'" in workers_gateway.reload("not reloaded")["reason"]
    assert tokens(workers_gateway, upstream) == {"Bearer first-secret"}
    workers_gateway.write(DOCUMENT)
    workers_gateway.keep("line\nbreak")  # the parent can read it, no worker can send it
    assert "unusable-variable" in workers_gateway.reload("not reloaded")["reason"]
    assert tokens(workers_gateway, upstream) == {"Bearer first-secret"}
    workers_gateway.keep("third-secret")
    workers_gateway.reload()
    assert tokens(workers_gateway, upstream) == {"Bearer third-secret"}
    assert len(workers_gateway.find_log_lines("worker started")) == 2


def test_none_changes_before_all_can_and_no_request_is_lost(
    start: Callable[..., WorkersGateway], upstream: Upstream
) -> None:
    with start("--log-level", "debug") as workers_gateway:
        stopped = workers_gateway.pids()[2]
        for number in range(1, 21):
            before = tokens(workers_gateway, upstream)
            workers_gateway.keep(f"secret-number-{number}")
            os.kill(stopped, signal.SIGSTOP)
            with ExitStack() as stack:
                stack.callback(os.kill, stopped, signal.SIGCONT)
                workers_gateway.process.send_signal(signal.SIGHUP)
                workers_gateway.until(
                    lambda number=number: len(workers_gateway.find_log_lines("reload prepared")) == 2 * number - 1  # type: ignore[misc]
                )
                raws = [stack.enter_context(RawConnection(workers_gateway.url)) for _ in range(MANY)]
                upstream.reset()
                for raw in raws:
                    raw.send(make_head("GET /x"))
                upstream.wait_received(1)
                assert {upstream.last.header("authorization")} == before
                os.kill(stopped, signal.SIGCONT)
                assert {raw.read_response().status for raw in raws} == {200}
            workers_gateway.until(lambda number=number: len(workers_gateway.find_log_lines("reloaded")) == number)  # type: ignore[misc]
            assert tokens(workers_gateway, upstream) == {f"Bearer secret-number-{number}"}


def test_a_stop_does_not_wait_for_what_is_being_read(workers_gateway: WorkersGateway) -> None:
    secrets = workers_gateway.folder / "secrets.json"
    secrets.unlink()
    os.mkfifo(secrets)
    workers_gateway.process.send_signal(signal.SIGHUP)
    writer = opened_by_a_reader(secrets)
    try:
        assert workers_gateway.stop() == 0  # although the end of the file has not come
    finally:
        os.close(writer)
    assert not workers_gateway.find_log_lines("reloaded", "not reloaded")


def opened_by_a_reader(fifo: Path) -> int:
    """The other end of a pipe, once somebody reads it."""
    ends: list[int] = []

    def opened() -> bool:
        with suppress(OSError):  # ENXIO: nobody does
            ends.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        return bool(ends)

    assert soon(opened)
    return ends[0]


# -- what is kept by all of them together ------------------------------------------------------------------------------


def test_a_digest_is_good_once_for_each_worker(documents: Path, upstream: Upstream) -> None:
    secrets = {"G_USER": "skipper", "G_PASSWORD": "p", "G_TOKEN": "t", "G_KEY": "k"}
    namespaces = ["basic", "bearer", "header-key", "query-key", "digest", "tools"]
    arguments = ("--base-uri", f"api={upstream.url}", "--workers", "2")
    with Gateway(documents / "guarded.yaml", namespaces, *arguments, environment=secrets) as gateway:
        url = gateway.urls["digest"]
        challenge = parse_fields(call(url, "/x").headers["www-authenticate"].removeprefix("Digest "))

        def send_response(count: int) -> int:
            fields = {"nonce": challenge["nonce"], "nc": f"{count:08x}", "cnonce": "c", "qop": "auth"}
            secret = compute_digest("SHA-256", f"skipper:{challenge['realm']}:p")
            fields |= {"response": compute_response("SHA-256", secret, "GET", "/x", fields), "username": "skipper"}
            given = {**fields, "uri": "/x", "algorithm": "SHA-256"}
            credentials = "Digest " + ", ".join(f'{name}="{value}"' for name, value in given.items())
            return call(url, "/x", headers={"authorization": credentials}).status

        replays = [send_response(1) for _ in range(20)]
        assert set(replays) == {200, 401}
        assert replays.count(200) <= 2  # each worker counts for itself, and accepts the nonces of the other
        assert [send_response(count) for count in range(2, 22)] == [200] * 20
