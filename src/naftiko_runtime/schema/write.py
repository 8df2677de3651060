"""The models as a JSON Schema (2020-12) with a description and an example on every key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from pydantic.json_schema import GenerateJsonSchema

from naftiko_runtime.document.capability import Document
from naftiko_runtime.document.normalize import LATER_VERSIONS, VERSION_FORM, VERSIONS
from naftiko_runtime.model.core_schema import make_core_schema
from naftiko_runtime.schema.descriptions import DESCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core.core_schema import ModelSchema

NAMED: Final = frozenset(
    {
        *("resources", "operations", "tools", "prompts", "skills", "arguments", "functions", "flows", "steps"),
        *("inputParameters", "outputParameters"),
    }
)
"""Lists that later versions write as maps by name."""

_LATER_KEYS: Final = {"functions": "flows", "targetName": "target"}
"""Keys that have another name in later versions."""

_ROOTS: Final = ("capability", "consumes", "exposes", "binds", "aggregates")


def write_schema(version: str) -> dict[str, Any]:
    """Return the schema of documents of a version. It accepts what ``validate`` accepts, warnings included.

    Raises:
        KeyError: There is no such version.
    """
    if version not in (*VERSIONS, *LATER_VERSIONS):
        raise KeyError(version)
    later = version in LATER_VERSIONS
    generator = _SchemaGenerator()
    schema = generator.generate(make_core_schema(Document))
    traits = _find_traits(schema["$defs"], generator.meanings)
    for name, part in {**schema["$defs"], "Document": schema}.items():
        _describe(name, part, traits, later=later)
        for key in ("binds", "exposes"):
            if key in part.get("properties", {}):
                _allow_imports(part["properties"][key])
    for name in traits.referring:
        _allow_output_forms(schema["$defs"][name], anything=later and name not in traits.named)
    _allow_nested_forms(schema["$defs"]["Output"])
    if version == VERSIONS[0]:
        for part in (schema, schema["$defs"]["Capability"]):
            part["properties"]["externalRefs"] = _add_description(
                {"type": ["array", "object", "null"]}, "Document", "externalRefs"
            )
    schema["properties"]["exposes"] = {**schema["$defs"]["Capability"]["properties"]["exposes"]}
    schema["properties"]["aggregates"] = {**schema["$defs"]["Capability"]["properties"]["aggregates"]}
    form = f"^{VERSION_FORM}$"
    version_of = {"anyOf": [{"type": "string", "pattern": form}, {"type": "number", "not": {"type": "integer"}}]}
    schema["properties"]["naftiko"] = _add_description(version_of, "Document", "naftiko")
    if later:
        schema["properties"]["ikanos"] = _add_description(schema["properties"]["naftiko"], "Document", "ikanos")
        schema["anyOf"] = [{"required": [key, root]} for key in ("ikanos", "naftiko") for root in _ROOTS]
        schema["required"] = []
    else:
        schema["required"] = ["naftiko"]
        schema["anyOf"] = [{"required": [root]} for root in _ROOTS]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": f"Naftiko capability {version}",
    }


class _Traits(Struct, frozen=True):
    """The properties of parts, by their names.

    Attributes:
        named: Parts that need a name.
        empty: Parts of which no key but their name is required.
        referring: Parts that may refer to a function instead of calling an operation.
        types: The ``type`` of each part that has only one.
        meanings: The descriptions of keys, in the form of :data:`DESCRIPTIONS`.
    """

    named: frozenset[str]
    empty: frozenset[str]
    referring: frozenset[str]
    types: Mapping[str, str]
    meanings: Mapping[str, tuple[str, Any]]


def _find_traits(parts: Mapping[str, dict[str, Any]], meanings: Mapping[str, tuple[str, Any]]) -> _Traits:
    required = {name: set(part.get("required", ())) for name, part in parts.items()}
    types = {name: part.get("properties", {}).get("type", {}).get("const") for name, part in parts.items()}
    return _Traits(
        named=frozenset(name for name, keys in required.items() if "name" in keys),
        empty=frozenset(name for name, keys in required.items() if keys <= {"name"}),
        referring=frozenset(name for name, part in parts.items() if "ref" in part.get("properties", {})),
        types={name: type_ for name, type_ in types.items() if type_ is not None},
        meanings=meanings,
    )


class _SchemaGenerator(GenerateJsonSchema):
    """Writes parts as pydantic writes its own models.

    Attributes:
        meanings: The descriptions of keys, in the form of :data:`DESCRIPTIONS`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.meanings: dict[str, tuple[str, Any]] = {}

    def model_schema(self, schema: ModelSchema) -> dict[str, Any]:
        part = schema["cls"]
        for key, meaning in part.collect_meanings().items():
            self.meanings[f"{part.__name__}.{key}"] = meaning
        return {
            **self.generate_inner(schema["schema"]),
            "title": part.__name__,
            "description": part.__doc__,
            "additionalProperties": True,
        }


