"""Resolves ``ref``: an operation or a tool inherits from a function of an aggregate what it does not set itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.document.aggregates import Aggregate, ImportedAggregate
from naftiko_runtime.document.capability import SharedDocument
from naftiko_runtime.document.exposes import Referring
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import find_closest, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from naftiko_runtime.document.aggregates import AggregateFunction
    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import Exposed
    from naftiko_runtime.document.parameters import ExposedParameter, ToolParameter
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.rules import Advice
    from naftiko_runtime.source import KeyPath

R = TypeVar("R", bound=Referring)

_DESCRIBING: Final = ("name", "description", "tags")
_OF_CALL: Final = ("call", "with_")
_OF_STEPS: Final = ("steps", "mappings")
_RUNNING: Final = (*_OF_CALL, *_OF_STEPS, "output_parameters", "input_parameters")
"""The keys that decide what runs, and what it takes."""


class FunctionReference(Struct, frozen=True):
    """A ``ref`` that is resolved.

    Attributes:
        aggregate: The aggregate.
        function: Its function.
        inherited: The keys that come from the function, by their names in the program.
        is_whole: Whether everything that decides what runs comes from the function.
    """

    aggregate: Aggregate
    function: AggregateFunction
    inherited: frozenset[str]
    is_whole: bool


class Functions:
    """The functions of a document.

    Attributes:
        references: What operations and tools inherit, by their places.
    """

    def __init__(self, document: Document, context: Context) -> None:
        self._context = context
        self._aggregates = list_aggregates(document)
        self._by_name = {f"{a.namespace}.{f.name}": (a, f) for a, f in reversed(list(self.iter_all()))}
        imported = (entry.namespace for entry in _iter_entries(document) if isinstance(entry, ImportedAggregate))
        self._unknown = frozenset(imported)
        self.references: dict[KeyPath, FunctionReference] = {}

    def iter_all(self) -> Iterator[tuple[Aggregate, AggregateFunction]]:
        """Yield every function that can be referred to, and those that have the name of an earlier one."""
        named = (aggregate for aggregate in self._aggregates if aggregate.namespace is not None)
        return ((aggregate, function) for aggregate in named for function in aggregate.functions)

    def resolve(self, referring: Referring) -> tuple[Aggregate, AggregateFunction] | None:
        """Return the function that an operation or a tool refers to; None if there is none, which is reported."""
        if referring.ref is None:
            return None
        found = self._by_name.get(referring.ref)
        if found is None and not self._may_exist(referring.ref.partition(".")[0]):
            self._context.report(
                rules.UNRESOLVED_REF(ref=referring.ref), referring.get_path("ref"), self._advise(referring.ref)
            )
        return found

    def inherit(
        self,
        referring: R,
        found: tuple[Aggregate, AggregateFunction],
        inputs: tuple[ExposedParameter | ToolParameter, ...],
        own: Mapping[str, Any] | None = None,
    ) -> R:
        """Return an operation or a tool with what it inherits, as if it were written there. It has no ``ref`` then.

        ``call`` and ``steps`` exclude each other: who sets one of them does not inherit the other.

        Args:
            referring: What refers to the function.
            found: The function, and its aggregate.
            inputs: The inputs of the function in the form of the operation or the tool.
            own: More values by their names in the program.
        """
        aggregate, function = found
        names = [*_DESCRIBING, "output_parameters"]
        names += () if self._sets(referring, "steps") else _OF_CALL
        names += () if self._sets(referring, "call") else _OF_STEPS
        inherited = [name for name in names if self._sets(function, name) and not self._sets(referring, name)]
        values = {name: getattr(function, name) for name in inherited}
        if self._sets(function, "input_parameters") and not self._sets(referring, "input_parameters"):
            values["input_parameters"] = inputs
        places = {_find_alias(function, name): function.get_path(_find_alias(function, name)) for name in values}
        is_whole = not any(self._sets(referring, name) for name in _RUNNING)
        self.references[referring.get_path()] = FunctionReference(aggregate, function, frozenset(values), is_whole)
        return referring.derive({**values, **(own or {}), "ref": None}, places)

    def _sets(self, referring: Exposed, name: str) -> bool:
        """Whether a part has a key with a value."""
        written = name in referring.model_fields_set
        return written and self._context.source.get(referring.get_path(_find_alias(referring, name))) is not None

    def _may_exist(self, namespace: str) -> bool:
        """Whether a namespace is of an import that failed, or may be of a document that imports this one."""
        known = [name for aggregate in self._aggregates for name in aggregate.names]
        return namespace in self._unknown or self._context.may_be_completed(namespace, known)

    def _advise(self, ref: str) -> Advice | None:
        """Advise on an unknown function: one of the same aggregate, or of the same name in another one."""
        if not self._by_name:
            return helps.DECLARE_FUNCTION()
        namespace, _, name = ref.partition(".")
        siblings = {f.name: known for known, (a, f) in self._by_name.items() if a.namespace == namespace}
        if close := find_closest(name, siblings):
            return helps.DID_YOU_MEAN(suggestion=siblings[close])
        of_name = [known for known, (_, function) in self._by_name.items() if function.name in (name or ref, ref)]
        return suggest(ref, of_name) or suggest(ref, siblings.values() or self._by_name, helps.FUNCTIONS)


def list_aggregates(document: Document) -> tuple[Aggregate, ...]:
    """Return the aggregates of a document, without imports that failed."""
    return tuple(entry for entry in _iter_entries(document) if isinstance(entry, Aggregate))


def _iter_entries(document: Document) -> Iterator[Aggregate | ImportedAggregate]:
    yield from document.capability.aggregates
    if isinstance(document, SharedDocument):
        yield from document.aggregates


def _find_alias(part: Exposed, name: str) -> str:
    """Return how files write a key."""
    return type(part).model_fields[name].alias
