"""The life of a process that serves."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.http_server.listening_sockets import open_socket
from naftiko_runtime.server import lifecycle
from naftiko_runtime.server.lifecycle import Lifecycle
from naftiko_runtime.server.listeners import SERVER_LIMITS
from naftiko_runtime.server.settings import ServerSettings

if TYPE_CHECKING:
    import pytest

    from naftiko_runtime.asgi_types import Receive, Scope, Send


async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Send no response."""


async def test_an_error_of_a_tick_is_logged_once_and_ends_no_other_tick(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ticks = 0
    faults = [ZeroDivisionError(), ZeroDivisionError(), KeyError(), ZeroDivisionError()]

    def heartbeat() -> None:
        if faults:
            raise faults.pop()
        if ticks > 2:
            served.stop()

    def tick() -> None:
        nonlocal ticks
        ticks += 1
        raise ZeroDivisionError

    monkeypatch.setattr(lifecycle, "_TICK_SECONDS", 0.0)
    listener = Listener(open_socket("127.0.0.1", 0, "test"), AppConfig(app), SERVER_LIMITS)
    monkeypatch.setattr(listener, "tick", tick)
    served = Lifecycle([listener], None, asyncio.Event(), ServerSettings(), heartbeat)
    monkeypatch.setattr(listener, "announce_closing", lambda: None)
    with caplog.at_level(logging.ERROR):
        async with asyncio.timeout(10):
            assert await served.serve_until_stopped(lambda: None) == 0
    logged = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert sorted(kind.__name__ for kind in logged if kind) == ["KeyError", "ZeroDivisionError"]
