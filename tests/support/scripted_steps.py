"""Random workflows, the upstream that they call, and what sequential execution gives."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from naftiko_runtime.errors import UpstreamUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from naftiko_runtime.upstream.interface import Header, OutboundRequest

BASE: Final = "http://upstream.example:8443/v1"
BROKEN: Final = b"<html>"
REFUSED: Final = {"broken": 502, "unreachable": 502, "truncated": 502}
"""The status of a step for each kind of failure that has none of its own."""


@dataclass(frozen=True)
class ScriptedStep:
    """One call of a random workflow, and how its upstream responds.

    Attributes:
        method: GET or POST.
        uses: The earlier step whose value it sends; None for a constant.
        outcome: ``ok``, a status, or a key of :data:`REFUSED`.
        continues: Whether the run continues if it fails; its value is null then.
        turns: The turns of the event loop before the head, and before each chunk of the body.
    """

    method: str
    uses: int | None
    outcome: str
    turns: tuple[int, int]
    continues: bool = False

    @property
    def status(self) -> int:
        return int(self.outcome) if self.outcome.isdigit() else 200

    def find_failure(self, *, decodes: bool) -> int | None:
        """The status of the failed step; None if it does not fail.

        Args:
            decodes: Whether anything uses its response. Otherwise it may have any format.
        """
        if self.outcome.isdigit():
            return self.status if self.status >= HTTPStatus.BAD_REQUEST else 502
        return None if self.outcome == "broken" and not decodes else REFUSED.get(self.outcome)


def make_value(number: int, given: str | None) -> str:
    """What the upstream responds to a step."""
    return f"{number}({given or ''})"


@dataclass
class Expected:
    """What sequential execution gives.

    Attributes:
        values: The values of the steps; null for a failure after which the run continues.
        failed: The first failed step, and its status.
    """

    values: list[str | None]
    failed: tuple[str, int] | None = None


def run_in_sequence(steps: Sequence[ScriptedStep], *, maps: bool) -> Expected:
    """Run the steps one after another; see :func:`make_workflow`."""
    values: list[str | None] = []
    used = {step.uses for step in steps}
    for number, step in enumerate(steps):
        if (status := step.find_failure(decodes=maps or number in used)) is not None:
            if not step.continues:
                return Expected(values, (f"s{number}", status))
            values.append(None)
            continue
        values.append(make_value(number, "-" if step.uses is None else values[step.uses]))
    return Expected(values)


def make_workflow(steps: Sequence[ScriptedStep], *, maps: bool) -> dict[str, Any]:
    """A document with one tool that runs the steps.

    Args:
        steps: The steps.
        maps: Whether the result has the values of all steps. Otherwise it is the last response.
    """
    inputs = [{"name": "n", "in": "query"}, {"name": "v", "in": "query"}]
    operations = [{"name": method.lower(), "method": method, "inputParameters": inputs} for method in ("GET", "POST")]
    called = [
        {
            "type": "call",
            "name": f"s{number}",
            "call": f"api.{step.method.lower()}",
            "with": {"n": number, "v": "-" if step.uses is None else f"$.s{step.uses}.v"},
            **({"onError": "continue"} if step.continues else {}),
        }
        for number, step in enumerate(steps)
    ]
    mappings = [{"targetName": f"v{number}", "value": f"$.s{number}.v"} for number in range(len(steps))]
    tool = {"name": "run", "description": "Runs", "steps": called} | ({"mappings": mappings} if maps else {})
    resources = [{"path": "/call", "operations": operations}]
    consumed = {"type": "http", "namespace": "api", "baseUri": BASE, "resources": resources}
    exposed = {"type": "mcp", "namespace": "tools", "port": 9090, "tools": [tool]}
    return {
        "naftiko": "1.0.0-alpha2",
        "info": {"label": "Random steps"},
        "capability": {"consumes": [consumed], "exposes": [exposed]},
    }


@dataclass
class ScriptedTransport:
    """Responds to the steps of a workflow as they say.

    Attributes:
        sent: The numbers of the steps in the order of their requests.
        ended: The numbers of the steps whose response was closed, or which had none.
        events: The same and the requests, in one order: ``+3`` is the request of the step 3, ``-3`` its end.
    """

    steps: Sequence[ScriptedStep]
    sent: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    async def send(self, request: OutboundRequest) -> ScriptedResponse:
        query = dict(pair.split("=", 1) for pair in request.url.partition("?")[2].split("&"))
        number = int(query["n"])
        step = self.steps[number]
        assert step.method == request.method
        self.sent.append(number)
        self.events.append(f"+{number}")
        responds = False
        try:
            await take_turns(step.turns[0])
            responds = step.outcome != "unreachable"
        finally:
            if not responds:
                self.end(number)
        if not responds:
            raise UpstreamUnreachable("the connection was refused")
        value = make_value(number, unquote(query.get("v", "")))
        return ScriptedResponse(self, number, value)

    def end(self, number: int) -> None:
        self.ended.append(number)
        self.events.append(f"-{number}")

    async def aclose(self) -> None:
        """Close nothing."""


class ScriptedResponse:
    """A response whose body arrives in two chunks."""

    def __init__(self, transport: ScriptedTransport, number: int, value: str) -> None:
        self._transport, self._number = transport, number
        self._step = transport.steps[number]
        self.status = self._step.status
        self.headers: Sequence[Header] = ((b"content-type", b"application/json"),)
        body = BROKEN if self._step.outcome == "broken" else json.dumps({"v": value}).encode()
        self._chunks = (body[:3], body[3:])

    async def iter_chunks(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            await take_turns(self._step.turns[1])
            if self._step.outcome == "truncated":
                raise UpstreamUnreachable("the connection broke")
            yield chunk

    def read_whole(self) -> bytes | None:
        if self._step.turns[1] or self._step.outcome == "truncated":
            return None
        return b"".join(self._chunks)

    def is_complete(self) -> bool:
        return True

    async def close(self) -> None:
        self._transport.end(self._number)


async def take_turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)
