"""Writes inputs of routes and tools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.openapi_import import report as reasons

if TYPE_CHECKING:
    from naftiko_runtime.openapi_import.imported_operation import ImportedInput
    from naftiko_runtime.openapi_import.model import ValueSchema
    from naftiko_runtime.openapi_import.report import Report, ReportPlace

_INPUT_CHARACTERS_MAX: Final = 400
_BRIEF_CHARACTERS_MAX: Final = 100
_OPERATION_CHARACTERS_MAX: Final = 1_000
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s")
_PYTHON_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def write_argument(input_: ImportedInput, place: ReportPlace, report: Report, *, brief: bool) -> dict[str, Any]:
    """Return an input of a tool; with ``brief``, its description is short."""
    written = _write_input(input_, place, report, _BRIEF_CHARACTERS_MAX if brief else _INPUT_CHARACTERS_MAX)
    if not input_.required:
        written["required"] = False
    return {"name": input_.name, **written}


def write_route_input(input_: ImportedInput, place: ReportPlace, report: Report, *, brief: bool) -> dict[str, Any]:
    """Return an input of a route; with ``brief``, it has no description."""
    written = _write_input(input_, place, report, 0 if brief else _INPUT_CHARACTERS_MAX)
    if input_.required and input_.place != "path":
        written["required"] = True
    return {"name": input_.name, "in": input_.place, **written}


def _write_input(input_: ImportedInput, place: ReportPlace, report: Report, characters: int) -> dict[str, Any]:
    schema = input_.schema
    written: dict[str, Any] = {} if schema.type is None else {"type": schema.type}
    if characters and (text := shorten_text(input_.description, characters)):
        written["description"] = text
    written |= _write_constraints(schema)
    if schema.items is not None and (items := _write_items(schema.items, characters)):
        written["items"] = items
    if input_.has_default and schema.default is not None:
        if _fits(schema.default, schema):
            written["default"] = schema.default
        else:
            what, problem = f"{input_.place} parameter", "it is not of the type, or not allowed"
            report.add(place, reasons.DEFAULT, what=what, name=input_.name, problem=problem)
    return written


def _write_items(schema: ValueSchema, characters: int) -> dict[str, Any]:
    kind = "string" if schema.type == "binary" else schema.type
    written: dict[str, Any] = {} if kind is None else {"type": kind}
    if characters and (text := shorten_text(schema.description, characters)):
        written["description"] = text
    written |= _write_constraints(schema)
    if schema.items is not None and (items := _write_items(schema.items, characters)):
        written["items"] = items
    return written


def _write_constraints(schema: ValueSchema) -> dict[str, Any]:
    """Return the limits of a value that its type can have."""
    kept = dict(schema.constraints)
    if enum := kept.get("enum"):
        unique: list[Any] = []
        for value in enum:
            text = _spell(value) if schema.type == "string" else value
            if _has_type(text, schema.type) and not any(text == one and type(text) is type(one) for one in unique):
                unique.append(text)
        kept = {"enum": unique} if unique else {}
    if kept.get("minLength", 0) > kept.get("maxLength", float("inf")):
        del kept["minLength"], kept["maxLength"]
    if kept.get("minimum", float("-inf")) > kept.get("maximum", float("inf")):
        del kept["minimum"], kept["maximum"]
    return kept


def _spell(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _has_type(value: Any, kind: str | None) -> bool:
    expected = _PYTHON_TYPES.get(kind or "")
    if expected is None:
        return True
    if isinstance(value, bool):
        return bool in expected
    return isinstance(value, expected)


def _fits(value: Any, schema: ValueSchema) -> bool:
    """Return whether a default is of the type of a value, and allowed."""
    limits = _write_constraints(schema)
    if not _has_type(value, schema.type) or isinstance(value, dict) or schema.type in (None, "binary", "json"):
        return False
    if isinstance(value, list):
        return all(not isinstance(item, list | dict) and _fits_items(item, schema) for item in value) and bool(value)
    if "pattern" in limits or "format" in limits:
        return False
    if "enum" in limits and value not in limits["enum"]:
        return False
    if isinstance(value, str):
        return limits.get("minLength", 0) <= len(value) <= limits.get("maxLength", len(value)) and bool(value)
    return bool(limits.get("minimum", value) <= value <= limits.get("maximum", value))


def _fits_items(item: object, schema: ValueSchema) -> bool:
    return schema.items is None or _fits(item, schema.items)


def describe_operation(summary: str, description: str, name: str) -> str:
    """Return the description of an operation: its summary and the first paragraph of its description."""
    parts = [shorten_text(text, _OPERATION_CHARACTERS_MAX) for text in (summary, description)]
    if parts[0] and parts[1].lower().startswith(parts[0].rstrip(".").lower()):
        parts[0] = ""
    sentences = [part if part[-1] in ".!?:" else f"{part}." for part in parts if part]
    return " ".join(sentences) or name.replace("-", " ").capitalize() + "."


def shorten_text(text: str, most: int) -> str:
    """Return the first paragraph of a text in one line, cut at a sentence if it is long."""
    paragraph = re.split(r"\n\s*\n", text.strip(), maxsplit=1)[0]
    line = " ".join(paragraph.split())
    if len(line) <= most:
        return line
    kept = ""
    for sentence in _SENTENCE_END.split(line):
        if len(kept) + len(sentence) + 1 > most:
            break
        kept = f"{kept} {sentence}".strip()
    return kept or line[: most - 1].rpartition(" ")[0] + "…"
