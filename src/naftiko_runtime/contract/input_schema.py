"""Builds the JSON Schema of an operation's inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.plan import Input, thaw

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.plan import Constraints, Contract, Items


def build_input_schema(contract: Contract) -> dict[str, Any]:
    """Build a JSON Schema of the inputs: a flat object without references."""
    named = [input_ for input_ in contract.inputs if input_.path is None]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {input_.name: _build_property(input_) for input_ in named},
    }
    if required := [input_.name for input_ in named if input_.required and input_.default is None]:
        schema["required"] = required
    schema["additionalProperties"] = contract.open
    return schema


def _build_property(input_: Input | Items) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    if input_.type == "binary":
        schema |= {"type": "string", "contentEncoding": "base64"}
    elif input_.type not in (None, "json"):
        schema["type"] = input_.type
    if input_.type == "array":
        schema["items"] = {}
    if input_.pattern is not None and input_.type in ("string", None):
        schema["pattern"] = input_.pattern
    if input_.constraints is not None:
        schema |= describe_constraints(input_.constraints, _build_property)
    if input_.examples:
        schema["examples"] = [thaw(example) for example in input_.examples]
    if input_.description:
        schema["description"] = input_.description
    if isinstance(input_, Input) and input_.default is not None:
        schema["default"] = thaw(input_.default)
    return schema


def describe_constraints(constraints: Constraints, describe_items: Callable[[Items], dict[str, Any]]) -> dict[str, Any]:
    """Return constraints as keywords of JSON Schema.

    Args:
        constraints: The constraints.
        describe_items: Makes the schema of the items of a list.
    """
    keywords = {
        "enum": [thaw(value) for value in constraints.enum] or None,
        "minimum": thaw(constraints.minimum),
        "maximum": thaw(constraints.maximum),
        "minLength": constraints.min_length,
        "maxLength": constraints.max_length,
        "format": constraints.format,
        "items": None if constraints.items is None else describe_items(constraints.items),
    }
    return {keyword: value for keyword, value in keywords.items() if value is not None}
