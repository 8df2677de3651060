"""Several processes that reload as one service; and what each has for itself."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from naftiko_runtime.authentication.digest import compute_digest, compute_response, parse_fields
from support.caller import RawConnection, call, make_head
from support.gateway import Gateway
from support.upstream import Reply
from support.workers_gateway import DOCUMENT, JSON, MANY, WorkersGateway, at_once, soon, threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.upstream import Upstream


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
