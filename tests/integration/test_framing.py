"""Where a request or a response ends: messages that two parsers could read differently are rejected."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime import limits
from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.http_server.listening_sockets import open_socket
from naftiko_runtime.problem_details import render_problem
from naftiko_runtime.request_body import read_body
from naftiko_runtime.send_response import send_whole
from naftiko_runtime.server.listeners import SERVER_LIMITS
from support.caller import RawConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.asgi_types import Receive, Scope, Send

JSON = (b"content-type", b"application/json")
UPGRADES = ["Upgrade: websocket\r\nConnection: upgrade", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings"]


class Serving:
    """A listener in a thread; what it saw, and a gate for ``/held``."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self.hosts: list[bytes] = []
        self.entered = threading.Event()
        self.gate = threading.Event()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == "/held":
            await asyncio.get_running_loop().run_in_executor(None, self.gate.wait, 10)
        if path == "/early":
            await send_whole(send, 403, [], b"no")
            return
        if path == "/streamed":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"in ", "more_body": True})
            await send({"type": "http.response.body", "body": b"pieces"})
            return
        self.entered.set()
        body = await read_body(receive, 10_000_000)
        self.seen.append((f"{scope['method']} {path}", len(body)))
        self.hosts += [value for name, value in scope["headers"] if name == b"host"]
        await send_whole(send, 200, [JSON], json.dumps({"path": path, "body": len(body)}).encode())


@contextmanager
def serving() -> Iterator[tuple[Serving, str]]:
    found, started, stop = Serving(), threading.Event(), threading.Event()
    urls: list[str] = []

    async def serve() -> None:
        config = AppConfig(found.app, render_error=render_problem)
        listener = Listener(open_socket("127.0.0.1", 0, "the test"), config, SERVER_LIMITS)
        await listener.start()
        urls.append(f"http://127.0.0.1:{listener.port}")
        started.set()
        await asyncio.get_running_loop().run_in_executor(None, stop.wait)
        listener.stop_accepting()
        listener.abort()
        await listener.wait_closed()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert started.wait(10)
    try:
        yield found, urls[0]
    finally:
        found.gate.set()
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def here() -> Iterator[tuple[Serving, str]]:
    with serving() as found:
        yield found


def request(line: str, *headers: str, body: str = "", host: str = "h", version: str = "1.1") -> bytes:
    return "\r\n".join([f"{line} HTTP/{version}", f"host: {host}", *headers, "", body]).encode()


@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_with_an_offer_to_upgrade_is_a_body(
    here: tuple[Serving, str], upgrade: str, apart: bool, chunked: bool
) -> None:
    served, url = here
    inner = request("GET /smuggled").decode()
    framing = "transfer-encoding: chunked" if chunked else f"content-length: {len(inner)}"
    body = f"{len(inner):x}\r\n{inner}\r\n0\r\n\r\n" if chunked else inner
    with RawConnection(url) as raw:
        head = request("POST /body", upgrade, framing)
        if apart:
            raw.send(head)
            assert served.entered.wait(10)
            raw.send(body.encode())
        else:
            raw.send(head + body.encode())
        assert raw.read_response().json == {"path": "/body", "body": len(inner)}
        raw.send(request("GET /next"))
        assert raw.read_response().json["path"] == "/next"
    assert served.seen == [("POST /body", len(inner)), ("GET /next", 0)]


@pytest.mark.parametrize("upgrade", UPGRADES)
def test_requests_after_an_offer_to_upgrade_get_responses(here: tuple[Serving, str], upgrade: str) -> None:
    _, url = here
    with RawConnection(url) as raw:
        raw.send(b"".join(request(f"GET /{n}", upgrade) for n in range(5)))
        assert [raw.read_response().json["path"] for _ in range(5)] == [f"/{n}" for n in range(5)]


def test_requests_do_not_wait_without_end(here: tuple[Serving, str]) -> None:
    served, url = here
    with RawConnection(url) as raw:
        raw.send(request("GET /held") + b"".join(request(f"GET /{n}") for n in range(200)))
        served.gate.set()
        responses = [raw.read_response() for _ in range(limits.REQUESTS_WAITING_MAX + 2)]
        assert [response.status for response in responses] == [200] * (limits.REQUESTS_WAITING_MAX + 1) + [503]
        assert raw.read_rest() == b""


