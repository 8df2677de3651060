"""Completes arguments whose values the document lists. Uses nothing of the MCP SDK, and calls no API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from naftiko_runtime.encode_for_place import format_text
from naftiko_runtime.plan import Argument, DynamicResource, thaw
from naftiko_runtime.suggest import suggest_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.plan import Constraints, Input, McpServer

_VALUES_MAX: Final = 100
"""Of one response, as the protocol says."""
_SHOWN_CHARACTERS: Final = 200


class CompletionError(Exception):
    """There is no such prompt, template or argument; ``str()`` is for the client."""


class CompletionServer:
    """The values of the arguments of prompts and of URI templates."""

    def __init__(self, server: McpServer) -> None:
        prompts = {
            one.name: {argument.name: _list_allowed(argument.constraints) for argument in one.arguments}
            for one in server.prompts
        }
        templates = {one.uri: _list_values(one) for one in server.resources if isinstance(one, DynamicResource)}
        self._values: Final[Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]] = {
            "prompt": prompts,
            "template": {uri: values for uri, values in templates.items() if values},
        }

    @property
    def is_empty(self) -> bool:
        """Whether no argument has known values."""
        return not any(values for owners in self._values.values() for one in owners.values() for values in one.values())

    def complete(self, kind: Literal["prompt", "template"], owner: str, argument: str, begun: str) -> dict[str, Any]:
        """Return the values that begin with a text, ignoring case: at most 100, in the document's order.

        Args:
            kind: What has the argument.
            owner: The name of the prompt, or the URI template.
            argument: The name of the argument.
            begun: What the user typed.

        Raises:
            CompletionError: The document has no such argument.
        """
        found = self._values[kind]
        if (arguments := found.get(owner)) is None:
            raise CompletionError(_describe_unknown(kind, owner, found))
        if argument not in arguments:
            raise CompletionError(_describe_unknown("argument", argument, arguments))
        values = [value for value in arguments[argument] if value.casefold().startswith(begun.casefold())]
        return {"values": values[:_VALUES_MAX], "total": len(values), "hasMore": len(values) > _VALUES_MAX}


def _list_values(resource: DynamicResource) -> dict[str, tuple[str, ...]]:
    """Return the known values of the variables of a template."""
    inputs = {input_.name: input_ for input_ in resource.operation.contract.inputs}
    names = [piece.name for piece in resource.pattern if isinstance(piece, Argument)]
    return {name: _list_values_of_input(inputs.get(name)) for name in names}


def _list_values_of_input(input_: Input | None) -> tuple[str, ...]:
    if input_ is None:
        return ()
    allowed = _list_allowed(input_.constraints)
    return ("true", "false") if input_.type == "boolean" and not allowed else allowed


def _list_allowed(constraints: Constraints | None) -> tuple[str, ...]:
    """Return the allowed values as text, without what a text cannot stand for."""
    values = () if constraints is None else map(thaw, constraints.enum)
    return tuple(format_text(value) for value in values if isinstance(value, str | int | float))


def _describe_unknown(kind: str, name: str, known: Mapping[str, object]) -> str:
    shown = name[:_SHOWN_CHARACTERS]
    hint = suggest_text(shown, known)
    return f"unknown {kind}: {shown}; {hint}" if hint else f"unknown {kind}: {shown}"
