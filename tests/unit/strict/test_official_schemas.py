"""The schemas themselves: valid JSON Schema, with only the keywords that have messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from naftiko_runtime.strict.official_schemas import choose_version, load_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = ("1.0.0-alpha2", "1.0.0-beta5")
ANNOTATIONS = {"$schema", "$defs", "title", "description"}
WITH_MESSAGES = {
    *("type", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems"),
    *("minProperties", "propertyNames", "additionalProperties", "required", "anyOf", "oneOf", "not"),
}
WITHOUT_FAULTS = {"properties", "items", "allOf", "if", "then", "else", "$ref"}
"""Keywords whose faults are those of the parts in them."""


def parts(part: Any) -> Iterator[dict[str, Any]]:
    """Every part of a schema that is a schema itself."""
    if not isinstance(part, dict):
        return
    yield part
    for keyword, inner in part.items():
        match keyword:
            case "properties" | "$defs":
                for each in inner.values():
                    yield from parts(each)
            case "allOf" | "anyOf" | "oneOf":
                for each in inner:
                    yield from parts(each)
            case "items" | "additionalProperties" | "propertyNames" | "if" | "then" | "else" | "not":
                yield from parts(inner)


@pytest.fixture(params=VERSIONS)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    return load_schema(request.param).document


def test_a_schema_is_valid(document: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(document)


def test_a_schema_uses_only_keywords_that_have_messages(document: dict[str, Any]) -> None:
    used = {keyword for part in parts(document) for keyword in part}
    assert used <= ANNOTATIONS | WITH_MESSAGES | WITHOUT_FAULTS


def test_a_schema_defines_what_it_refers_to_and_nothing_else(document: dict[str, Any]) -> None:
    references = {part["$ref"] for part in parts(document) if "$ref" in part}
    assert references == {f"#/$defs/{name}" for name in document["$defs"]}


def test_patterns_match_the_whole_text_and_are_described(document: dict[str, Any]) -> None:
    for part in parts(document):
        if "pattern" in part:
            assert part["pattern"].startswith("^")
            assert part["pattern"].endswith("$")
            assert part["description"]


def test_choices_say_what_is_needed(document: dict[str, Any]) -> None:
    conditions = [part["if"] for part in parts(document) if "if" in part]
    for part in parts(document):
        if ("anyOf" in part or "oneOf" in part) and part not in conditions:
            assert part["description"].startswith("needs ")


def test_mappings_name_their_keys_or_describe_every_entry(document: dict[str, Any]) -> None:
    for part in parts(document):
        if part.get("additionalProperties") is False:
            assert part["properties"]
        if "minimum" in part or "maximum" in part:
            assert "minimum" in part
        assert part.get("minLength", 1) == part.get("minItems", 1) == part.get("minProperties", 1) == 1


@pytest.mark.parametrize(
    ("data", "chosen"),
    [
        ([], ("1.0.0-alpha2", None, None)),
        ({"naftiko": "1.0.0-alpha2"}, ("1.0.0-alpha2", None, None)),
        ({"naftiko": "1.0.0-beta5"}, ("1.0.0-beta5", None, None)),
        ({"ikanos": None}, ("1.0.0-beta5", None, None)),
        ({"naftiko": 0.5}, ("1.0.0-alpha2", "naftiko", "0.5")),
        ({"ikanos": "2.0.0"}, ("1.0.0-beta5", "ikanos", "2.0.0")),
    ],
)
def test_a_document_is_judged_by_the_schema_of_its_version_or_of_the_next(data: Any, chosen: Any) -> None:
    assert choose_version(data) == chosen