def test_an_old_caller_gets_no_chunks(here: tuple[Serving, str]) -> None:
    _, url = here
    with RawConnection(url) as raw:
        raw.send(request("GET /streamed", version="1.0"))
        head, _, body = raw.read_rest().partition(b"\r\n\r\n")
    assert body == b"in pieces"
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head


def test_an_http_1_0_caller_gets_no_100_continue(here: tuple[Serving, str]) -> None:
    _, url = here
    with RawConnection(url) as raw:
        raw.send(request("POST /x", "expect: 100-continue", "content-length: 2", version="1.0"))
        raw.send(b"ab")
        assert raw.read_response().status == 200


def test_an_early_response_keeps_a_connection_with_a_short_rest_of_the_body(here: tuple[Serving, str]) -> None:
    _, url = here
    with RawConnection(url) as raw:
        raw.send(request("POST /early", "content-length: 5"))
        response = raw.read_response()
        assert (response.status, response.headers.get("connection")) == (403, None)
        raw.send(b"abcde" + request("GET /next"))
        assert raw.read_response().json["path"] == "/next"


def test_an_early_response_ends_a_connection_with_a_long_rest_of_the_body(here: tuple[Serving, str]) -> None:
    _, url = here
    with RawConnection(url) as raw:
        raw.send(request("POST /early", "content-length: 100000000"))
        response = raw.read_response()
        assert (response.status, response.headers["connection"]) == (403, "close")
        assert raw.read_rest() == b""


@pytest.mark.parametrize("host", ["a, b", "a@b", "a/b", "a b", 'a"', "é", "", " "])
def test_what_names_no_host_is_refused(here: tuple[Serving, str], host: str) -> None:
    served, url = here
    with RawConnection(url) as raw:
        raw.send(request("GET /x", host=host))
        assert raw.read_response().status == 400
    assert served.seen == []


@pytest.mark.parametrize("host", ["a.example", "a.example:80", "[::1]:8080", "a_b", "%61", "xn--e1a.example"])
def test_hosts_are_taken(here: tuple[Serving, str], host: str) -> None:
    _, url = here
    with RawConnection(url) as raw:
        raw.send(request("GET /x", host=host))
        assert raw.read_response().status == 200


@pytest.mark.parametrize("version", ["0.9", "2.0", "1.2", "3.0"])
def test_other_versions_are_refused(here: tuple[Serving, str], version: str) -> None:
    served, url = here
    with RawConnection(url) as raw:
        raw.send(request("GET /x", version=version))
        assert raw.read_response().status == 400
    assert served.seen == []


def test_options_of_the_server_do_not_reach_the_application(here: tuple[Serving, str]) -> None:
    served, url = here
    with RawConnection(url) as raw:
        for host in ("h", ""):
            raw.send(request("OPTIONS *", host=host))
            response = raw.read_response()
            assert (response.status, response.body) == (204, b"")
        raw.send(request("GET /x"))
        assert raw.read_response().status == 200
    assert served.seen == [("GET /x", 0)]


@pytest.mark.parametrize("target", ["GET *", "POST *", "HEAD *", "GET http:///x", "GET x"])
def test_what_is_no_target_is_refused(here: tuple[Serving, str], target: str) -> None:
    served, url = here
    with RawConnection(url) as raw:
        raw.send(request(target))
        assert raw.read_rest().startswith(b"HTTP/1.1 400 ")
    assert served.seen == []


@pytest.mark.parametrize("host", ["h", ""])
def test_of_a_whole_url_its_host_counts(here: tuple[Serving, str], host: str) -> None:
    served, url = here
    with RawConnection(url) as raw:
        for authority in ("other.example", "other.example:8080"):
            raw.send(request(f"GET http://{authority}/x?y=1", host=host))
            assert raw.read_response().status == 200
    assert served.seen == [("GET /x", 0)] * 2
    assert served.hosts == [b"other.example", b"other.example:8080"]


@pytest.mark.parametrize("hosts", [["", "h"], ["h", ""], ["", ""]])
def test_two_hosts_are_refused_if_one_is_empty_too(here: tuple[Serving, str], hosts: list[str]) -> None:
    _, url = here
    with RawConnection(url) as raw:
        raw.send(request("GET http://h/x", f"host: {hosts[1]}", host=hosts[0]))
        assert raw.read_response().status == 400


def test_http_1_0_may_leave_its_host_empty(here: tuple[Serving, str]) -> None:
    _, url = here
    with RawConnection(url) as raw:
        raw.send(request("GET /x", host="", version="1.0"))
        assert raw.read_response().status == 200
