"""``--deadline`` and ``--total-deadline``: the whole of a held response, the pauses of a streamed one.

Time is what is tested here: pauses are a quarter of the deadline, and streams last longer than it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager
from http.client import IncompleteRead
from typing import TYPE_CHECKING

import pytest

from support.caller import RawConnection, call, make_head, open_stream
from support.gateway import Gateway
from support.upstream import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

DEADLINE = 2.0
PAUSE = DEADLINE / 4
STEPS = 6
"""Pauses in a stream, which together are longer than the deadline."""
PIECE = b'{"a":' + b" " * 1000
LAST = b"1}"


@pytest.fixture(scope="module", params=["native", "httpx2"])
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def start(documents: Path, client: str, url: str, *arguments: str) -> Gateway:
    options = ("--base-uri", f"api={url}", "--http-client", client, *arguments)
    return Gateway(documents / "deadlines.yaml", ["web", "tools"], *options)


@pytest.fixture(scope="module")
def gateway(documents: Path, client: str, module_upstream: Upstream) -> Iterator[Gateway]:
    with start(documents, client, module_upstream.url, "--deadline", str(DEADLINE)) as running:
        yield running


async def pause() -> None:
    await asyncio.sleep(PAUSE)


def dripping(steps: int = STEPS) -> Reply:
    """A slow response that is never interrupted."""
    padding = [part for _ in range(steps) for part in (pause, b" " * 1000)]
    return Reply(headers={"content-type": "application/json"}, chunks=[PIECE, *padding, LAST])


@pytest.mark.parametrize("path", ["/streamed", "/all/data"])
def test_a_streamed_response_goes_on_as_long_as_data_moves(gateway: Gateway, api: Upstream, path: str) -> None:
    api.on("GET", "/data", dripping())
    assert call(gateway.urls["web"], path).json == {"a": 1}


def test_a_streamed_response_that_pauses_for_longer_is_cut_off(gateway: Gateway, api: Upstream) -> None:
    api.on("GET", "/data", Reply(chunks=[PIECE], until_gone=True))
    began = time.monotonic()
    with open_stream(gateway.urls["web"], "/streamed") as response, pytest.raises(IncompleteRead):
        response.read()
    assert DEADLINE * 0.9 < time.monotonic() - began < DEADLINE + 10
    assert api.wait(lambda upstream: upstream.gone == 1)


def test_a_held_response_has_the_deadline_for_all_of_it(gateway: Gateway, api: Upstream) -> None:
    api.on("GET", "/data", dripping(2 * STEPS))
    response = call(gateway.urls["web"], "/held")
    assert (response.status, response.json["detail"]) == (
        504,
        "the response of 'api.get-data' took longer than 2 seconds",
    )


def test_a_tools_response_has_the_deadline_for_all_of_it(gateway: Gateway, api: Upstream) -> None:
    api.on("GET", "/data", dripping(2 * STEPS))
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get-data", "arguments": {}}}
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    result = call(gateway.urls["tools"], "/mcp", "POST", headers, json.dumps(message).encode()).json["result"]
    assert result["isError"]
    assert "took longer than 2 seconds" in result["content"][0]["text"]


@pytest.mark.parametrize("path", ["/streamed", "/all/data"])
def test_an_upload_goes_on_as_long_as_data_moves(gateway: Gateway, api: Upstream, path: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(STEPS):
            yield b"x" * 1000
            time.sleep(PAUSE)

    assert call(gateway.urls["web"], path, "POST", {"content-type": "text/plain"}, pieces()).status == 200
    assert api.last.body == b"x" * 1000 * STEPS


@pytest.mark.parametrize("path", ["/streamed", "/all/data"])
def test_an_upload_that_pauses_for_longer_is_408(gateway: Gateway, path: str) -> None:
    with RawConnection(gateway.urls["web"]) as raw:
        raw.send(make_head(f"POST {path}", [("content-type", "text/plain"), ("content-length", "100")]) + b"begun")
        assert raw.read_response().status == 408


def test_a_caller_may_read_more_slowly_than_the_deadline(gateway: Gateway, api: Upstream) -> None:
    body = b"x" * 30_000_000
    api.on("GET", "/data", Reply(body=body))
    with open_stream(gateway.urls["web"], "/streamed") as response:
        time.sleep(DEADLINE * 1.5)
        assert response.read() == body


@contextmanager
def slow_reader(step_bytes: int) -> Iterator[tuple[str, list[int]]]:
    """An upstream that takes a request's body little by little, in small buffers, and then responds."""
    taken = [0]

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            data = b""
            while b"\r\n\r\n" not in data:
                data += connection.recv(1000)
            before, _, data = data.partition(b"\r\n\r\n")
            length = int(before.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            taken[0] = len(data)
            while taken[0] < length:
                time.sleep(PAUSE / 4)
                taken[0] += len(connection.recv(step_bytes))
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", taken
        thread.join(15)


@pytest.mark.parametrize("path", ["/streamed", "/all/data"])
def test_an_upstream_may_take_an_upload_more_slowly_than_the_deadline(documents: Path, client: str, path: str) -> None:
    body = b"x" * 2_000_000
    with slow_reader(64_000) as (url, taken), start(documents, client, url, "--deadline", str(DEADLINE)) as running:
        response = call(running.urls["web"], path, "POST", {"content-type": "text/plain"}, body)
    assert (response.status, response.body) == (200, b"ok")
    assert taken == [len(body)]


def test_the_total_bounds_streams_as_well(documents: Path, client: str, api: Upstream) -> None:
    api.on("GET", "/data", dripping(4 * STEPS))
    with start(documents, client, api.url, "--total-deadline", "1") as running:
        began = time.monotonic()
        with open_stream(running.urls["web"], "/streamed") as stream, pytest.raises(IncompleteRead):
            stream.read()
        assert time.monotonic() - began < 4 * STEPS * PAUSE
        assert running.wait_log_line("response not delivered in time")["seconds"] == 1.0
        response = call(running.urls["web"], "/held")
        assert (response.status, response.json["detail"]) == (
            504,
            "the response of 'api.get-data' took longer than 1 seconds",
        )
