"""Tokens that are fetched with client credentials."""

from __future__ import annotations

import asyncio

import pytest

from naftiko_runtime.authentication.client_credentials import ClientCredentialsFlow
from naftiko_runtime.upstream import OutboundRequest, Transport, UpstreamResponse
from support.repeating_transport import FixedResponse, RepeatingTransport


class StalledTransport(Transport):
    """Sends requests to a server that never responds."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = False

    async def send(self, _: OutboundRequest) -> UpstreamResponse:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        raise AssertionError

    async def aclose(self) -> None:
        """Close nothing."""


async def test_a_fetch_ends_with_its_flow() -> None:
    flow, transport = ClientCredentialsFlow("http://a.example/token", "id", "secret", {}), StalledTransport()
    sending = asyncio.create_task(flow.send(OutboundRequest("a.b", "GET", "http://a.example/", ()), transport))
    await transport.begun.wait()
    await flow.aclose()
    assert transport.cancelled
    with pytest.raises(asyncio.CancelledError):
        await sending


async def test_a_request_that_the_client_and_the_flow_send_again_counts_both() -> None:
    flow = ClientCredentialsFlow("http://a.example/token", "id", "secret", {})
    transport = RepeatingTransport(FixedResponse(401))
    await flow.send(OutboundRequest("a.b", "GET", "http://a.example/", ()), transport)
    assert transport.resend_counts == [1, 3]
