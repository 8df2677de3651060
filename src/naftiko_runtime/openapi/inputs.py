"""Describes an operation's inputs as OpenAPI parameters and request body, exactly as the contract checks them."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.contract.compiled import compile_contract
from naftiko_runtime.contract.input_schema import describe_constraints
from naftiko_runtime.encode_for_place import encode_json
from naftiko_runtime.errors import Rejected
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.plan import Contract, Input, thaw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.plan import Items, OpenBody, Operation

_RESERVED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})
"""OpenAPI describes these headers elsewhere, and ignores parameters with these names."""

_LISTS: Final[dict[str, dict[str, Any]]] = {
    "query": {"style": "form", "explode": True},
    "cookie": {"style": "form", "explode": False},
    "header": {"style": "simple", "explode": False},
    "path": {"style": "simple", "explode": False},
}
"""How lists are written. A query also accepts one value with commas; OpenAPI cannot describe both."""

_RE2_ONLY: Final = re.compile(r"\(\?(?!:)|\[:|\\[ACEQazpP]|\\x\{")
"""Syntax of RE2 that has no meaning, or another one, in ECMA 262, whose patterns OpenAPI uses."""

_BYTES: Final = {"type": "string", "format": "binary"}
"""As 3.0 has it: 3.1 needs no schema for bytes, and generators of clients do."""
_ANY_QUERY: Final = "query"


def describe_parameters(operation: Operation, placeholders: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the parameters outside the body, placeholders first.

    Args:
        operation: The route's.
        placeholders: The route's placeholders in order, each with its name in the written path.
    """
    inputs = {
        input_.name: input_ for input_ in operation.contract.inputs if input_.path is None and input_.place != "body"
    }
    found = [_describe_path_parameter(shown, inputs.get(name)) for name, shown in placeholders.items()]
    for input_ in inputs.values():
        place = "query" if input_.place == "path" else input_.place  # a path's input without a place there
        reserved = place == "header" and input_.name.lower() in _RESERVED_HEADERS
        if input_.name not in placeholders and not reserved:
            found.append(_describe_parameter(input_.name, place, input_))
    if operation.execution.open_query and all((p["name"], p["in"]) != (_ANY_QUERY, "query") for p in found):
        found.append(_describe_any_query())
    return found


def describe_request_body(operation: Operation) -> dict[str, Any] | None:
    """Return the request body. None if the operation reads no body."""
    inputs = [input_ for input_ in operation.contract.inputs if input_.place == "body" or input_.path is not None]
    if not inputs:
        return None if (body := operation.execution.open_body) is None else _describe_any_body(body)
    required = any(is_required(input_) for input_ in inputs)
    named = [input_ for input_ in inputs if input_.path is None]
    if [(input_.name, input_.type) for input_ in named] == [("body", "binary")]:
        return {"required": required, "content": {"application/octet-stream": {"schema": _BYTES}}}
    return {"required": required, "content": {"application/json": {"schema": _write_body_schema(named)}}}


def _describe_any_body(body: OpenBody) -> dict[str, Any]:
    """Return a body that is passed through: of the API's type, or of any other."""
    schema = {"type": "object"} if body.kind in ("form", "multipart") else {}
    content = {body.content_type: {"schema": schema}, "*/*": {"schema": {}}}
    return {"description": "Passed on as it is.", "content": content}


def is_required(input_: Input) -> bool:
    """Return whether a call without an input is rejected."""
    try:
        compile_contract(Contract((input_,))).admit_request({})
    except Rejected:
        return True
    return False


def _describe_path_parameter(name: str, input_: Input | None) -> dict[str, Any]:
    if input_ is None:
        return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    return {**_describe_parameter(name, "path", input_), "required": True}