def _describe(name: str, part: dict[str, Any], traits: _Traits, *, later: bool) -> None:
    part["description"] = part.get("description", name).split("\n", 1)[0].replace("``", "`")
    part.pop("title", None)
    properties: dict[str, Any] = part.get("properties", {})
    if later and "label" in properties:
        properties["display"] = dict(properties["label"])
    for canonical, in_later in _LATER_KEYS.items():
        if later and canonical in properties:
            properties[in_later] = dict(properties[canonical])
        if canonical in part.get("required", ()):
            part["required"] = [key for key in part["required"] if key != canonical]
            part["anyOf"] = [{"required": [canonical]}, {"required": [in_later]}]
    for key, found in properties.items():
        opened = _allow_spellings(found, traits.types)
        if key in NAMED and "items" in found:
            opened = _allow_list_or_map(opened, traits)
        properties[key] = _add_description(opened, name, key, traits.meanings)
    if name == "BodyTemplate":
        properties["type"]["enum"] = [*properties["type"]["enum"], "form"]  # read as formUrlEncoded
    if name in traits.named:  # required in lists only: in a map the key is the name
        part["required"] = [key for key in part["required"] if key != "name"]


def _allow_imports(section: dict[str, Any]) -> None:
    """Allow imports as entries of a section."""
    for form in section.get("anyOf", [section]):
        condition = {"type": "object", "required": ["import"]}
        form["items"] = {"if": condition, "then": _IMPORT, "else": form.get("items", {})}


_FILE: Final = {"type": "string"}
_IMPORT: Final = {
    "type": "object",
    "properties": {"from": _FILE, "location": _FILE},
    "required": ["import"],
    "anyOf": [{"required": ["from"]}, {"required": ["location"]}],
}
_OUTPUT: Final = {"$ref": "#/$defs/Output"}
_ENTRIES: Final = {"type": ["object", "null"]}
_NESTED: Final = dict.fromkeys(("properties", "items", "values", "mapping"), _ENTRIES)
_BY_NAME: Final = {
    "type": "object",
    "additionalProperties": _ENTRIES,
    "not": {"minProperties": 1, "additionalProperties": False, "properties": _NESTED},
}
"""Outputs by their names: no mapping that holds a text, a list or a number, and none of nested outputs alone."""
_NAMED_OUTPUTS: Final = {"type": "object", "additionalProperties": {"anyOf": [_OUTPUT, {"type": "null"}]}}


def _allow_output_forms(part: dict[str, Any], *, anything: bool) -> None:
    """Allow outputs as a list, a map or a single one. With ``ref``, allow anything.

    Args:
        part: The part with the outputs.
        anything: Whether they may be anything except a list, as in later versions.
    """
    property_schema = part["properties"]["outputParameters"]
    part["properties"]["outputParameters"] = {key: property_schema[key] for key in ("description", "examples")}
    either = {"if": _BY_NAME, "then": _NAMED_OUTPUTS, "else": _OUTPUT}
    forms: list[Any] = [{"type": ["array", "null"], "items": _OUTPUT}, either]
    if anything:
        forms.append({"not": {"type": "array"}})
    condition = {"if": {"required": ["ref"]}, "else": {"properties": {"outputParameters": {"anyOf": forms}}}}
    part["allOf"] = [*part.get("allOf", ()), condition]


