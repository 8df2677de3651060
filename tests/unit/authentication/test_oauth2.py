"""Tokens that are fetched with client credentials."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from naftiko_runtime.authentication.oauth2 import ClientCredentialsFlow
from naftiko_runtime.upstream import OutboundRequest, Transport, UpstreamResponse

CALLER: ContextVar[str] = ContextVar("CALLER", default="nobody")


class StalledTransport(Transport):
    """Sends requests to a server that never responds."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.caller = ""
        self.cancelled = False

    async def send(self, _: OutboundRequest) -> UpstreamResponse:
        self.caller = CALLER.get()
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        raise AssertionError

    async def aclose(self) -> None:
        """Close nothing."""


async def test_a_fetch_ends_with_its_flow_and_belongs_to_no_caller() -> None:
    flow, transport = ClientCredentialsFlow("http://a.example/token", "id", "secret", {}), StalledTransport()
    CALLER.set("the first")
    sending = asyncio.create_task(flow.send(OutboundRequest("a.b", "GET", "http://a.example/", ()), transport))
    await transport.begun.wait()
    assert transport.caller == "nobody"
    await flow.aclose()
    assert transport.cancelled
    with pytest.raises(asyncio.CancelledError):
        await sending
