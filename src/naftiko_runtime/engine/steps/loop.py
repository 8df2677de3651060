"""Runs a step for each item of a list. ADR 28 explains it."""

from __future__ import annotations

import asyncio
import logging
from copy import copy
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec.structs import replace

from naftiko_runtime.engine.compile_terms import ABSENT
from naftiko_runtime.engine.steps.workflow_run import compile_value
from naftiko_runtime.errors import InputFault, Rejected, StepError
from naftiko_runtime.limits import LOOP_ITEMS_MAX
from naftiko_runtime.plan import INDEX, ITEM
from naftiko_runtime.shorten_text import shorten_text
from naftiko_runtime.upstream.previewed_requests import NoResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from naftiko_runtime.engine.steps.workflow_run import WorkflowRun
    from naftiko_runtime.plan import StepLoop
    from naftiko_runtime.secret import Secret

log = logging.getLogger(__name__)

_KEYS_SHOWN: Final = 5
_KEY_CHARACTERS_MAX: Final = 40

RunOnce: TypeAlias = "Callable[[WorkflowRun], Awaitable[None]]"
"""Runs the step for one item."""


class BoundLoop:
    """The compiled loop of a step."""

    __slots__ = ("_operation", "_plan", "_read_items", "_step")

    def __init__(self, operation: str, step: str, plan: StepLoop, secrets: Mapping[str, Secret]) -> None:
        """Compile a loop.

        Args:
            operation: The exposed operation, for logs.
            step: The step.
            plan: The loop.
            secrets: Bound variables by full name.
        """
        self._operation, self._step, self._plan = operation, step, plan
        self._read_items = compile_value(step, plan.items, plan.references, secrets)

    async def run(self, run: WorkflowRun, run_once: RunOnce) -> None:
        """Run the step for each item. Its output is the list of the outputs, in the order of the items.

        Raises:
            Rejected: The value of the caller is no list, or too long.
            StepError: There is no list, or the step failed and its failures are not to be left out or collected.
                The error of the first failed item is raised; later ones are cancelled, earlier ones are awaited.
            NoResponse: A preview has no response for an item. The requests of all items are recorded then.
        """
        items = self._list_items(await run.read(self._read_items))
        callers = self._plan.input is not None
        runs = [_start_item(run, item, index, is_callers=callers) for index, item in enumerate(items)]
        results: list[list[Any]] = [[] for _ in items]

        missing: list[NoResponse] = []

        async def run_item(index: int) -> None:
            try:
                results[index] = await self._run_item(index, runs[index], run_once)
            except NoResponse as error:  # a preview shows the requests of all items
                missing.append(error)

        if (concurrency := min(len(items), self._plan.concurrency)) > 1:
            await run_together(len(items), run_item, concurrency)
        else:
            for index in range(len(items)):
                await run_item(index)
        if missing:
            raise missing[0]
        run.outputs[self._step] = [output for result in results for output in result]
        for one in runs:
            run.statuses.update(one.statuses)

    async def _run_item(self, index: int, run: WorkflowRun, run_once: RunOnce) -> list[Any]:
        """The output of an item, or none if the item is left out."""
        try:
            await run_once(run)
        except StepError as error:
            failure, policy = error.locate_item(index), self._plan.on_item_error
            if policy == "fail" or not run.has_time():
                raise failure from None
            extra = {"operation": self._operation, "step": self._step, "reason": str(failure)}
            log.info("loop continues after a failed item", extra=extra | {"request_id": failure.request_id})
            run.statuses.clear()
            return [{"error": {"status": failure.status, "detail": str(failure)}}] if policy == "collect" else []
        return [run.outputs.get(self._step)]

    def _list_items(self, found: object) -> Sequence[object]:
        """The items of a value. Null has none.

        Raises:
            StepError, Rejected: It is no list, or too long. The second one if it is the caller's.
        """
        if found is None or found is ABSENT:
            return ()
        if not isinstance(found, list):
            raise self._describe(f"is no list: it is {_describe_value(found)}")
        if len(found) > LOOP_ITEMS_MAX:
            raise self._describe(f"has {len(found):,} items; the most is {LOOP_ITEMS_MAX:,}")
        return found

    def _describe(self, fault: str) -> StepError | Rejected:
        """The error of a value that cannot be looped over."""
        if (callers := self._plan.input) is not None:
            return Rejected(InputFault(callers.name, callers.place, f"the list of step '{self._step}' {fault}"))
        problem = f"the value of 'forEach' {fault}"
        error = StepError(self._step, "", problem, status=502, lasting=True)
        extra = {"operation": self._operation, "step": self._step, "reason": problem}
        log.warning("step failed", extra=extra | {"request_id": error.request_id})
        return error


def _describe_value(value: object) -> str:
    """Return the kind of a value that is no list, with the keys of an object: one of them may have the list."""
    match value:
        case dict():
            keys = ", ".join(f"'{shorten_text(str(key), _KEY_CHARACTERS_MAX)}'" for key in [*value][:_KEYS_SHOWN])
            more = f" and {len(value) - _KEYS_SHOWN} more" if len(value) > _KEYS_SHOWN else ""
            return f"an object with {keys}{more}" if keys else "an empty object"
        case bool():
            return "a boolean"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case _:
            return "a file"


def _start_item(run: WorkflowRun, item: object, index: int, *, is_callers: bool) -> WorkflowRun:
    """Return a run with outputs of its own. They stay of their type: a preview does not know all outputs."""
    outputs = copy(run.outputs)
    outputs[ITEM], outputs[INDEX] = item, index
    return replace(run, outputs=outputs, statuses={}, item_is_callers=is_callers)


async def run_together(count: int, run_item: Callable[[int], Awaitable[None]], concurrency: int) -> None:
    """Run items, some at the same time. The error of the first failed item is raised.

    Args:
        count: The number of items.
        run_item: Runs the item of an index.
        concurrency: How many run at the same time.
    """
    pending = iter(range(count))
    failures: dict[int, Exception] = {}
    running: dict[int, asyncio.Task[None]] = {}

    def cancel_later(index: int) -> None:
        for other, task in running.items():
            if other > index:
                task.cancel()

    async def work(number: int) -> None:
        for index in pending:
            if failures:
                return
            running[index] = tasks[number]
            try:
                await run_item(index)
            except Exception as error:  # noqa: BLE001 - raised below, after the earlier items
                failures[index] = error
                cancel_later(index)
            finally:
                del running[index]

    tasks: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as group:
        tasks += [group.create_task(work(number)) for number in range(concurrency)]
    if failures:
        raise failures[min(failures)]
