"""The server's invariant: no byte of one caller's exchange is ever read or written as part of another one.

Callers that send, pipeline, stall and leave at any moment, and an application that responses at any moment, before it
has read the body as well: see docs/adr/0015.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

import pytest
import uvloop
from hypothesis import example, given, settings
from hypothesis import strategies as st

from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.http_server.listening_sockets import open_socket
from naftiko_runtime.server.listeners import SERVER_LIMITS
from support.exchange_scripts import (
    ALL,
    MORE,
    PICKS,
    READ_RESPONSES,
    STEPS,
    CallerSteps,
    Step,
    at_once,
    picked,
    scripts_of,
    step,
)
from support.exchange_streams import Foreign, Message, in_two_chunks, make_request, request_body, response_body
from support.silent_logs import silence_logs
from support.stepped_sockets import Caller, StepLoop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.asgi_types import Receive, Scope, Send

CALLERS_MAX: Final = 2
WAITING_MAX: Final = 6
SIZES = st.sampled_from([70, 5_000, 0, 1, 60_000, 100_000, 1_500_000])
"""Of bodies: shorter and longer than what is read away to keep a connection, and one that comes in many pieces."""


class OurFault(Exception):  # noqa: N818 - what an application raises
    """A fault of the application."""


@dataclass(eq=False)
class Request:
    """A request that the application handles, and what the script lets it do."""

    number: int
    method: str
    expected: bytes
    receive: Receive
    send: Send
    got: bytearray = field(default_factory=bytearray)
    left: int | None = None
    """Of the response body; nothing before its head."""
    ended: bool = False
    orders: asyncio.Queue[tuple[str, Any]] = field(default_factory=asyncio.Queue)

    async def run(self) -> None:
        while True:
            match await self.orders.get():
                case "receive", _:
                    await self._receive()
                case "send", message:
                    await self.send(message)
                case "raise", _:
                    raise OurFault
                case _:
                    return

    async def _receive(self) -> None:
        message = await self.receive()
        if message["type"] == "http.request":
            self.got += message["body"]
            if not self.expected.startswith(self.got):
                raise Foreign(f"request {self.number} got {bytes(self.got[-200:])!r}")
            if not message["more_body"] and len(self.got) != len(self.expected):
                raise Foreign(f"request {self.number} got {len(self.got)} of {len(self.expected)} bytes")


CLOSING_SECONDS: Final = 10


class Server(CallerSteps):
    """A listener between callers and an application that do anything at any moment."""

    def __init__(self, loop: str) -> None:
        self.stepping = StepLoop(uvloop.new_event_loop() if loop == "uvloop" else None)
        self.callers: list[Caller] = []
        self.requests: list[Request] = []
        self.failures: list[BaseException] = []
        self.responses: dict[int, int] = {}
        self._bodies: dict[int, bytes] = {}
        self._number = 0
        self._listener = self.stepping.run(self._open())

    async def _open(self) -> Listener:
        listener = Listener(open_socket("127.0.0.1", 0, "the test"), AppConfig(self._app), SERVER_LIMITS)
        await listener.start()
        return listener

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for caller in self.callers:
            caller.close()
        self.stepping.run(self._stop())
        self.settle()
        # No connection may be left when its caller is gone and nothing runs.
        self.stepping.run(asyncio.wait_for(self._listener.wait_closed(), CLOSING_SECONDS))
        self.stepping.close()

    async def _stop(self) -> None:
        self._listener.stop_accepting()
        self._listener.abort()

    async def _tick(self) -> None:
        self._listener.tick()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = None
        try:
            number = Message(f"X {scope['path']} X".encode(), {}).number
            if number not in self._bodies or any(one.number == number for one in self.requests):
                raise Foreign(f"nobody asked for {scope['path']}")
            request = Request(number, scope["method"], self._bodies[number], receive, send)
            self.requests.append(request)
            await request.run()
        except AssertionError as error:
            self.failures.append(error)
        finally:
            if request is not None:
                request.ended = True

    # -- what callers do ------------------------------------------------------------------------------------------

    def ask(self, pick: int, how: str, size: int, first: int) -> None:
        """Another request, behind those that the connection has in progress."""
        callers = [one for one in self.callers if not (one.closed or one.ends or one.peer_ended)]
        if len(callers) < CALLERS_MAX and pick >= len(callers):
            self.callers.append(Caller(self._listener.port, self._check_response_message))
            callers = self.callers[-1:]
        caller = callers[pick % len(callers)]
        if len(caller.asked) - len(caller.responses.messages) >= WAITING_MAX:
            return
        self._number += 1
        method, request, body = _request(how, self._number, size)
        self._bodies[self._number] = body
        caller.ask(self._number, method, request)
        self.settle()
        caller.send_more(first)

    def time_passes(self, seconds: float) -> None:
        self.stepping.skip(seconds)
        self.stepping.rounds()
        self.stepping.run(self._tick())

    # -- what the application does --------------------------------------------------------------------------------

    def _running(self) -> list[Request]:
        return [one for one in self.requests if not one.ended]

    def app_receives(self, pick: int) -> None:
        for request in picked(pick, self._running()):
            request.orders.put_nowait(("receive", None))

    def app_responds(self, pick: int, size: int, status: int, first: int, *, announced: bool) -> None:
        """The head of a response, and the first part of its body."""
        for request in picked(pick, [one for one in self._running() if one.left is None]):
            self._respond(request, size, status, first, announced=announced)

    def _respond(self, request: Request, size: int, status: int, first: int, *, announced: bool) -> None:
        size = 0 if status in (204, 304) else size
        self.responses[request.number] = request.left = size
        headers = [(b"etag", b"%06d" % request.number)]
        if announced and status not in (204, 304):
            headers.append((b"content-length", b"%d" % size))
        request.orders.put_nowait(("send", {"type": "http.response.start", "status": status, "headers": headers}))
        self._send_body(request, first)

    def app_goes_on(self, pick: int, size: int) -> None:
        for request in picked(pick, [one for one in self._running() if one.left]):
            self._send_body(request, size)

    def _send_body(self, request: Request, size: int) -> None:
        assert request.left is not None
        whole = response_body(request.number, self.responses[request.number])
        sent = len(whole) - request.left
        body = whole[sent : sent + size]
        request.left -= len(body)
        more = request.left > 0
        request.orders.put_nowait(("send", {"type": "http.response.body", "body": body, "more_body": more}))

    def app_ends(self, pick: int, how: str) -> None:
        """End a request, with or without a response."""
        for request in picked(pick, self._running()):
            request.orders.put_nowait((how, None))

    # -- what holds -----------------------------------------------------------------------------------------------

    def settle(self) -> None:
        self.stepping.settle(lambda: self.callers)

    def _check_response_message(self, response: Message, number: int, method: str) -> None:
        """A caller has the response of its own request, or one of the server."""
        etag = response.headers.get(b"etag")
        if etag is None:
            if b"foreign" in response.body or b"smuggled" in response.body:
                raise Foreign(f"exchange {number} got {bytes(response.body[:200])!r}")
            return
        if etag != b"%06d" % number:
            raise Foreign(f"exchange {number} got the response of {etag!r}")
        expected = b"" if method == "HEAD" else response_body(number, self.responses.get(number, 0))
        if not expected.startswith(response.body) or (response.complete and len(response.body) != len(expected)):
            raise Foreign(f"exchange {number} got {bytes(response.body[:200])!r}")

    def check(self) -> None:
        assert not self.failures
        assert not self.stepping.problems

    def check_that_it_goes_on(self) -> None:
        """Whatever happened before, complete requests get their response, and so does a new one.

        A caller that closed may be half closed for some seconds. Until then its request waits in ``receive``.
        """
        for caller in self.callers:
            caller.close(reset=True)
        self.settle()
        for request in self._running():  # a caller that is held back is not seen leaving
            request.orders.put_nowait(("return", None))
        self.settle()
        waiting = self._running()
        caller = Caller(self._listener.port, self._check_response_message)
        self.callers.append(caller)
        for how in ("length", "get", "chunks"):
            self._number += 1
            method, asked, body = _request(how, self._number, 100)
            self._bodies[self._number] = body
            caller.ask(self._number, method, asked)
        caller.send_more(ALL)
        for _ in range(3):
            self.settle()
            for one in self._running():
                if one not in waiting:
                    one.orders.put_nowait(("receive", None))
                    self.settle()
                    self._respond(one, 50, 200, ALL, announced=True)
                    self.settle()
                    one.orders.put_nowait(("return", None))
        self.settle()
        caller.read(ALL)
        assert [response.status for response in caller.responses.messages] == [200] * 3
        self.check()


EMPTY: Final = ("get", "head", "old", "wrong")
LINES: Final = {
    "chunks": ["transfer-encoding: chunked"],
    "upgrade": ["connection: upgrade", "upgrade: h2c"],
    "expect": ["expect: 100-continue"],
    "close": ["connection: close"],
}


def _request(how: str, number: int, size: int) -> tuple[str, bytes, bytes]:
    """A method, a request, and the body that the application is to get."""
    target = f"/exchange/{number}"
    if how in EMPTY:
        request = {
            "old": f"GET {target} HTTP/1.0\r\nconnection: keep-alive\r\n\r\n".encode(),
            "wrong": f"GET {target} HTTP/1.1\r\n\r\n".encode(),
        }
        method = "HEAD" if how == "head" else "GET"
        return method, request.get(how) or make_request(method, target, []), b""
    body = framed = request_body(number, size)
    if how == "chunks":
        framed = in_two_chunks(body)
    lines = LINES.get(how, [])
    if how != "chunks":
        lines = [*lines, f"content-length: {size}"]
    return "POST", make_request("POST", target, lines) + framed, body


HOWS = st.sampled_from(["length", "chunks", "get", "length", "head", "old", "wrong", "upgrade", "expect", "close"])
ASK = step("ask", pick=PICKS, how=HOWS, size=SIZES, first=STEPS)
RECEIVE = step("app_receives", pick=PICKS)
RESPOND = step(
    "app_responds",
    pick=PICKS,
    size=st.sampled_from([5, 0, 200, 40_000, 600_000]),
    status=st.sampled_from([403, 200, 204, 304]),
    first=STEPS,
    announced=st.booleans(),
)
GO_ON = step("app_goes_on", pick=PICKS, size=STEPS)
END = step("app_ends", pick=PICKS, how=st.sampled_from(["return", "return", "raise"]))
RARE = st.one_of(
    step("caller_leaves", pick=PICKS, how=st.sampled_from(["close", "reset", "half"])),
    step("time_passes", seconds=st.sampled_from([1.0, 3.0, 11.0, 31.0, 100.0])),
)
SINGLE = st.one_of(ASK, RECEIVE, RESPOND, MORE, READ_RESPONSES, GO_ON, END, RARE)
EXCHANGE = st.tuples(
    ASK, st.one_of(MORE, RECEIVE, ASK), st.one_of(RESPOND, at_once(MORE, RESPOND)), MORE, GO_ON, END, READ_RESPONSES
).map(list)
SCRIPTS = scripts_of(SINGLE, EXCHANGE)


def early(how: str, size: int) -> Iterator[Step]:
    """A response before the body was read, with another request behind that body."""
    for asked, first in ((how, 200), ("get", 0), (how, 0)):
        yield Step("ask", {"pick": 0, "how": asked, "size": size, "first": first})
    yield Step("app_responds", {"pick": 0, "size": 5, "status": 403, "first": ALL, "announced": True})
    yield Step("app_ends", {"pick": 0, "how": "return"})
    for more in (1_000, 100_000, ALL):
        yield Step("send_more", {"pick": 0, "more": more})
    for _ in range(3):
        yield Step("app_responds", {"pick": 0, "size": 5, "status": 200, "first": ALL, "announced": True})
        yield Step("app_ends", {"pick": 0, "how": "return"})
    yield Step("read_responses", {"pick": 0, "size": ALL})


CUT_OFF = [
    Step("ask", {"pick": 0, "how": "old", "size": 0, "first": ALL}),
    Step("app_responds", {"pick": 0, "size": 5, "status": 200, "first": 1, "announced": False}),
    Step("app_ends", {"pick": 0, "how": "return"}),
    Step("read_responses", {"pick": 0, "size": ALL}),
]
"""A response that ends with its connection, and is not complete."""


LEFT_WHILE_LINGERING = [
    Step("ask", {"pick": 0, "how": "length", "size": 100_000, "first": 1}),
    Step("ask", {"pick": 0, "how": "length", "size": 70, "first": 1_000}),
    Step(
        "at_once",
        {
            "steps": (
                Step("send_more", {"pick": 0, "more": ALL}),
                Step("app_responds", {"pick": 0, "size": 5, "status": 403, "first": 1, "announced": False}),
            )
        },
    ),
    Step("app_goes_on", {"pick": 0, "size": ALL}),
    Step("read_responses", {"pick": 0, "size": ALL}),
    Step("caller_leaves", {"pick": 0, "how": "close"}),
]
"""A caller that leaves while its connection lingers, with a request behind the one that got a response early."""

FAULT_BEFORE_A_REJECTION = [
    Step("ask", {"pick": 0, "how": "upgrade", "size": 0, "first": ALL}),
    Step("ask", {"pick": 0, "how": "length", "size": 70, "first": ALL}),
    Step("send_more", {"pick": 0, "more": ALL}),
    Step("app_ends", {"pick": 0, "how": "raise"}),
    Step("read_responses", {"pick": 0, "size": ALL}),
]
"""An application that fails, with a rejection behind its request: the response to the fault ends the connection."""


CLOSED_WHILE_RECEIVING = [
    Step("ask", {"pick": 0, "how": "length", "size": 70, "first": ALL}),
    Step("app_receives", {"pick": 0}),
    Step("caller_leaves", {"pick": 0, "how": "close"}),
    Step("app_receives", {"pick": 0}),
]
"""A caller that closes while the application waits in ``receive``: its request still runs for some seconds."""


@pytest.fixture(autouse=True, scope="module")
def _without_logs() -> Iterator[None]:
    """Thousands of requests fail, each with a line, and an error of the application with a traceback."""
    with silence_logs():
        yield


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@settings(max_examples=100)
@given(script=SCRIPTS)
@example(script=list(early("length", 5_000)))
@example(script=list(early("chunks", 5_000)))
@example(script=list(early("length", 100_000)))
@example(script=list(early("length", 1_500_000)))
@example(script=CUT_OFF)
@example(script=LEFT_WHILE_LINGERING)
@example(script=CLOSED_WHILE_RECEIVING)
@example(script=FAULT_BEFORE_A_REJECTION)
def test_no_byte_of_one_callers_exchange_is_part_of_another(loop: str, script: list[Step]) -> None:
    with Server(loop) as server:
        server.run_script(script)
