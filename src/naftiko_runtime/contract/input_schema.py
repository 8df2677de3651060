"""Builds the JSON Schema of an operation's inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.plan import thaw

if TYPE_CHECKING:
    from naftiko_runtime.plan import Contract, Input


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


def _build_property(input_: Input) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    if input_.type == "binary":
        schema |= {"type": "string", "contentEncoding": "base64"}
    elif input_.type not in (None, "json"):
        schema["type"] = input_.type
    if input_.type == "array":
        schema["items"] = {}
    if input_.pattern is not None and input_.type in ("string", None):
        schema["pattern"] = input_.pattern
    if input_.description:
        schema["description"] = input_.description
    if input_.default is not None:
        schema["default"] = thaw(input_.default)
    return schema
