"""Links each function of an aggregate once. What refers to it shares its execution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.document.aggregates import AggregateFunction
    from naftiko_runtime.link.function_references import FunctionReference, Functions
    from naftiko_runtime.plan import Contract, Input, Operation, Term
    from naftiko_runtime.source import KeyPath


class LinkedFunction(Struct, frozen=True):
    """A function that is linked.

    Attributes:
        operation: Its contract and execution; None if it has an error.
        names: The names of its inputs, also of those that no caller gives.
        fixed: The values that the document gives instead of the caller.
    """

    operation: Operation | None
    names: frozenset[str]
    fixed: Mapping[str, Term]


class SharedFunctions:
    """The linked functions of a document."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._linked: dict[KeyPath, LinkedFunction] = {}

    def add(self, function: AggregateFunction, linked: LinkedFunction) -> None:
        """Add a function that is linked."""
        self._linked[function.get_path()] = linked

    def find_reference(self, key_path: KeyPath) -> FunctionReference | None:
        """Return what the part at a place inherits; None if it refers to no function."""
        return self._functions.references.get(key_path)

    def find(
        self,
        key_path: KeyPath,
        inputs: Mapping[str, Input],
        fixed: Mapping[str, Term],
        *,
        tool: bool,
        closed: bool,
    ) -> LinkedFunction | None:
        """Return the linked function that serves a part as it is; None if the part has to be linked itself.

        Args:
            key_path: The place of the part.
            inputs: The inputs that it declares, with those of what is around it.
            fixed: The values that the document gives instead of the caller.
            tool: Whether it is a tool.
            closed: Whether it takes no inputs but those that are declared.
        """
        reference = self.find_reference(key_path)
        linked = self._linked.get(reference.function.get_path()) if reference is not None else None
        if reference is None or linked is None or not reference.is_whole:
            return None
        if linked.operation is None:
            return linked
        if not tool and "input_parameters" not in reference.inherited:  # what passes through differs
            return None
        is_open = linked.operation.contract.open
        fits = linked.names.issuperset(inputs) and fixed == linked.fixed and not (is_open and closed)
        return linked if fits else None


def place_inputs(contract: Contract, inputs: Mapping[str, Input]) -> Contract:
    """Return a contract whose inputs are at the places that an operation has for them."""
    return replace(contract, inputs=tuple(_place_input(input_, inputs.get(input_.name)) for input_ in contract.inputs))


def _place_input(input_: Input, declared: Input | None) -> Input:
    return input_ if declared is None else replace(input_, place=declared.place, required=declared.required)
