"""The steps of a workflow, and the control flow around them. ADR 24 and ADR 28 explain them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from naftiko_runtime.plan.request import Request
    from naftiko_runtime.plan.response import Format
    from naftiko_runtime.plan.result_shapes import ShapeType
    from naftiko_runtime.scripting.script_program import ScriptLimits, ScriptProgram
    from naftiko_runtime.terms import TermObject, Tree


ITEM: Final = "item"
"""By this name, a step in a loop refers to its item."""
INDEX: Final = "index"
"""By this name, a step in a loop refers to the index of its item."""


class StepReference(Struct, frozen=True):
    """A value that a step takes from an earlier step's output, or from a part of an input.

    Attributes:
        argument: The name of the argument that stands for it in terms, such as ``$.ship.imo``.
        source: The earlier step, or the input.
        path: The JSONPath into its output, or into its value.
        of_input: Whether it is a part of an input.
    """

    argument: str
    source: str
    path: str
    of_input: bool = False


class NamedOutput(Struct, frozen=True):
    """A part of a response that has a name for later steps."""

    name: str
    path: str
    type: ShapeType


class When(Struct, frozen=True):
    """A condition.

    Attributes:
        text: The condition, a JSONPath filter.
        values: The object that it is about: the inputs and outputs that it names. Absent ones are left out.
        references: What the values take from earlier steps.
    """

    text: str
    values: TermObject
    references: tuple[StepReference, ...] = ()


class FallbackValue(Struct, frozen=True):
    """A value that replaces the output of a step that fails.

    Attributes:
        tree: The value.
        references: What it takes from earlier steps.
    """

    tree: Tree
    references: tuple[StepReference, ...] = ()


class LoopInput(Struct, frozen=True):
    """The input of the caller that a loop is over.

    Attributes:
        name: Its name.
        place: Its place in a request, or ``arguments`` of a tool.
    """

    name: str
    place: str


class StepLoop(Struct, frozen=True):
    """Runs a step for each item of a list.

    Attributes:
        items: The list.
        references: What it takes from earlier steps.
        concurrency: How many items run at the same time.
        on_item_error: What the failure of an item does: it fails the step, is left out, or is in the list as an error.
        input: The input that has the list. None if the list comes from elsewhere.
    """

    items: Tree
    references: tuple[StepReference, ...] = ()
    concurrency: int = 1
    on_item_error: Literal["fail", "skip", "collect"] = "fail"
    input: LoopInput | None = None


class StepControl(Struct, frozen=True):
    """When and how often a step runs, and what its failure does.

    Attributes:
        when: The step is skipped if this condition does not hold.
        loop: The step runs for each item of this list. None if it runs once.
        fallback: What replaces the step if it fails.
        continues: Whether the run continues after a failure of the step.
    """

    when: When | None = None
    loop: StepLoop | None = None
    fallback: FallbackValue | CallStep | None = None
    continues: bool = False

    @property
    def references(self) -> tuple[StepReference, ...]:
        """What the control flow takes from earlier steps."""
        parts = (self.when, self.loop, self.fallback)
        return tuple(one for part in parts if part is not None for one in part.references)


class CallStep(Struct, frozen=True):
    """A step that calls a consumed operation once.

    Attributes:
        name: Its name.
        request: The call.
        references: What the call takes from earlier steps.
        format: How the response is decoded. None if no later step uses it.
        outputs: The named parts of the response; without any, it is used as it is.
        control: When and how often it runs, and what its failure does. None if it runs once, and must not fail.
    """

    name: str
    request: Request
    references: tuple[StepReference, ...] = ()
    format: Format | None = None
    outputs: tuple[NamedOutput, ...] = ()
    control: StepControl | None = None


class LookupStep(Struct, frozen=True):
    """A step that finds rows in the output of an earlier step, by a key.

    Attributes:
        name: Its name.
        index: The step whose output has the rows.
        match: The field of a row that is its key.
        value: The key that is looked up, or a list of them.
        fields: The fields of a row that are kept; without any, it is kept whole.
        references: What the value takes from earlier steps.
        control: When and how often it runs, and what its failure does. None if it runs once, and must not fail.
        path: The JSONPath of the rows in the output of ``index``.
    """

    name: str
    index: str
    match: str
    value: Tree
    fields: tuple[str, ...] = ()
    references: tuple[StepReference, ...] = ()
    control: StepControl | None = None
    path: str = "$"


class ScriptStep(Struct, frozen=True):
    """A step that runs a script.

    Attributes:
        name: Its name.
        program: The script, with what it depends on.
        limits: What one run of it may use.
        enabled: Whether the document lets scripts run. The operator must allow them too.
        context: What the script gets by name, beside the inputs and the outputs of earlier steps.
        references: What the context takes from earlier steps.
        control: When and how often it runs, and what its failure does. None if it runs once, and must not fail.
    """

    name: str
    program: ScriptProgram
    limits: ScriptLimits
    enabled: bool
    context: Tree
    references: tuple[StepReference, ...] = ()
    control: StepControl | None = None


WorkflowStep: TypeAlias = CallStep | LookupStep | ScriptStep


def iter_calls(step: WorkflowStep) -> Iterator[CallStep]:
    """The calls of a step: its own, and that of its fallback."""
    if isinstance(step, CallStep):
        yield step
    if step.control is not None and isinstance(step.control.fallback, CallStep):
        yield step.control.fallback


def map_calls(step: WorkflowStep, change: Callable[[CallStep], CallStep]) -> WorkflowStep:
    """Return a step with other calls."""
    control, changed = step.control, change(step) if isinstance(step, CallStep) else step
    if control is None or not isinstance(control.fallback, CallStep):
        return changed
    return replace(changed, control=replace(control, fallback=change(control.fallback)))
