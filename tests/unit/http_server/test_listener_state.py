"""What the connections of a listener share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.listener_state import DefaultHeaders, ListenerState
from naftiko_runtime.server.listeners import SERVER_LIMITS

if TYPE_CHECKING:
    from support.http_connections import ServerHarness


@pytest.mark.parametrize(
    ("headers", "lines", "closes"),
    [
        ([], b"", False),
        ([(b"date", b"d")], b"date: d\r\n", False),
        ([(b"date", b"d"), (b"connection", b"close")], b"date: d\r\nconnection: close\r\n", True),
    ],
)
def test_headers_are_kept_as_lines(headers: list[tuple[bytes, bytes]], lines: bytes, *, closes: bool) -> None:
    made = DefaultHeaders(headers)
    assert (made.lines, made.closes, made.count) == (lines, closes, len(headers))


def test_headers_are_replaced_for_the_next_response(server: ServerHarness) -> None:
    caller = server.connect()
    for date in (b"one", b"two"):
        server.state.set_headers([(b"date", date)])
        caller.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        server.respond(server.calls[-1])
        assert b"date: " + date in caller.read()


def test_connections_and_requests_are_listed_while_they_last(server: ServerHarness) -> None:
    caller = server.connect().send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (len(server.state.connections), len(server.state.tasks)) == (1, 1)
    server.respond(server.calls[0])
    assert (len(server.state.connections), len(server.state.tasks)) == (1, 0)
    caller.disconnect()
    assert len(server.state.connections) == 0


def test_rejections_are_counted_where_there_are_metrics(server: ServerHarness) -> None:
    server.state.count_rejection("bad-host")
    ListenerState(AppConfig(server.state.config.app), SERVER_LIMITS, None).count_rejection("bad-host")
    assert server.rejections == ["bad-host"]