def _allow_nested_forms(output: dict[str, Any]) -> None:
    """Allow ``items`` as a list or a map, whose first entry counts, and ``properties`` as a list."""
    for key in ("items", "properties"):
        property_schema = output["properties"][key]
        kept = {word: property_schema.pop(word) for word in ("description", "examples")}
        one = {"if": _BY_NAME, "then": _NAMED_OUTPUTS, "else": property_schema} if key == "items" else property_schema
        output["properties"][key] = {**kept, "anyOf": [one, {"type": "array", "items": _OUTPUT, "minItems": 1}]}


_NAMED_OR_REFERRING: Final = {
    "anyOf": [{"required": ["name"]}, {"required": ["ref"], "properties": {"ref": {"type": "string"}}}]
}


def _allow_list_or_map(listed: dict[str, Any], traits: _Traits) -> dict[str, Any]:
    """Return a list of entries, each with a name where it needs one, or a map of them by their names."""
    entry = listed["items"]
    part = str(entry.get("$ref", "")).rpartition("/")[2]
    if part in traits.named or not part:  # a union, of steps: all of its members have names
        needed = _NAMED_OR_REFERRING if part in traits.referring else {"required": ["name"]}
        listed = {**listed, "items": {"allOf": [entry, needed]}}
    empty = [{"type": "null"}] if part in traits.empty or not part else []  # a step without a type is reported later
    return {"anyOf": [listed, {"type": "object", "additionalProperties": {"anyOf": [entry, *empty]}}]}


def _add_description(
    schema: dict[str, Any], name: str, key: str, meanings: Mapping[str, tuple[str, Any]] = DESCRIPTIONS
) -> dict[str, Any]:
    own = f"{name}.{key}"
    description, example = meanings.get(own) or DESCRIPTIONS.get(own) or DESCRIPTIONS[key]
    example = schema.get("const", example)
    kept = {k: v for k, v in schema.items() if k not in ("title", "description", "examples")}
    return {"description": description, "examples": [example], **kept}


def _allow_spellings(schema: Any, types: Mapping[str, str]) -> Any:
    """Return a schema that accepts what the models accept, such as numbers as text, or null for a list."""
    if not isinstance(schema, dict):
        return schema
    opened = {key: value for key, value in schema.items() if key != "title"}
    if "anyOf" in opened:
        opened["anyOf"] = [_allow_spellings(one, types) for one in opened["anyOf"]]
    if "oneOf" in opened:
        opened |= _choose_by_type([_allow_spellings(one, types) for one in opened.pop("oneOf")], types)
    for key in ("items", "additionalProperties"):
        if key in opened:
            opened[key] = _allow_spellings(opened[key], types)
    if "enum" in opened and "GET" in opened["enum"]:
        opened["enum"] = [*opened["enum"], *(method.lower() for method in opened["enum"])]
    elif opened.get("type") == "string" and "enum" not in opened and "const" not in opened:
        opened["type"] = ["string", "number", "boolean"]
    elif opened.get("type") == "array":
        opened["type"] = ["array", "null"]
    return opened


_IMPORTS: Final = {"anyOf": [{"required": ["import"]}, {"required": ["location"], "not": {"required": ["baseUri"]}}]}

_IMPORTED_AGGREGATE: Final = {"required": ["import"], "not": {"required": ["namespace"]}}


def _choose_by_type(members: list[dict[str, Any]], types: Mapping[str, str]) -> dict[str, Any]:
    """Return a union that chooses its member as the models do, so that errors are those of the right member."""
    named = {str(member.get("$ref", "")).rpartition("/")[2]: member for member in members}
    if "ImportedConsumes" in named:
        return {"if": _IMPORTS, "then": {"allOf": [named["ImportedConsumes"], _IMPORT]}, "else": named["ConsumedHttp"]}
    if "ImportedAggregate" in named:
        imported = {"allOf": [named["ImportedAggregate"], _IMPORT]}
        return {"if": _IMPORTED_AGGREGATE, "then": imported, "else": named["Aggregate"]}
    kinds = {types[name]: member for name, member in named.items() if name in types}
    if not kinds:
        return {"anyOf": members}
    others = [member for name, member in named.items() if name not in types]
    conditions = {kind: {"properties": {"type": {"const": kind}}, "required": ["type"]} for kind in kinds}
    rules = [{"if": conditions[kind], "then": member} for kind, member in kinds.items()]
    return {
        "allOf": [*rules, *({"if": {"not": {"anyOf": list(conditions.values())}}, "then": other} for other in others)]
    }
