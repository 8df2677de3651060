"""The steps of a workflow, and the mappings of their outputs."""

from typing import Annotated, Any, ClassVar, Final, Literal

from naftiko_runtime.document.parameters import With
from naftiko_runtime.limits import LOOP_CONCURRENCY_MAX
from naftiko_runtime.model.key_annotations import BeforeValidator, Discriminator, Range, Tag, field
from naftiko_runtime.model.part import Meanings, Part, Text, convert_none_to_tuple


class DeclaredFallback(Part):
    """What replaces a step that fails: a value, or another call."""

    value: Any = None
    call: Text | None = None
    with_: With = field(default_factory=dict, alias="with")

    meanings: ClassVar[Meanings] = {
        "value": ("A value: constants, inputs, and values of earlier steps, at any depth.", {"name": "unknown"}),
        "call": ("The consumed operation that is called instead, as `namespace.operation`.", "archive.get-ship"),
        "with": ("Values for its parameters.", {"imo": "$.voyage.shipImo"}),
    }


class ControlledStep(Part):
    """What every kind of step has. All but the type and the name are outside the specification."""

    type: str
    name: Text
    when: Text | None = None
    for_each: Any = None
    concurrency: Annotated[int, Range(1, LOOP_CONCURRENCY_MAX)] = 4
    on_item_error: Literal["fail", "skip", "collect"] = "fail"
    fallback: DeclaredFallback | None = None
    on_error: Literal["fail", "continue"] = "fail"

    meanings: ClassVar[Meanings] = {
        "type": ("The kind of step.", "call"),
        "name": ("The name of the step. Later steps and mappings use its output by this name.", "ship"),
        "when": (
            "A condition, as in a JSONPath filter. Without it holding, the step is skipped: its output is null.",
            "$.ship.status == 'active' && $.limit > 3",
        ),
        "forEach": ("A list. The step runs for each `$.item` of it, and its output is a list.", "$.ship.crewIds"),
        "concurrency": ("How many items run at the same time, if the step only reads.", 8),
        "onItemError": (
            "What the failure of an item does: it fails the step, is left out, or is `{error: {status, detail}}`.",
            "skip",
        ),
        "fallback": ("What replaces the step if it fails.", {"value": []}),
        "onError": ("Whether a failure ends the run. With `continue`, the step's output is null.", "continue"),
    }


class DeclaredCallStep(ControlledStep):
    """A step that calls a consumed operation."""

    type: Literal["call"] = "call"
    call: Text
    with_: With = field(default_factory=dict, alias="with")

    meanings: ClassVar[Meanings] = {
        "call": ("The consumed operation, as `namespace.operation`.", "registry.get-ship"),
        "with": (
            "Values for its parameters: constants, inputs, and values of earlier steps.",
            {"imo": "$.voyage.shipImo"},
        ),
    }


class DeclaredLookupStep(ControlledStep):
    """A step that finds rows in the output of an earlier step."""

    type: Literal["lookup"]
    index: Text
    match: Text
    lookup_value: Any
    output_parameters: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()

    meanings: ClassVar[Meanings] = {
        "index": ("The earlier step whose output has the rows, or a JSONPath of them in it.", "$.crew.people"),
        "match": ("The field of a row that is compared with the value.", "id"),
        "lookupValue": ("The value that is looked up, or a list of values.", "$.ship.crewIds"),
        "outputParameters": ("The fields of a row that are kept. Without them, all are kept.", ["name", "role"]),
    }


class DeclaredScriptStep(ControlledStep):
    """A step that runs a script."""

    type: Literal["script"]
    language: Text | None = None
    location: Text | None = None
    file: Text
    dependencies: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()
    with_: With = field(default_factory=dict, alias="with")

    meanings: ClassVar[Meanings] = {
        "language": ("The language of the script: `javascript` or `python`.", "javascript"),
        "location": ("The folder of the script and of its dependencies.", "file:///./scripts"),
        "file": ("The script, in the folder. It assigns its output to `result`.", "total.js"),
        "dependencies": ("Scripts in the folder that run before it, in order.", ["rates.js"]),
        "with": ("More values for the script's `context`.", {"currency": "EUR"}),
    }


class UnknownStep(Part):
    """A step without a known type, which is reported."""

    takes_any_key: ClassVar[bool] = True

    type: Any = None
    name: Any = None


AnyDeclaredStep = DeclaredCallStep | DeclaredLookupStep | DeclaredScriptStep | UnknownStep

STEP_TYPES: Final = ("call", "lookup", "script")


def _tag_step(value: Any) -> str:
    if not isinstance(value, dict):
        found = getattr(value, "type", None)
    else:
        found = value.get("type", "call" if "call" in value else None)
    return found if found in STEP_TYPES else "unknown"


AnyStep = Annotated[
    Annotated[DeclaredCallStep, Tag("call")]
    | Annotated[DeclaredLookupStep, Tag("lookup")]
    | Annotated[DeclaredScriptStep, Tag("script")]
    | Annotated[UnknownStep, Tag("unknown")],
    Discriminator(_tag_step),
]
DeclaredSteps = Annotated[tuple[AnyStep, ...], BeforeValidator(convert_none_to_tuple)]


class StepMapping(Part):
    """A part of the result of a workflow."""

    target_name: Text
    value: Any

    meanings: ClassVar[Meanings] = {
        "targetName": ("The field of the result; dots make objects: `route.from`.", "captain.name"),
        "target": ("Replaces `targetName` in later versions.", "captain.name"),
        "value": ("The value: of a step, of an input, or a constant.", "$.captain.fullName"),
    }


StepMappings = Annotated[tuple[StepMapping, ...], BeforeValidator(convert_none_to_tuple)]