def _describe_parameter(name: str, place: str, input_: Input) -> dict[str, Any]:
    required = is_required(input_)
    parameter: dict[str, Any] = {"name": name, "in": place}
    if description := _write_description(input_):
        parameter["description"] = description
    parameter["required"] = required
    if input_.type in ("object", "json"):  # its text is JSON
        return {**parameter, "content": {"application/json": {"schema": _write_schema(input_)}}}
    schema = _write_schema(input_, textual=True)
    if input_.type == "array":
        parameter |= _LISTS[place]
        schema["minItems"] = 1  # an empty list is the same as an empty text, which is absent
    elif place == "path" and schema["type"] == "string":
        schema["minLength"] = max(1, schema.get("minLength", 1))
    return {**parameter, "schema": schema}


def _describe_any_query() -> dict[str, Any]:
    """Return the usual description of a query with any fields: an object whose members are the fields."""
    return {
        "name": _ANY_QUERY,
        "in": "query",
        "description": "Any fields; the query is passed on as it is.",
        "required": False,
        "style": "form",
        "explode": True,
        "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    }


def _write_body_schema(fields: list[Input]) -> dict[str, Any]:
    """Return the schema of a JSON body: of its fields, or of the whole if its only field has the name ``body``."""
    if not fields:
        return {}
    if [input_.name for input_ in fields] == ["body"]:
        return _write_described_schema(fields[0])
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {input_.name: _write_described_schema(input_) for input_ in fields},
    }
    if needed := [input_.name for input_ in fields if is_required(input_)]:
        schema["required"] = needed
    return schema


def _write_described_schema(input_: Input) -> dict[str, Any]:
    schema, description = _write_schema(input_), _write_description(input_)
    return {**schema, "description": description} if description else schema


def _write_schema(input_: Input | Items, *, textual: bool = False) -> dict[str, Any]:
    """Return the schema of an input's value. If the value is text on the wire, the default type is text."""
    text: dict[str, Any] = {"type": "string"} if textual else {}
    if _has_shown_pattern(input_):
        text["pattern"] = input_.pattern or ""
    schema = {"type": "array", "items": text} if input_.type == "array" else text
    if input_.type == "binary":
        schema = {"type": "string", "contentEncoding": "base64"}
    elif input_.type not in (None, "json"):
        schema |= {"type": input_.type}
    if input_.constraints is not None:
        keywords = describe_constraints(input_.constraints, partial(_write_items, textual=textual))
        if "pattern" in text and "items" in keywords:
            keywords["items"] = {"allOf": [keywords["items"], text]}
        schema |= _make_plain(keywords)
    if input_.examples:
        schema["examples"] = _make_plain([thaw(example) for example in input_.examples])
    if isinstance(input_, Input) and (default := _find_default(input_)) is not None:
        schema["default"] = default
    return schema


def _write_items(items: Items, *, textual: bool) -> dict[str, Any]:
    """Return the schema of the items of a list."""
    return {**_write_schema(items, textual=textual), **({"description": d} if (d := _write_description(items)) else {})}


def _make_plain(value: Any) -> Any:
    """Return a JSON value as plain data.

    Raises:
        Unrenderable: It is not a JSON value.
    """
    return json.loads(encode_json(value))


def _find_default(input_: Input) -> Any:
    """Return the default of an input, as plain data. None if there is none, or if the contract rejects it."""
    try:
        value = compile_contract(Contract((input_,))).admit_request({}).get(input_.name)
        return _make_plain(value)
    except (Rejected, Unrenderable):
        return None


def _has_shown_pattern(input_: Input | Items) -> bool:
    """Return whether a schema can hold an input's pattern. A schema checks patterns of texts only."""
    may_be_text = input_.type in ("string", "array", None)
    return input_.pattern is not None and may_be_text and _RE2_ONLY.search(input_.pattern) is None


def _write_description(input_: Input | Items) -> str:
    sentences = [input_.description] if input_.description else []
    if input_.pattern is not None and not _has_shown_pattern(input_):
        sentences.append(f"Its text must match `{input_.pattern}` (RE2).")
    return " ".join(sentences)
