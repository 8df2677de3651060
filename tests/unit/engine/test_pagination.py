"""The time limit of a whole list of pages. `tests/integration/test_pagination.py` has everything else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime import limits
from naftiko_runtime.bind_plan import bind
from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.errors import PageError
from support.linked import link_plan, make_document
from support.repeating_transport import FixedResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from naftiko_runtime.upstream.interface import OutboundRequest


class EndlessPages:
    """Responds with the number of the page, as often as it is asked.

    Attributes:
        count: The number of requests.
    """

    def __init__(self) -> None:
        self.count = 0

    async def send(self, _request: OutboundRequest) -> FixedResponse:
        self.count += 1
        return FixedResponse(200, ((b"content-type", b"application/json"),), json.dumps([self.count]).encode())

    async def aclose(self) -> None:
        """Close nothing."""


async def test_a_streamed_list_ends_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page has a deadline of its own, so only this limit bounds an API that sends pages without an end."""
    plan = link_plan(make_document({"pagination": {"type": "page", "parameter": "page", "maxPages": 10_000}}))
    pages, received = EndlessPages(), []

    async def read(chunks: AsyncIterator[bytes]) -> None:
        async for chunk in chunks:
            received.append(chunk)
            if len(received) == 2:
                monkeypatch.setattr(limits, "PAGES_SECONDS", 0.0)

    async with bind(plan, {}, lambda: pages) as bound:
        [(_, operation)] = bound.servers[0].parts
        async with operation.run(Invocation()) as result:
            with pytest.raises(PageError, match=r"page 3 of .* failed: the list takes longer than 0 seconds") as caught:
                await read(result.response.iter_chunks())
    assert (received, pages.count, caught.value.status) == ([b"[1", b",2"], 2, 504)
