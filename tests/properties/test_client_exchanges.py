"""The client's invariant: no byte of one exchange, in either direction, is ever read or written as part of another.

Both transports, driven step by step against an upstream whose every byte the test decides: see docs/adr/0015.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from naftiko_runtime.http_client import ClientOptions, HttpClient, open_client
from naftiko_runtime.http_client.proxies import read_proxies
from naftiko_runtime.upstream import OutboundRequest, UpstreamUnreachable
from support.exchange_scripts import (
    ALL,
    GO_ON,
    ODD,
    PICKS,
    READ,
    RESPOND,
    SIZES,
    STEPS,
    Step,
    UpstreamSteps,
    picked,
    scripts_of,
    step,
)
from support.exchange_streams import Foreign, request_body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from naftiko_runtime.upstream import Transport

AT_ONCE_MAX = 4
IDEMPOTENT = ("GET", "HEAD", "PUT")


class GaveUp(Exception):  # noqa: N818 - what a caller's body raises
    """A caller's body cannot be completed."""


@dataclass(eq=False)
class Exchange:
    """One exchange as its caller sees it."""

    number: int
    method: str
    size: int
    stream: str
    given: int = 0
    ended: bool = False
    fails: bool = False
    supplied: asyncio.Event = field(default_factory=asyncio.Event)
    may_read: asyncio.Event = field(default_factory=asyncio.Event)
    reads: bool = True
    got: bytearray = field(default_factory=bytearray)
    complete: bool = False
    task: asyncio.Task[None] | None = None

    @property
    def uploads(self) -> bool:
        return self.stream in ("length", "chunks")

    def supply(self, more: int) -> None:
        self.given = min(self.size, self.given + more)
        self.ended = self.given == self.size
        self.supplied.set()

    def request(self, port: int) -> OutboundRequest:
        target = f"http://127.0.0.1:{port}/exchange/{self.number}"
        match self.stream:
            case "none":
                return OutboundRequest("a.b", self.method, target, ())
            case "bytes":
                return OutboundRequest("a.b", self.method, target, (), request_body(self.number, self.size))
            case "length":
                length = [(b"content-length", b"%d" % self.size)]
                return OutboundRequest("a.b", self.method, target, length, self._body())
            case _:
                return OutboundRequest("a.b", self.method, target, (), self._body())

    async def _body(self) -> AsyncIterator[bytes]:
        body, sent = request_body(self.number, self.size), 0
        while True:
            if sent < self.given:
                piece, sent = body[sent : self.given], self.given
                yield piece
            elif self.fails:
                raise GaveUp
            elif self.ended:
                return
            else:
                self.supplied.clear()
                await self.supplied.wait()

    async def run(self, transport: Transport, port: int) -> None:
        try:
            response = await transport.send(self.request(port))
        except (UpstreamUnreachable, GaveUp):
            return
        try:
            etag = dict(response.headers).get(b"etag")
            if etag != b"%06d" % self.number:
                raise Foreign(f"exchange {self.number} got the response of {etag!r}")
            await self.may_read.wait()
            if self.reads:
                with suppress(UpstreamUnreachable):
                    async for chunk in response.iter_chunks():
                        self.got += chunk
                    self.complete = True
        finally:
            await response.close()


