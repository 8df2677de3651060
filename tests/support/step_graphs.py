"""Random workflows of all kinds of steps under all control flow, and what sequential execution gives.

A graph is drawn from a random number generator, so that tests over real sockets have the same graphs as properties.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

BASE: Final = "http://upstream.example:8443/v1"
ITEMS: Final = "abcdef"
"""The items of lists in responses."""
FALLBACK: Final = 100
"""Added to the number of a step in the requests of its fallback."""
REPLACED: Final = {"v": "replaced", "n": -1}
"""The value of a fallback."""

Output: TypeAlias = Any
Outcome: TypeAlias = int
"""The status of a response."""


@dataclass(frozen=True)
class GraphCall:
    """A call step, which may run for each item of a list.

    Attributes:
        method: GET or POST.
        uses: The earlier step whose value it sends; None for a constant.
        outcomes: The status of the response, for each item of a loop; the first one without a loop.
        over: The earlier step whose list it loops over; None without a loop.
        policy: What the failure of an item does.
        concurrency: How many items run at the same time.
        fallback: The status of the call that replaces a failure, ``value``, or None without a fallback.
    """

    method: str
    uses: int | None
    outcomes: tuple[Outcome, ...]
    over: int | None = None
    policy: Literal["fail", "skip", "collect"] = "fail"
    concurrency: int = 4
    fallback: Outcome | Literal["value"] | None = None


@dataclass(frozen=True)
class GraphLookup:
    """A lookup step.

    Attributes:
        index: The step whose output has the rows.
        wanted: The earlier steps whose values are looked up.
        is_list: Whether it looks up a list of values. Otherwise it is the value of the first one.
    """

    index: int
    wanted: tuple[int, ...]
    is_list: bool


@dataclass(frozen=True)
class GraphStep:
    """A step.

    Attributes:
        kind: What it does.
        after: The step that must have a number, or the step is skipped; None without a condition.
        continues: Whether the run continues if it fails.
        turns: How long its responses take, in turns of the event loop.
    """

    kind: GraphCall | GraphLookup
    after: int | None = None
    continues: bool = False
    turns: int = 0


def draw_graph(random: Random) -> list[GraphStep]:
    """A graph whose steps use any earlier ones."""
    graph: list[GraphStep] = []
    for number in range(random.randint(1, 7)):
        is_lookup = number > 0 and random.random() < 0.2
        kind = _draw_lookup(random, number) if is_lookup else _draw_call(random, number)
        after = random.randrange(number) if number and random.random() < 0.25 else None
        graph.append(GraphStep(kind, after, random.random() < 0.3, random.randint(0, 7)))
    return graph


def _draw_call(random: Random, number: int) -> GraphCall:
    failing = random.choice([0.0, 0.1, 0.7])

    def draw_outcome() -> Outcome:
        return random.choice([404, 503]) if random.random() < failing else 200

    def draw_earlier(chance: float) -> int | None:
        return random.randrange(number) if number and random.random() < chance else None

    fallbacks: Sequence[Outcome | Literal["value"] | None] = [None, None, None, "value", 200, 500]
    return GraphCall(
        random.choice(["GET", "GET", "GET", "POST"]),
        draw_earlier(0.6),
        tuple(draw_outcome() for _ in ITEMS),
        draw_earlier(0.4),
        random.choice(["fail", "skip", "collect"]),
        random.randint(1, 4),
        random.choice(fallbacks),
    )


def _draw_lookup(random: Random, number: int) -> GraphLookup:
    wanted = tuple(random.randrange(number) for _ in range(random.randint(1, 4)))
    return GraphLookup(random.randrange(number), wanted, random.random() < 0.5)


def make_steps(graph: Sequence[GraphStep], name: int = 0) -> list[dict[str, Any]]:
    """The steps as a document has them. Their requests have the name of the graph."""
    return [_make_step(name, number, step) for number, step in enumerate(graph)]


def make_mappings(graph: Sequence[GraphStep]) -> list[dict[str, Any]]:
    """The result has the outputs of all steps."""
    return [{"targetName": f"s{number}", "value": f"$.s{number}"} for number in range(len(graph))]


def make_consumed(base: str) -> dict[str, Any]:
    """The API that graphs call."""
    inputs = [{"name": name, "in": "query"} for name in ("g", "n", "v")]
    operations = [{"name": method.lower(), "method": method, "inputParameters": inputs} for method in ("GET", "POST")]
    resources = [{"path": "/call", "operations": operations}]
    return {"type": "http", "namespace": "api", "baseUri": base, "resources": resources}


def _make_step(name: int, number: int, step: GraphStep) -> dict[str, Any]:
    control: dict[str, Any] = {"name": f"s{number}"}
    if step.after is not None:
        control["when"] = f"$.s{step.after}.n >= 0"
    if step.continues:
        control["onError"] = "continue"
    match step.kind:
        case GraphLookup(index, wanted, is_list):
            values = [f"$.s{one}.v" for one in wanted]
            looked_up = values if is_list else values[0]
            return {**control, "type": "lookup", "index": f"s{index}", "match": "v", "lookupValue": looked_up}
        case GraphCall() as call:
            return {**control, **_make_call(name, number, call)}


def _make_call(name: int, number: int, call: GraphCall) -> dict[str, Any]:
    given = "-" if call.uses is None else f"$.s{call.uses}.v"
    made: dict[str, Any] = {"type": "call", "call": f"api.{call.method.lower()}"}
    if call.over is not None:
        given = "$.item"
        made |= {"forEach": f"$.s{call.over}.list", "onItemError": call.policy, "concurrency": call.concurrency}
    made["with"] = {"g": name, "n": number, "v": given}
    if call.fallback == "value":
        made["fallback"] = {"value": REPLACED}
    elif call.fallback is not None:
        made["fallback"] = {"call": "api.get", "with": {"g": name, "n": number + FALLBACK, "v": given}}
    return made


def respond(graph: Sequence[GraphStep], number: int, given: str | None) -> tuple[int, Output]:
    """The status and the value with which the API responds to a request."""
    call = graph[number % FALLBACK].kind
    assert isinstance(call, GraphCall)
    value = {"v": f"{number}({given or ''})", "n": number, "list": list(ITEMS[: number % 4 + 1])}
    if number >= FALLBACK:
        assert isinstance(call.fallback, int)
        return call.fallback, value
    return call.outcomes[0 if call.over is None else ITEMS.index(given or "a")], value


@dataclass
class SequentialRun:
    """Runs a graph one step after another.

    Attributes:
        outputs: The outputs of the steps.
        failed: The first failed step with its status; None if the run succeeds.
        sent: The number and the value of each request.
    """

    graph: Sequence[GraphStep]
    outputs: list[Output] = field(default_factory=list)
    failed: tuple[str, int] | None = None
    sent: list[tuple[int, str | None]] = field(default_factory=list)

    def run(self) -> SequentialRun:
        """Run the steps, up to the first that fails."""
        for number, step in enumerate(self.graph):
            if step.after is not None and not _has_number(self.outputs[step.after]):
                self.outputs.append(None)
                continue
            try:
                self.outputs.append(self._run_kind(number, step.kind))
            except StatusError as error:
                if not step.continues:
                    self.failed = f"s{number}", error.status
                    return self
                self.outputs.append(None)
        return self

    def _run_kind(self, number: int, kind: GraphCall | GraphLookup) -> Output:
        if isinstance(kind, GraphLookup):
            return self._look_up(kind)
        if kind.over is not None:
            return self._run_loop(number, kind, _get(self.outputs[kind.over], "list") or [])
        return self._run_call(number, kind, "-" if kind.uses is None else _get(self.outputs[kind.uses], "v"))

    def _run_loop(self, number: int, call: GraphCall, items: list[str]) -> list[Output]:
        results: list[Output] = []
        for item in items:
            try:
                results.append(self._run_call(number, call, item))
            except StatusError as error:
                if call.policy == "fail":
                    raise
                results += [{"error": error.status}] if call.policy == "collect" else []
        return results

    def _run_call(self, number: int, call: GraphCall, given: str | None) -> Output:
        try:
            return self._send(number, given)
        except StatusError:
            if call.fallback is None:
                raise
            return REPLACED if call.fallback == "value" else self._send(number + FALLBACK, given)

    def _send(self, number: int, given: str | None) -> Output:
        self.sent.append((number, given))
        status, value = respond(self.graph, number, given)
        if status != 200:
            raise StatusError(status)
        return value

    def _look_up(self, lookup: GraphLookup) -> Output:
        output = self.outputs[lookup.index]
        rows = [row for row in (output if isinstance(output, list) else [output]) if isinstance(row, dict)]

        def find(wanted: str | None) -> Output:
            return next((row for row in rows if wanted is not None and row.get("v") == wanted), None)

        found = [find(_get(self.outputs[one], "v")) for one in lookup.wanted]
        return [row for row in found if row is not None] if lookup.is_list else found[0]


class StatusError(Exception):
    """A call failed.

    Attributes:
        status: Its status.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _get(output: Output, key: str) -> Any:
    return output.get(key) if isinstance(output, dict) else None


def _has_number(output: Output) -> bool:
    number = _get(output, "n")
    return isinstance(number, int) and number >= 0


def strip_details(output: Output) -> Output:
    """An output of a loop with only the statuses of collected errors."""
    if not isinstance(output, list):
        return output
    return [{"error": row["error"]["status"]} if "error" in row else row for row in output]
