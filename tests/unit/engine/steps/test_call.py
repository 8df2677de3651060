"""Call steps: what a run may hold, and where the work on large responses happens."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime import limits
from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.engine.result import choose_kept_headers
from naftiko_runtime.engine.steps.call import BoundCallStep
from naftiko_runtime.engine.steps.lookup import BoundLookupStep
from naftiko_runtime.engine.steps.loop import BoundLoop
from naftiko_runtime.engine.steps.workflow_run import WorkflowRun
from naftiko_runtime.errors import StepError
from naftiko_runtime.jsonpath import work_limit
from naftiko_runtime.plan import Argument, CallStep, LookupStep, NamedOutput, Request, StepLoop
from naftiko_runtime.upstream.interface import OutboundRequest
from naftiko_runtime.upstream.stub_response import Stub, StubResponse

if TYPE_CHECKING:
    from naftiko_runtime.engine.call import BoundCall
    from naftiko_runtime.engine.mapping import ResponseMapping


class Row(dict[str, Any]):
    """A row that records the threads in which it is read."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(fields)
        self.threads: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.threads.add(threading.current_thread().name)
        return super().get(name, default)


class Call:
    """A call whose responses have bodies of a size."""

    bytes_max = 1000
    kept = choose_kept_headers(frozenset())

    def __init__(self, size: int) -> None:
        self._size = size
        self.builder = self
        self.sent = 0

    def build(self, _: Invocation) -> OutboundRequest:
        return OutboundRequest("api.one", "GET", "http://api.example/one", [], None)

    async def send(self, _: OutboundRequest) -> StubResponse:
        self.sent += 1
        return StubResponse(Stub(200, (), b"x" * self._size))


class Mapping:
    def __init__(self, value: object) -> None:
        self._value = value

    async def read_value(self, *_: object) -> object:
        return self._value


class Exchange:
    def compute_remaining(self) -> float:
        return 60.0


def make_run(**values: object) -> WorkflowRun:
    return WorkflowRun(Invocation(values=values), Exchange())  # type: ignore[arg-type]


def make_step(call: Call, value: object, *outputs: NamedOutput) -> BoundCallStep:
    request = Request(None, "api.one", "GET", ())  # type: ignore[arg-type]  # only its operation is used
    mapping: ResponseMapping = Mapping(value)  # type: ignore[assignment]
    bound: BoundCall = call  # type: ignore[assignment]
    return BoundCallStep("operation", CallStep("one", request, outputs=outputs), bound, mapping)


def test_the_items_of_a_loop_share_the_memory_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RUN_BYTES_MAX", 2500)
    call = Call(1000)
    loop = BoundLoop("operation", "one", StepLoop(Argument("list")), {})
    problem = "step 'one' failed at item 2: the responses of the run exceed 2,500 bytes"
    with pytest.raises(StepError, match=problem) as caught:
        asyncio.run(loop.run(make_run(list=list(range(1000))), make_step(call, {}).run))
    assert (caught.value.status, caught.value.operation) == (502, "api.one")
    assert call.sent == 3


def test_a_run_may_hold_what_one_response_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RUN_BYTES_MAX", 500)
    run = make_run()
    asyncio.run(make_step(Call(1000), "value").run(run))
    assert run.outputs == {"one": "value"}


@pytest.mark.parametrize(
    ("size", "thread"),
    [(1, "MainThread"), (limits.DECODED_INLINE_BYTES_MAX + 1, "beside-loop")],
    ids=["small", "large"],
)
def test_work_on_large_responses_leaves_the_event_loop(size: int, thread: str) -> None:
    class LargeCall(Call):
        bytes_max = size

    async def run_both(run: WorkflowRun) -> None:
        await make_step(LargeCall(size), [row], NamedOutput("n", "$..n", "number")).run(run)
        run.outputs["one"] = [row]
        await BoundLookupStep("ships.find", LookupStep("found", "one", "id", Argument("id")), {}).run(run)

    row, run = Row(id=7, n=1), make_run(id=7)
    asyncio.run(run_both(run))
    assert run.outputs["found"] == {"id": 7, "n": 1}
    assert {name.partition("_")[0] for name in row.threads} == {thread}


def test_the_work_on_named_outputs_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_limit, "JSONPATH_VISITS_MAX", 10_000)
    step = make_step(Call(1), [{"n": number} for number in range(10_000)], NamedOutput("n", "$..n", "number"))
    with pytest.raises(StepError, match="step 'one' failed: the work on its outputs takes too long"):
        asyncio.run(step.run(make_run()))
