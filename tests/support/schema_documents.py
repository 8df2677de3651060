"""Documents that satisfy a JSON Schema, as a Hypothesis strategy made of the schema's own data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPTH = 10
"""Levels of parts below which only what is required is written, of alternatives the first.

A validator takes exponential time for nested outputs, so they may not be deep.
"""
_TEXTS = st.sampled_from(["a", "get-ship", "Ships", "$.name", "{{imo}}", "", "text with spaces", "/ships/{imo}", "1"])
_ANYTHING = st.one_of(_TEXTS, st.integers(-5, 5), st.booleans(), st.just([]), st.just({}), st.just({"a": [1]}))
_KINDS = {"object": dict, "array": list, "string": str, "boolean": bool}


class Generator:
    """Draws values for one schema.

    Args:
        schema: The whole schema, with its ``$defs``.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self._definitions = schema["$defs"]
        self._schema = schema

    def documents(self) -> st.SearchStrategy[Any]:
        """Documents; a few may not satisfy the schema, where its parts contradict one another."""
        return st.composite(lambda draw: self._value(draw, self._schema, 0))()

    def _value(self, draw: Any, schema: Any, depth: int) -> Any:  # noqa: PLR0911 - one for each type
        if schema is True or schema == {}:
            return draw(_ANYTHING)
        merged = self._merged(draw, schema, depth)
        if "const" in merged:
            return merged["const"]
        if "enum" in merged:
            return draw(st.sampled_from(merged["enum"]))
        kind = merged.get("type", "object" if "properties" in merged else None)
        match kind:
            case "object":
                return self._mapping(draw, merged, depth)
            case "array":
                return self._list(draw, merged, depth)
            case "string":
                return self._text(draw, merged)
            case "integer":
                return draw(st.integers(merged.get("minimum", 0), min(merged.get("maximum", 9000), 9000)))
            case "number":
                least, most = merged.get("minimum", 0), merged.get("maximum", 10)
                return draw(st.sampled_from([least, most, (least + most) / 2]))
            case "boolean":
                return draw(st.booleans())
            case _:
                return draw(_ANYTHING)

    def _merged(self, draw: Any, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        """A schema with its references, its parts, and one of its alternatives in it."""
        merged: dict[str, Any] = {}
        for part in self._parts(draw, schema, depth):
            for key, value in part.items():
                if key == "properties":
                    known = merged.setdefault("properties", {})
                    merged["properties"] = {**known, **{k: self._both(known.get(k), v) for k, v in value.items()}}
                elif key == "required":
                    merged["required"] = [*merged.get("required", []), *value]
                else:
                    merged[key] = value
        return merged

    def _both(self, first: Any, second: Any) -> Any:
        if isinstance(first, dict) and isinstance(second, dict):
            return {"allOf": [first, second]}
        return second if isinstance(second, dict) else (first if first is not None else second)

    def _parts(self, draw: Any, schema: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
        own = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "oneOf", "anyOf", "$defs")}
        yield own
        if "$ref" in schema:
            yield from self._parts(draw, self._definitions[schema["$ref"].rpartition("/")[2]], depth)
        for part in schema.get("allOf", ()):
            yield from self._parts(draw, part, depth)
        for alternatives in (schema.get("oneOf"), schema.get("anyOf")):
            if alternatives:
                chosen = draw(st.sampled_from(alternatives)) if depth < _DEPTH else alternatives[0]
                others = [other.get("required", []) for other in alternatives if other is not chosen]
                yield from self._parts(draw, chosen, depth)
                if "properties" in schema:  # what another alternative asks for would make this one wrong, or doubtful
                    absent = {name for names in others for name in names} - set(chosen.get("required", []))
                    yield {"absent": absent - set(schema.get("required", []))}

    def _mapping(self, draw: Any, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties: dict[str, Any] = schema.get("properties", {})
        required = set(schema.get("required", ()))
        forbidden = set(schema.get("not", {}).get("required", ()))
        absent = (set(schema.get("absent", ())) | forbidden) - required
        found: dict[str, Any] = {}
        for key, value in properties.items():
            wanted = key in required or (key not in absent and depth < _DEPTH and draw(st.integers(0, 3)) > 1)
            if wanted and value is not False:
                found[key] = self._value(draw, value, depth + 1)
        others = schema.get("additionalProperties")
        if isinstance(others, dict) and not properties:
            least = schema.get("minProperties", 0)
            names = self._named(draw, schema, draw(st.integers(max(least, 1), max(least, 2))))
            found |= {name: self._value(draw, others, depth + 1) for name in names}
        return found

    def _named(self, draw: Any, schema: dict[str, Any], count: int) -> list[str]:
        names = schema.get("propertyNames")
        if names is None:
            return [f"name{number}" for number in range(count)]
        return list(dict.fromkeys(self._value(draw, {"type": "string", **names}, 0) for _ in range(count)))

    def _list(self, draw: Any, schema: dict[str, Any], depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        count = draw(st.integers(least, max(least, 2))) if depth < _DEPTH else least
        return [self._value(draw, schema.get("items", True), depth + 1) for _ in range(count)]

    def _text(self, draw: Any, schema: dict[str, Any]) -> str:
        if "pattern" in schema:
            made: str = draw(st.from_regex(schema["pattern"], alphabet=_ALPHABET)).rstrip(
                "\n"
            )  # which Python's '$' allows
            return made
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        texts = _TEXTS.filter(lambda text: len(text) >= least)
        text: str = draw(texts)
        return text[:most]


_ALPHABET = st.characters(min_codepoint=33, max_codepoint=126)
