"""The state of one run of a workflow, and the values that its steps take from it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from msgspec import Struct, field

from naftiko_runtime.engine.compile_terms import compile_tree
from naftiko_runtime.engine.threads import run_in_thread
from naftiko_runtime.errors import StepError
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.jsonpath import OutOfTime, TooMuchWork, compile_path, run_bounded
from naftiko_runtime.limits import DECODED_INLINE_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.engine.compile_terms import Values
    from naftiko_runtime.engine.exchange import Exchange
    from naftiko_runtime.engine.invocation import Invocation
    from naftiko_runtime.engine.result import OperationResult
    from naftiko_runtime.jsonpath import JsonPath
    from naftiko_runtime.plan import StepReference, Tree
    from naftiko_runtime.secret import Secret


T = TypeVar("T")


class HeldBodies(Struct):
    """The bodies that a run has read: of all its steps, and of all items of its loops.

    Attributes:
        size: Their size in bytes.
        is_large: Whether one of them is so large that work on it would delay other requests.
    """

    size: int = 0
    is_large: bool = False

    def add(self, size: int) -> None:
        """Count a body."""
        self.size += size
        self.is_large = self.is_large or size > DECODED_INLINE_BYTES_MAX


class WorkflowRun(Struct):
    """One run of a workflow.

    Attributes:
        call: The caller's call.
        exchange: The exchange of the run, which has its deadline.
        outputs: The outputs of the steps that are complete, by step.
        statuses: The statuses of their responses, by step.
        complete: The steps that are complete.
        skipped: Those that did not run, because their condition does not hold.
        indexes: The rows of outputs by key, by step, path and key field.
        result: The response that is the result; None before it is there, and for another result.
        bodies: What it holds in memory.
        item_is_callers: Whether the item of the loop is a value of the caller.
    """

    call: Invocation
    exchange: Exchange
    outputs: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    indexes: dict[tuple[str, str, str], dict[Hashable, tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    result: OperationResult | None = None
    bodies: HeldBodies = field(default_factory=HeldBodies)
    item_is_callers: bool = False

    def has_time(self) -> bool:
        """Whether the deadline of the run is not over. Nothing replaces a step that fails after it."""
        return self.exchange.compute_remaining() > 0

    async def read(self, read: Callable[[WorkflowRun], T]) -> T:
        """Read values of the outputs: in a thread if they are large, as paths may search them."""
        return await run_in_thread(partial(read, self)) if self.bodies.is_large else read(self)

    async def work(self, work: Callable[[], T]) -> T:
        """Do work on the outputs: in a thread if they are large."""
        return await run_in_thread(work) if self.bodies.is_large else work()


class BoundStep(Protocol):
    """A compiled step.

    Attributes:
        name: Its name.
        target: The consumed operation that it calls; empty if it calls none.
    """

    name: str
    target: str

    async def run(self, run: WorkflowRun) -> None:
        """Run the step, and keep its output in the run.

        Raises:
            StepError: It failed.
            Rejected: It cannot send a value of the caller.
        """


ReadValues: TypeAlias = Callable[[WorkflowRun], "Values"]
"""From a run to the values by argument: the caller's, and those that a step takes from other steps."""


def compile_references(step: str, references: Sequence[StepReference]) -> ReadValues:
    """Compile the references of a step.

    Args:
        step: The step, for errors.
        references: What it takes from other steps.
    """
    if not references:
        return lambda run: run.call.values
    paths = [(one, compile_path(one.path)) for one in references]

    def read(run: WorkflowRun) -> Values:
        values = dict(run.call.values)
        for one, path in paths:
            found = (run.call.values if one.of_input else run.outputs).get(one.source)
            values[one.argument] = find_value(step, path, found, run)
        return values

    return read


def compile_value(
    step: str, tree: Tree, references: Sequence[StepReference], secrets: Mapping[str, Secret]
) -> Callable[[WorkflowRun], object]:
    """Compile a value of a step, with what it takes from other steps.

    The compiled function raises StepError if a part of the value cannot be text.

    Args:
        step: The step, for errors.
        tree: The value.
        references: What it takes from other steps.
        secrets: Bound variables by full name.
    """
    read_values, evaluate = compile_references(step, references), compile_tree(tree, secrets)

    def read(run: WorkflowRun) -> object:
        values = read_values(run)
        try:
            return evaluate(values)
        except Unrenderable as error:
            raise describe_unrenderable(step, error) from None

    return read


def describe_unrenderable(step: str, error: Unrenderable) -> StepError:
    """The error of a step with a value that cannot be text."""
    return StepError(step, "", f"a value cannot be text: {error}", status=502, lasting=True)


def find_value(step: str, path: JsonPath, value: Any, run: WorkflowRun) -> Any:
    """The value at a path, with a limit on the work of a path that searches.

    Args:
        step: The step, for errors.
        path: The path.
        value: What it leads into.
        run: The run.

    Raises:
        StepError: The path visits too many values, or takes longer than the run may.
    """
    if path.identity:
        return value
    return limit_work(step, f"the path '{path.text}'", path.get, value, run) if path.searches else path.get(value)


def limit_work(step: str, subject: str, make: Callable[[object], T], value: Any, run: WorkflowRun) -> T:
    """Make a value with paths that search, with a limit on their work.

    Args:
        step: The step, for errors.
        subject: What it is, for errors.
        make: Makes it.
        value: What it is made of.
        run: The run.

    Raises:
        StepError: Its paths visit too many values, or take longer than the run may.
    """
    try:
        return run_bounded(make, value, run.exchange.compute_remaining)
    except TooMuchWork:
        raise StepError(step, "", f"{subject} takes too long", status=502, lasting=True) from None
    except OutOfTime:
        raise StepError(step, "", f"{subject} takes too long", status=504) from None
