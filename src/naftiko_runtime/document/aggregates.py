"""Aggregates: functions that several operations and tools share."""

from typing import Annotated, Any, ClassVar, Final

from naftiko_runtime.document.exposes import Exposed
from naftiko_runtime.document.parameters import ToolParameters
from naftiko_runtime.model.key_annotations import BeforeValidator, Discriminator, Tag, field
from naftiko_runtime.model.part import Meanings, Part, Text, Unused, convert_none_to_tuple

_FUNCTIONS: Final = [{"name": "get-ship", "description": "Finds a ship.", "call": "registry.get-ship"}]


class Semantics(Part):
    """How a function behaves, whatever exposes it."""

    safe: bool | None = None
    idempotent: bool | None = None
    cacheable: bool | None = None

    meanings: ClassVar[Meanings] = {
        "safe": (
            "Whether the function changes nothing. The hints `readOnly` and `destructive` of tools follow from it.",
            True,
        ),
        "idempotent": (
            "Whether a second call has no further effect. The hint `idempotent` of tools follows from it.",
            True,
        ),
        "cacheable": (
            "Whether a result may be kept. It describes the function for people; nothing follows from it.",
            True,
        ),
    }


class AggregateFunction(Exposed):
    """A function of an aggregate, which REST operations and tools refer to."""

    name: Text
    semantics: Semantics | None = None
    input_parameters: ToolParameters = ()
    output_media_type: Unused = None

    meanings: ClassVar[Meanings] = {
        "name": ("The name of the function. A `ref` uses it after the namespace: `fleet.get-ship`.", "get-ship"),
        "description": (
            "What the function does. What refers to it has this description unless it has its own.",
            "Finds a ship by its IMO number.",
        ),
        "semantics": ("How the function behaves. Hints of tools follow from it.", {"safe": True}),
        "inputParameters": (
            "The inputs of the function. An input is required unless it says `required: false`.",
            [{"name": "imo", "type": "string", "description": "The IMO number of a ship."}],
        ),
        "outputMediaType": ("The media type of results. Accepted without effect.", "application/json"),
    }


class Aggregate(Part):
    """Functions about one subject."""

    namespace: Text | None = None
    """Without one, nothing can refer to its functions."""
    label: Text | None = None
    import_: Text | None = field(default=None, alias="import")
    """What it is called in the file it was imported from, when it has another name here."""
    functions: Annotated[tuple[AggregateFunction, ...], BeforeValidator(convert_none_to_tuple)] = ()

    meanings: ClassVar[Meanings] = {
        "namespace": ("The name of the aggregate. A `ref` begins with it: `fleet.get-ship`.", "fleet"),
        "label": ("A title for people to read.", "Fleet"),
        "import": ("For an imported aggregate: its name in the file that it comes from.", "fleet"),
        "functions": ("The functions.", _FUNCTIONS),
        "flows": ("Replaces `functions` in later versions.", _FUNCTIONS),
    }

    @property
    def names(self) -> tuple[str, ...]:
        """Its name, and the one by which its own values may call it."""
        return tuple(name for name in (self.namespace, self.import_) if name is not None)


class ImportedAggregate(Part):
    """An aggregate of another file that could not be imported."""

    location: Any = None
    import_: Any = field(default=None, alias="import")
    as_: Any = field(default=None, alias="as")
    description: Text | None = None

    meanings: ClassVar[Meanings] = {
        "import": ("The namespace to import from the other file.", "fleet"),
        "description": ("What the aggregate is for.", "Ships and their crews."),
        "as": ("The namespace of the aggregate here, if that is another one.", "ships"),
    }

    @property
    def namespace(self) -> str | None:
        """What the aggregate is called here, if the entry says so."""
        name = self.import_ if self.as_ is None else self.as_
        return name if isinstance(name, str) else None


def _tag_aggregate(value: Any) -> str:
    return "import" if isinstance(value, dict) and "import" in value and "namespace" not in value else "own"


Aggregates = Annotated[
    tuple[
        Annotated[
            Annotated[Aggregate, Tag("own")] | Annotated[ImportedAggregate, Tag("import")],
            Discriminator(_tag_aggregate),
        ],
        ...,
    ],
    BeforeValidator(convert_none_to_tuple),
]
