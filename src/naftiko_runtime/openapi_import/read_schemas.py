"""Reads JSON Schemas of OpenAPI documents, as far as inputs of a capability can say them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.openapi_import.document_files import UnresolvedReference
from naftiko_runtime.openapi_import.model import ValueSchema
from naftiko_runtime.regex import PatternError, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.openapi_import.document_files import ApiObject, DocumentFiles

_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "array", "object"})
_FORMATS: Final = frozenset(
    [
        "date",
        "date-time",
        "time",
        "duration",
        "email",
        "idn-email",
        "hostname",
        "idn-hostname",
        "ipv4",
        "ipv6",
        "uri",
        "uri-reference",
        "iri",
        "iri-reference",
        "uri-template",
        "uuid",
        "json-pointer",
        "relative-json-pointer",
    ]
)
"""The formats that are checked. Others only describe."""
_NOT_CHECKED: Final = (
    "multipleOf", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
    "not", "if", "contains", "prefixItems", "patternProperties", "dependentRequired", "propertyNames",
)  # fmt: skip
_ALTERNATIVES: Final = ("oneOf", "anyOf")
_TEXTS: Final = ("title", "description", "default")
_DEPTH_MAX: Final = 4
"""Lists in lists, and fields in fields, that are read."""


class SchemaReader:
    """Reads schemas of one document."""

    def __init__(self, files: DocumentFiles) -> None:
        self._files = files

    def read(self, raw: object, depth: int = 0) -> ValueSchema:
        """Read a schema. What is not a schema allows any value.

        Args:
            raw: The schema.
            depth: How deep in another one it is. Deeper ones are any value.
        """
        schema = ValueSchema()
        merged = self._merge(raw, schema, ())
        kind, schema.is_nullable = _find_type(merged)
        alternatives = self._read_alternatives(merged, schema)
        if kind is None:
            kind = _find_common_type(alternatives) if alternatives else _find_type(merged)[0]
            schema.is_nullable |= any(one.is_nullable for one in alternatives)
        schema.type = "binary" if kind == "string" and _is_binary(merged) else kind
        schema.description = _read_text(merged.get("description")) or _read_text(merged.get("title"))
        schema.is_read_only = merged.get("readOnly") is True
        schema.is_open = bool(alternatives) or isinstance(merged.get("additionalProperties"), dict)
        schema.is_open |= merged.get("additionalProperties") is True or "patternProperties" in merged
        _read_constraints(merged, schema, alternatives)
        if depth < _DEPTH_MAX:
            self._read_inner(merged, schema, depth)
        return schema

    def _merge(self, raw: object, schema: ValueSchema, seen: tuple[str, ...]) -> ApiObject:
        """Resolve a schema, and merge what ``allOf`` lists into it."""
        if isinstance(raw, dict) and isinstance(reference := raw.get("$ref"), str):
            if reference in seen:
                return {}
            seen = (*seen, reference)
        try:
            found = self._files.resolve(raw)
        except UnresolvedReference as error:
            schema.unresolved.append(str(error))
            return {}
        if not isinstance(found, dict):
            return {}
        parts = found.get("allOf")
        if not isinstance(parts, list):
            return dict(found)
        merged: ApiObject = {}
        for part in parts:
            _merge_into(merged, self._merge(part, schema, seen))
        _merge_into(merged, {key: value for key, value in found.items() if key != "allOf"})
        return merged

    def _read_alternatives(self, merged: ApiObject, schema: ValueSchema) -> list[ValueSchema]:
        """Read the alternatives of a schema, without the one that is null. One alone becomes the schema itself."""
        listed = next((merged[key] for key in _ALTERNATIVES if isinstance(merged.get(key), list)), ())
        read = [one for one in (self._merge(one, schema, ()) for one in listed) if one]
        others = [one for one in read if one.get("type") != "null"]
        if len(others) < len(read):
            schema.is_nullable = True
        if len(others) == 1:
            inner = {key: value for key, value in others[0].items() if key not in merged or key not in _TEXTS}
            for key in _ALTERNATIVES:
                merged.pop(key, None)
            _merge_into(merged, inner)
            return self._read_alternatives(merged, schema)
        return [self.read(one, _DEPTH_MAX) for one in others]

    def _read_inner(self, merged: ApiObject, schema: ValueSchema, depth: int) -> None:
        if schema.type == "array" and "items" in merged:
            schema.items = self.read(merged["items"], depth + 1)
        properties = merged.get("properties")
        if isinstance(properties, dict) and depth < 2:  # noqa: PLR2004 - fields of fields become no inputs
            if schema.type is None and not schema.is_open:
                schema.type = "object"
            schema.properties = {name: self.read(value, depth + 1) for name, value in properties.items()}
        required = merged.get("required")
        if isinstance(required, list):
            schema.required = tuple(name for name in required if isinstance(name, str))


def _merge_into(merged: ApiObject, part: ApiObject) -> None:
    """Add the keys of a part to a merged schema. Fields and required names are joined; of others, the last counts."""
    for key, value in part.items():
        known = merged.get(key)
        if key == "properties" and isinstance(known, dict) and isinstance(value, dict):
            merged[key] = {**known, **value}
        elif key == "required" and isinstance(known, list) and isinstance(value, list):
            merged[key] = [*known, *value]
        elif key in _ALTERNATIVES and isinstance(known, list):
            merged["not"] = {}
        else:
            merged[key] = value


def _find_type(merged: ApiObject) -> tuple[str | None, bool]:
    """Find the type of a schema, and whether it may be null."""
    written = merged.get("type")
    nullable = merged.get("nullable") is True or merged.get("x-nullable") is True
    kinds = [written] if isinstance(written, str) else written if isinstance(written, list) else []
    nullable = nullable or "null" in kinds
    names = [kind for kind in kinds if isinstance(kind, str) and kind in (*_TYPES, "file")]
    if len(names) == 1:
        return ("string" if names[0] == "file" else names[0]), nullable
    if kinds:
        return None, nullable
    if isinstance(merged.get("properties"), dict):
        return "object", nullable
    return ("array" if "items" in merged else None), nullable


def _find_common_type(alternatives: Iterable[ValueSchema]) -> str | None:
    found = {one.type for one in alternatives}
    if found == {"integer", "number"}:
        return "number"
    return found.pop() if len(found) == 1 else None


def _is_binary(merged: ApiObject) -> bool:
    media_type, encoding = merged.get("contentMediaType"), merged.get("contentEncoding")
    in_bytes = (
        isinstance(media_type, str) and encoding is None and not media_type.startswith(("text/", "application/json"))
    )
    return merged.get("format") == "binary" or merged.get("type") == "file" or in_bytes


def _read_text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _read_constraints(merged: ApiObject, schema: ValueSchema, alternatives: list[ValueSchema]) -> None:
    schema.default = merged.get("default")
    schema.unchecked = [key for key in _NOT_CHECKED if key in merged]
    enum = _join_enums(merged, alternatives)
    if enum:
        schema.constraints["enum"] = enum
    if schema.type in ("integer", "number"):
        _read_limits(merged, schema)
    if schema.type == "string":
        _read_text_limits(merged, schema)


def _join_enums(merged: ApiObject, alternatives: list[ValueSchema]) -> list[Any]:
    """Return the allowed values that are scalars. Empty for any."""
    if "const" in merged:
        values: object = [merged["const"]]
    elif isinstance(merged.get("enum"), list):
        values = merged["enum"]
    elif alternatives and all("enum" in one.constraints for one in alternatives):
        values = [value for one in alternatives for value in one.constraints["enum"]]
    else:
        return []
    listed = [value for value in values if value is not None] if isinstance(values, list) else []
    return listed if all(isinstance(value, str | int | float) for value in listed) else []


def _read_limits(merged: ApiObject, schema: ValueSchema) -> None:
    for key, exclusive, step in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        limit, bound = merged.get(key), merged.get(exclusive)
        is_exclusive = bound is True
        if isinstance(bound, int | float) and not isinstance(bound, bool):
            limit, is_exclusive = bound, True
        if not isinstance(limit, int | float) or isinstance(limit, bool) or not math.isfinite(limit):
            continue
        if not is_exclusive:
            schema.constraints[key] = limit
        elif schema.type == "integer" and limit == int(limit):
            schema.constraints[key] = int(limit) + step
        else:
            schema.unchecked.append(exclusive)


def _read_text_limits(merged: ApiObject, schema: ValueSchema) -> None:
    for key in ("minLength", "maxLength"):
        if isinstance(merged.get(key), int) and not isinstance(merged[key], bool) and merged[key] >= 0:
            schema.constraints[key] = merged[key]
    if isinstance(written := merged.get("format"), str) and written in _FORMATS:
        schema.constraints["format"] = written
    if isinstance(pattern := merged.get("pattern"), str):
        try:
            compile_pattern(pattern)
        except PatternError:
            schema.unchecked.append("pattern")
        else:
            schema.constraints["pattern"] = pattern