class Exchanges(UpstreamSteps):
    """Exchanges over one transport, and an upstream that does anything at any moment."""

    def __init__(self, client: HttpClient, *, proxy: bool) -> None:
        """``proxy``: the upstream is taken for a proxy that forwards to it."""
        super().__init__()
        self.exchanges: list[Exchange] = []
        proxies = read_proxies({"HTTP_PROXY": f"http://me:s3cret@127.0.0.1:{self.upstream.port}"} if proxy else {})
        self.transport = self.stepping.run(_opened(ClientOptions(client, proxies=proxies)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for exchange in self.running:
            self._task(exchange).cancel()
        self.stepping.run(self.transport.aclose())
        self.end()

    # -- what callers do ------------------------------------------------------------------------------------------

    @property
    def running(self) -> list[Exchange]:
        return [one for one in self.exchanges if not self._task(one).done()]

    def _task(self, exchange: Exchange) -> asyncio.Task[None]:
        assert exchange.task is not None
        return exchange.task

    def begin(self, method: str, stream: str, size: int, first: int, *, reads_at_once: bool) -> None:
        if len(self.running) == AT_ONCE_MAX:
            return
        exchange = Exchange(len(self.exchanges) + 1, method, 0 if stream == "none" else size, stream)
        self.upstream.expected[exchange.number] = request_body(exchange.number, exchange.size)
        if method in IDEMPOTENT:
            self.upstream.repeatable.add(exchange.number)
        if reads_at_once:
            exchange.may_read.set()
        exchange.task = self.stepping.loop.create_task(exchange.run(self.transport, self.upstream.port))
        self.exchanges.append(exchange)
        self.settle()
        if exchange.uploads:
            exchange.supply(first)

    def _uploads(self) -> list[Exchange]:
        return [one for one in self.running if one.uploads and not one.ended]

    def supply(self, pick: int, more: int) -> None:
        for exchange in picked(pick, self._uploads()):
            exchange.supply(more)

    def break_off_upload(self, pick: int, *, short: bool) -> None:
        for exchange in picked(pick, self._uploads()):
            exchange.ended = short and exchange.stream == "length"  # shorter than its head declares
            exchange.fails = not exchange.ended
            exchange.supplied.set()

    def read_response(self, pick: int, *, reads: bool) -> None:
        for exchange in picked(pick, [one for one in self.running if not one.may_read.is_set()]):
            exchange.reads = reads
            exchange.may_read.set()

    def cancel(self, pick: int) -> None:
        """As a deadline, or a caller that leaves, does."""
        for exchange in picked(pick, self.running):
            self._task(exchange).cancel()

    # -- what holds -----------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Every exchange that has a response has its own, and nothing else of what came."""
        for exchange in self.exchanges:
            task = self._task(exchange)
            if task.done() and not task.cancelled():
                task.result()
            self.check_response(exchange.number, exchange.method, exchange.got, complete=exchange.complete)
        assert not self.stepping.problems

    def check_that_it_goes_on(self) -> None:
        """Whatever happened before, new exchanges get their own responses, over connections that are left."""
        for exchange in self.running:
            self._task(exchange).cancel()
        self.settle()
        for _ in range(3):
            self.begin("POST", "length", 100, ALL, reads_at_once=True)
            exchange = self.exchanges[-1]
            self.finish_exchanges()
            self.check()
            assert exchange.complete, self.stepping.run(_stuck(self._task(exchange)))


async def _opened(options: ClientOptions) -> Transport:
    return open_client(options)


async def _stuck(task: asyncio.Task[None]) -> str:
    return repr(task.get_stack())


BEGIN = step(
    "begin",
    method=st.sampled_from(["POST", "GET", "HEAD", "PUT"]),
    stream=st.sampled_from(["length", "chunks", "bytes", "none"]),
    size=SIZES,
    first=STEPS,
    reads_at_once=st.booleans(),
)
RARE = st.one_of(
    step("cancel", pick=PICKS),
    ODD,
)
MEANWHILE = st.one_of(
    step("supply", pick=PICKS, more=STEPS),
    step("break_off_upload", pick=PICKS, short=st.booleans()),
    step("read_response", pick=PICKS, reads=st.sampled_from([True, True, False])),
    GO_ON,
    READ,
)
SINGLE = st.one_of(BEGIN, READ, RESPOND, MEANWHILE, RARE)
EXCHANGE = st.tuples(
    BEGIN, READ, RESPOND, MEANWHILE, MEANWHILE, step("read_response", pick=PICKS, reads=st.just(True))
).map(list)
"""An exchange that has a response at some moment of its upload."""
SCRIPTS = scripts_of(SINGLE, EXCHANGE)


def begun(size: int, first: int, stream: str = "length") -> Step:
    return Step("begin", {"method": "POST", "stream": stream, "size": size, "first": first, "reads_at_once": False})


def refused(first: int = ALL) -> Step:
    how = {"pick": 0, "size": 5, "framing": "length", "status": 403, "first": first, "keeps": True}
    return Step("upstream_responds", how)


EARLY = [
    begun(5_000, 1),
    Step("upstream_reads", {"pick": 0, "size": ALL}),
    refused(),
    Step("supply", {"pick": 0, "more": ALL}),
    Step("read_response", {"pick": 0, "reads": True}),
    begun(70, ALL),
    Step("upstream_reads", {"pick": 0, "size": ALL}),
]
"""A response before the body was sent, on a connection that is kept."""


REFUSED_UNTIL_CLOSE = Step(
    "upstream_responds",
    {"pick": 0, "size": 5, "framing": "until close", "status": 403, "first": ALL, "keeps": True},
)
"""The end of the connection ends the response while the request is not sent in full."""

BROKEN_OFF = Step("break_off_upload", {"pick": 0, "short": True})


@pytest.mark.parametrize("proxy", [False, True], ids=["direct", "forwarded"])
@pytest.mark.parametrize("client", ["native", "httpx2"])
@settings(max_examples=100)
@given(script=SCRIPTS)
@example(script=EARLY)
@example(script=[begun(5_000, 1, "chunks"), *EARLY[1:]])
@example(script=[*EARLY[:3], BROKEN_OFF, *EARLY[4:]])
@example(script=[begun(600_000, ALL, "bytes"), *EARLY[1:]])
@example(script=[*EARLY[:2], REFUSED_UNTIL_CLOSE, *EARLY[3:]])
def test_no_byte_of_one_exchange_is_part_of_another(client: HttpClient, proxy: bool, script: list[Step]) -> None:
    with Exchanges(client, proxy=proxy) as exchanges:
        exchanges.run_script(script)
