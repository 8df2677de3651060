"""The state of one run of a workflow, and the values that its steps take from it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from msgspec import Struct, field

from naftiko_runtime.engine.evaluate import compile_tree
from naftiko_runtime.errors import StepError
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.jsonpath import OutOfTime, TooMuchWork, compile_path, run_bounded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.engine.evaluate import Values
    from naftiko_runtime.engine.exchange import Exchange
    from naftiko_runtime.engine.invocation import Invocation
    from naftiko_runtime.engine.result import OperationResult
    from naftiko_runtime.jsonpath import JsonPath
    from naftiko_runtime.plan import StepReference, Tree
    from naftiko_runtime.secret import Secret


class WorkflowRun(Struct):
    """One run of a workflow.

    Attributes:
        call: The caller's call.
        exchange: The exchange of the run, which has its deadline.
        outputs: The outputs of the steps that are complete, by step.
        statuses: The statuses of their responses, by step.
        complete: The steps that are complete.
        skipped: Those that did not run, because their condition does not hold.
        indexes: The rows of outputs by key, by step and key field.
        result: The response that is the result; None before it is there, and for another result.
        item_is_callers: Whether the item of the loop is a value of the caller.
    """

    call: Invocation
    exchange: Exchange
    outputs: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    indexes: dict[tuple[str, str], dict[Hashable, tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    result: OperationResult | None = None
    item_is_callers: bool = False

    def has_time(self) -> bool:
        """Whether the deadline of the run is not over. Nothing replaces a step that fails after it."""
        return self.exchange.compute_remaining() > 0


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
            values[one.argument] = found if path.identity else _find_value(step, path, found, run)
        return values

    return read


def compile_value(
    step: str, tree: Tree, references: Sequence[StepReference], secrets: Mapping[str, Secret]
) -> Callable[[WorkflowRun], Any]:
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
    return StepError(step, "", f"a value cannot be text: {error}", status=502)


def _find_value(step: str, path: JsonPath, value: Any, run: WorkflowRun) -> Any:
    """The value at a path, with a limit on the work of a path that searches."""
    if not path.searches:
        return path.get(value)
    try:
        return run_bounded(path.get, value, run.exchange.compute_remaining)
    except (TooMuchWork, OutOfTime):
        raise StepError(step, "", f"the path '{path.text}' takes too long", status=502) from None
