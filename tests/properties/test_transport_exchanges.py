"""The client's invariant: no byte of one exchange, in either direction, is ever read or written as part of another.

Both transports, driven step by step against an upstream whose every byte the test decides: see docs/adr/0015.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Self, TypeVar

import pytest
from hypothesis import example, given, note, settings
from hypothesis import strategies as st

from naftiko_runtime.transport import HttpClient, OutboundRequest, UpstreamUnreachable, open_transport
from support.exchange_streams import Foreign, request_body, response_body
from support.stepped_sockets import StepLoop, StepUpstream, Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from naftiko_runtime.transport import Transport

AT_ONCE_MAX = 4
ALL = 1 << 30
SIZES = st.sampled_from([70, 5_000, 0, 1, 600_000])
STEPS = st.sampled_from([ALL, ALL, 1, 40, 1_000, 100_000])
RESPONSE_SIZES = st.sampled_from([5, 0, 200, 40_000, 600_000])
STATUSES = st.sampled_from([403, 200, 204, 304])
FRAMINGS = st.sampled_from(["length", "length", "chunked", "until close"])
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
            told = dict(response.headers).get(b"etag")
            if told != b"%06d" % self.number:
                raise Foreign(f"exchange {self.number} got the response of {told!r}")
            await self.may_read.wait()
            if self.reads:
                with suppress(UpstreamUnreachable):
                    async for chunk in response.chunks():
                        self.got += chunk
                    self.complete = True
        finally:
            await response.close()


class Exchanges:
    """Exchanges over one transport, and an upstream that does anything at any moment."""

    def __init__(self, client: HttpClient) -> None:
        self.stepping = StepLoop()
        self.upstream = StepUpstream()
        self.exchanges: list[Exchange] = []
        self.responses: dict[int, int] = {}
        """How long the response body of each exchange is."""
        self.transport = self.stepping.run(_opened(client))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for exchange in self.running:
            self._task(exchange).cancel()
        self.upstream.close()
        self.stepping.run(self.transport.aclose())
        self.stepping.close()

    def take(self, step: Step) -> None:
        """Take a step, unless it makes no sense just now."""
        getattr(self, step.what)(**step.how)
        self.settle()
        self.check()

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
        self.upstream.expected[exchange.number] = exchange.size
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

    # -- what the upstream does -----------------------------------------------------------------------------------

    @property
    def wires(self) -> list[Wire]:
        return [wire for wire in self.upstream.wires if not wire.closed]

    def _asked(self) -> list[Wire]:
        return [wire for wire in self.wires if wire.asked is not None and not wire.rest and not wire.ends]

    def upstream_reads(self, pick: int, size: int) -> None:
        for wire in picked(pick, self.wires):
            wire.read(size)

    def upstream_responds(self, pick: int, size: int, framing: str, status: int, first: int, *, keeps: bool) -> None:
        for wire in picked(pick, self._asked()):
            assert wire.asked is not None
            self.responses[wire.asked.number] = 0 if status in (204, 304) else size
            wire.respond(size, framing, status, first, keeps=keeps)

    def upstream_goes_on(self, pick: int, size: int) -> None:
        for wire in picked(pick, [wire for wire in self.wires if wire.rest]):
            wire.go_on(size)

    def upstream_sends_interim(self, pick: int, status: int) -> None:
        for wire in picked(pick, self._asked()):
            wire.send(b"HTTP/1.1 %d Interim\r\nx-interim: 1\r\n\r\n" % status)

    def upstream_sends_what_nobody_asked_for(self, pick: int, part: int) -> None:
        """On a connection on which every request that came was answered in full."""
        wires = [w for w in self.wires if w.asked is None and not w.rest and not w.unsent and w.nothing_to_read()]
        for wire in picked(pick, wires):
            wire.last = True
            wire.send(b"HTTP/1.1 200 OK\r\netag: nobody\r\ncontent-length: 6\r\n\r\nnobody"[:part])

    def upstream_leaves(self, pick: int, how: str) -> None:
        for wire in picked(pick, self.wires):
            wire.last = True
            if how == "half":
                wire.rest = b""
                wire.end()
            else:
                wire.close(reset=how == "reset")

    # -- what holds -----------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let everything happen that can."""
        for _ in range(200):
            self.stepping.rounds()
            self.upstream.accept()
            if not self.upstream.flush() and not any(
                wire.unsent_by_kernel() and not wire.unsent for wire in self.wires
            ):
                break
        self.stepping.rounds()
        self.upstream.accept()

    def check(self) -> None:
        """Every exchange that has a response has its own, and nothing else of what came."""
        for exchange in self.exchanges:
            task = self._task(exchange)
            if task.done() and not task.cancelled():
                task.result()
            size = self.responses.get(exchange.number, 0)
            expected = b"" if exchange.method == "HEAD" else response_body(exchange.number, size)
            if not expected.startswith(exchange.got) or (exchange.complete and len(expected) != len(exchange.got)):
                raise Foreign(f"exchange {exchange.number} got {bytes(exchange.got[:200])!r}")
        assert not self.stepping.problems

    def check_that_it_goes_on(self) -> None:
        """Whatever happened before, new exchanges get their own responses, over connections that are left."""
        for exchange in self.running:
            self._task(exchange).cancel()
        self.settle()
        for _ in range(3):
            self.begin("POST", "length", 100, ALL, reads_at_once=True)
            exchange = self.exchanges[-1]
            for _ in range(6):
                self.settle()
                for wire in self.wires:
                    wire.read()
                    wire.go_on(ALL)
                    if wire.asked is not None:
                        self.responses[wire.asked.number] = 50
                        wire.respond(50, "length", 200, ALL, keeps=True)
            self.check()
            assert exchange.complete, self.stepping.run(_stuck(self._task(exchange)))


