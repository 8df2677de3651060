"""Generated scripts of what an upstream does during an exchange."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import note
from hypothesis import strategies as st

from support.exchange_streams import Foreign, response_body
from support.stepped_sockets import Caller, StepLoop, StepSocket, StepUpstream, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

ALL = 1 << 30
SIZES = st.sampled_from([70, 5_000, 0, 1, 600_000])
STEPS = st.sampled_from([ALL, ALL, 1, 40, 1_000, 100_000])
RESPONSE_SIZES = st.sampled_from([5, 0, 200, 40_000, 600_000])
STATUSES = st.sampled_from([403, 200, 204, 304])
FRAMINGS = st.sampled_from(["length", "length", "chunked", "until close"])

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
GO_ON = step("upstream_goes_on", pick=PICKS, size=STEPS)
ODD = st.one_of(
    step("upstream_sends_interim", pick=PICKS, status=st.sampled_from([100, 102, 103])),
    step("upstream_sends_what_nobody_asked_for", pick=PICKS, part=st.sampled_from([1, 30, 1000])),
    step("upstream_leaves", pick=PICKS, how=st.sampled_from(["close", "reset", "half"])),
)


MORE = step("send_more", pick=PICKS, more=STEPS)
READ_RESPONSES = step("read_responses", pick=PICKS, size=STEPS)


def scripts_of(
    single: st.SearchStrategy[Step], exchange: st.SearchStrategy[list[Step]]
) -> st.SearchStrategy[list[Step]]:
    """Three exchanges, between which anything happens."""
    between = st.lists(single.map(lambda one: [one]), max_size=4).map(joined)
    return st.tuples(between, exchange, between, exchange, between, exchange, between).map(joined)


def at_once(*steps: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    """Steps between which nothing else happens, in any order."""
    ordered = st.tuples(*steps).flatmap(st.permutations).map(tuple)
    return ordered.map(lambda given: Step("at_once", {"steps": given}))


class ExchangeSteps:
    """What takes steps."""

    def run_script(self, script: list[Step]) -> None:
        """Take all steps, and check that it goes on after them."""
        note("\n".join(map(repr, script)))
        for one in script:
            self.take(one)
        self.check_that_it_goes_on()

    def take(self, step: Step) -> None:
        """Take a step, unless it makes no sense just now."""
        getattr(self, step.what)(**step.how)
        self.settle()
        self.check()

    def at_once(self, steps: tuple[Step, ...]) -> None:
        """Take steps in an undefined order."""
        for one in steps:
            getattr(self, one.what)(**one.how)

    def check(self) -> None:
        """What holds at any moment."""
        raise NotImplementedError

    def check_that_it_goes_on(self) -> None:
        """Whatever happened before, new exchanges get their own responses."""
        raise NotImplementedError

    def settle(self) -> None:
        """Let everything happen that can."""
        raise NotImplementedError


class CallerSteps(ExchangeSteps):
    """The steps of callers.

    Attributes:
        callers: Their connections.
    """

    callers: list[Caller]

    def send_more(self, pick: int, more: int) -> None:
        for caller in picked(pick, [one for one in self.callers if one.pending and not one.closed]):
            caller.send_more(more)

    def read_responses(self, pick: int, size: int) -> None:
        for caller in picked(pick, [one for one in self.callers if not one.closed]):
            caller.read(size)

    def caller_leaves(self, pick: int, how: str) -> None:
        for caller in picked(pick, [one for one in self.callers if not (one.closed or one.ends)]):
            if how == "half":
                caller.pending.clear()
                caller.end()
            else:
                caller.close(reset=how == "reset")


class UpstreamSteps(ExchangeSteps):
    """A loop, an upstream, and what the upstream does."""

    def __init__(self) -> None:
        self.stepping = StepLoop()
        self.upstream = StepUpstream()
        self.responses: dict[int, int] = {}
        """How long the response body of each exchange is."""
        self._ended_early: set[int] = set()
        """Exchanges whose response ends with its connection, which ended before."""

    def end(self) -> None:
        self.upstream.close()
        self.stepping.close()

    def check_response(self, number: int, method: str, got: bytes | bytearray, *, complete: bool) -> None:
        """An exchange has its own response, and nothing else of what came."""
        expected = b"" if method == "HEAD" else response_body(number, self.responses.get(number, 0))
        whole = len(got) == len(expected) or not complete or number in self._ended_early
        if not expected.startswith(got) or not whole:
            raise Foreign(f"exchange {number} got {len(got)} of {len(expected)} bytes: {bytes(got[:200])!r}")

    def settle(self) -> None:
        """Let everything happen that can."""
        self.stepping.settle(self._sockets)

    def _sockets(self) -> list[StepSocket]:
        self.upstream.accept()
        return [*self.upstream.wires]

    @property
    def wires(self) -> list[Wire]:
        return [wire for wire in self.upstream.wires if not wire.closed]

    def _asked(self) -> list[Wire]:
        return [wire for wire in self.wires if wire.asked is not None and not wire.rest and not wire.ends]

    def finish_exchanges(self) -> None:
        """Let the upstream read all, and respond to every request."""
        for _ in range(6):
            self.settle()
            for wire in self.wires:
                wire.read()
                wire.go_on(ALL)
                if wire.asked is not None:
                    self.responses[wire.asked.number] = 50
                    wire.respond(50, "length", 200, ALL, keeps=True)

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
        """On a connection on which every request that came got a response in full."""
        wires = [w for w in self.wires if w.asked is None and not w.rest and not w.unsent and w.nothing_to_read()]
        for wire in picked(pick, wires):
            wire.last = True
            wire.send(b"HTTP/1.1 200 OK\r\netag: nobody\r\ncontent-length: 6\r\n\r\nnobody"[:part])

    def upstream_leaves(self, pick: int, how: str) -> None:
        for wire in picked(pick, self.wires):
            wire.last = True
            if wire.ends_response:
                self._ended_early.add(wire.requests.messages[wire.response_count - 1].number)
            if how == "half":
                wire.rest = b""
                wire.end()
            else:
                wire.close(reset=how == "reset")
