"""Builds the JSON Schema of an operation's inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.plan import thaw

if TYPE_CHECKING:
    from naftiko_runtime.plan import Contract, Input


def build_input_schema(contract: Contract) -> dict[str, Any]:
    """Build a JSON Schema of the inputs: a flat object without references."""
    named = [spec for spec in contract.inputs if spec.path is None]
    schema: dict[str, Any] = {"type": "object", "properties": {spec.name: _build_property(spec) for spec in named}}
    if required := [spec.name for spec in named if spec.required and spec.default is None]:
        schema["required"] = required
    schema["additionalProperties"] = contract.open
    return schema


def _build_property(spec: Input) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    if spec.type == "binary":
        schema |= {"type": "string", "contentEncoding": "base64"}
    elif spec.type not in (None, "json"):
        schema["type"] = spec.type
    if spec.type == "array":
        schema["items"] = {}
    if spec.pattern is not None and spec.type in ("string", None):
        schema["pattern"] = spec.pattern
    if spec.description:
        schema["description"] = spec.description
    if spec.default is not None:
        schema["default"] = thaw(spec.default)
    return schema
