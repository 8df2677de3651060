"""Lookups of host names while the client closes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from naftiko_runtime.http_client.resolver import Resolver


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once a lookup has begun, which never ends."""
    event = asyncio.Event()

    async def never_resolve(*_: Any, **__: Any) -> None:
        event.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", never_resolve)
    return event


async def test_a_lookup_that_is_closed_fails_as_a_connection_does(begun: asyncio.Event) -> None:
    """A request that nobody cancelled gets an error that it can report."""
    resolver = Resolver()
    waiting = asyncio.create_task(resolver.resolve("a.example", 80))
    await begun.wait()
    resolver.close()
    with pytest.raises(ConnectionResetError):
        await waiting


async def test_a_request_that_is_cancelled_stays_cancelled(begun: asyncio.Event) -> None:
    resolver = Resolver()
    waiting = asyncio.create_task(resolver.resolve("a.example", 80))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    resolver.close()