async def _opened(client: HttpClient) -> Transport:
    return open_transport(client)


async def _stuck(task: asyncio.Task[None]) -> str:
    return repr(task.get_stack())


_T = TypeVar("_T")


def picked(pick: int, among: list[_T]) -> list[_T]:
    """One of them, if there is any."""
    return [among[pick % len(among)]] if among else []


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens; ``pick`` in it says to which of those it can happen to."""

    what: str
    how: dict[str, Any]


PICKS = st.sampled_from([0, 0, 1, 2])


def step(what: str, **how: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.builds(Step, st.just(what), st.fixed_dictionaries(how))


def joined(parts: Iterable[list[Step]]) -> list[Step]:
    return list(chain.from_iterable(parts))


BEGIN = step(
    "begin",
    method=st.sampled_from(["POST", "GET", "HEAD", "PUT"]),
    stream=st.sampled_from(["length", "chunks", "bytes", "none"]),
    size=SIZES,
    first=STEPS,
    reads_at_once=st.booleans(),
)
RESPOND = step(
    "upstream_responds",
    pick=PICKS,
    size=RESPONSE_SIZES,
    framing=FRAMINGS,
    status=STATUSES,
    first=STEPS,
    keeps=st.sampled_from([True, True, True, False]),
)
READ = step("upstream_reads", pick=PICKS, size=STEPS)
RARE = st.one_of(
    step("cancel", pick=PICKS),
    step("upstream_sends_interim", pick=PICKS, status=st.sampled_from([100, 102, 103])),
    step("upstream_sends_what_nobody_asked_for", pick=PICKS, part=st.sampled_from([1, 30, 1000])),
    step("upstream_leaves", pick=PICKS, how=st.sampled_from(["close", "reset", "half"])),
)
MEANWHILE = st.one_of(
    step("supply", pick=PICKS, more=STEPS),
    step("break_off_upload", pick=PICKS, short=st.booleans()),
    step("read_response", pick=PICKS, reads=st.sampled_from([True, True, False])),
    step("upstream_goes_on", pick=PICKS, size=STEPS),
    READ,
)
SINGLE = st.one_of(BEGIN, READ, RESPOND, MEANWHILE, RARE).map(lambda one: [one])
ANSWERED = st.tuples(
    BEGIN, READ, RESPOND, MEANWHILE, MEANWHILE, step("read_response", pick=PICKS, reads=st.just(True))
).map(list)
"""An exchange that has a response at some moment of its upload."""
BETWEEN = st.lists(SINGLE, max_size=4).map(joined)
SCRIPTS = st.tuples(BETWEEN, ANSWERED, BETWEEN, ANSWERED, BETWEEN, ANSWERED, BETWEEN).map(joined)


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


BROKEN_OFF = Step("break_off_upload", {"pick": 0, "short": True})


@pytest.mark.parametrize("client", ["native", "httpx2"])
@settings(max_examples=100)
@given(script=SCRIPTS)
@example(script=EARLY)
@example(script=[begun(5_000, 1, "chunks"), *EARLY[1:]])
@example(script=[*EARLY[:3], BROKEN_OFF, *EARLY[4:]])
@example(script=[begun(600_000, ALL, "bytes"), *EARLY[1:]])
def test_no_byte_of_one_exchange_is_part_of_another(client: HttpClient, script: list[Step]) -> None:
    note("\n".join(map(repr, script)))
    with Exchanges(client) as exchanges:
        for one in script:
            exchanges.take(one)
        exchanges.check_that_it_goes_on()
