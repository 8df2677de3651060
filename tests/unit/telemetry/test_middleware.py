"""Which requests are counted, which are recorded, and with what outcome."""

from __future__ import annotations

import asyncio
from itertools import cycle
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.asgi_types import SendProgress
from naftiko_runtime.telemetry.middleware import instrument_app

if TYPE_CHECKING:
    from naftiko_runtime.asgi_types import App, Receive, Scope, Send

START = {"type": "http.response.start", "status": 201, "headers": []}
BODY = {"type": "http.response.body", "body": b"x"}


class Port:
    """A port that remembers what was counted and recorded."""

    def __init__(self, *, counts: bool, traces: bool, awaits_message: bool = False, sampled: bool = False) -> None:
        self.counts = counts
        self.awaits_message = awaits_message
        self.sampling_decisions = cycle([sampled])
        self.tracer: Any = self if traces else None
        self.fields = frozenset({b"traceparent"})
        self.counted: list[object] = []
        self.recorded: list[object] = []

    def get_series(self, _scope: Scope, outcome: object) -> Any:
        def observe(seconds: float) -> None:
            assert seconds >= 0
            self.counted.append(outcome)

        return SimpleNamespace(observe=observe, outcome=outcome)

    def begin(self, _scope: Scope, _began: float, *, named: bool, awaits_message: bool) -> object:
        return (named, awaits_message)

    def end_server(self, trace: object, series: Any, _ended: float) -> None:
        self.recorded.append((trace, series.outcome))


class OwnResponse(SendProgress):
    """What sends the response of our own server."""

    status = 0
    response_complete = False

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.response_complete = message["type"] == "http.response.body"


async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send(START)
    await send(BODY)


async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError


async def fail_in_the_body(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send(START)
    raise RuntimeError


async def answer_in_part(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send(START)
    await send({**BODY, "more_body": True})


async def wait(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise asyncio.CancelledError


async def request(app: App, port: Port, *, own: bool, traced: bool = False) -> None:
    scope = {"type": "http", "method": "GET", "headers": [(b"traceparent", b"x")] if traced else []}

    async def send(_message: Any) -> None:
        pass

    instrumented = instrument_app(app, port)  # type: ignore[arg-type]
    await instrumented(scope, None, OwnResponse().send if own else send)  # type: ignore[arg-type]


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    ("counts", "traces", "sampled", "traced", "counted", "recorded"),
    [
        (True, False, False, True, [201], []),
        (True, True, False, False, [201], []),
        (True, True, True, False, [201], [((False, False), 201)]),
        (True, True, False, True, [201], [((True, False), 201)]),
        (False, True, False, False, [], []),
        (False, True, True, False, [201], [((False, False), 201)]),
    ],
)
async def test_what_is_counted_and_recorded(
    *, own: bool, counts: bool, traces: bool, sampled: bool, traced: bool, counted: list[object], recorded: list[object]
) -> None:
    port = Port(counts=counts, traces=traces, sampled=sampled)
    await request(answer, port, own=own, traced=traced)
    assert (port.counted, port.recorded) == (counted, recorded)


@pytest.mark.parametrize("traces", [True, False])
@pytest.mark.parametrize(
    ("app", "outcome", "error"),
    [
        (answer_in_part, "truncated", None),
        (fail, 500, RuntimeError),
        (fail_in_the_body, "truncated", RuntimeError),
        (wait, "cancelled", asyncio.CancelledError),
    ],
)
async def test_the_outcome_of_an_incomplete_response(
    *, app: App, outcome: object, error: type[BaseException] | None, traces: bool
) -> None:
    port = Port(counts=True, traces=traces, awaits_message=traces)
    if error is None:
        await request(app, port, own=False)
    else:
        with pytest.raises(error):
            await request(app, port, own=False)
    assert port.counted == [outcome]
    assert port.recorded == ([((False, True), outcome)] if traces else [])
