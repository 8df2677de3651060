"""The models as a JSON Schema (2020-12) with a description and an example on every key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import GenerateJsonSchema

from naftiko_runtime.dialect import LATER_VERSIONS, VERSIONS
from naftiko_runtime.schema.words import TYPES, WORDS
from naftiko_runtime.spec.core import core_schema_of
from naftiko_runtime.spec.document import Document

if TYPE_CHECKING:
    from pydantic_core.core_schema import ModelSchema

NAMED: Final = frozenset(
    {"binds", "consumes", "exposes", "resources", "operations", "tools", "inputParameters", "outputParameters"}
)
"""Lists that later versions write as maps by name or namespace."""

_ROOTS: Final = ("capability", "consumes", "exposes", "binds", "aggregates")


def as_schema(version: str) -> dict[str, Any]:
    """The schema of documents of a version: what is accepted, with what is only warned of left open.

    Raises:
        KeyError: There is no such version.
    """
    if version not in (*VERSIONS, *LATER_VERSIONS):
        raise KeyError(version)
    later = version in LATER_VERSIONS
    schema = _Generator().generate(core_schema_of(Document))
    for name, part in {**schema["$defs"], "Document": schema}.items():
        _describe(name, part, later=later)
    schema["properties"]["exposes"] = {**schema["$defs"]["Capability"]["properties"]["exposes"]}
    schema["properties"]["aggregates"] = {**schema["$defs"]["Capability"]["properties"]["aggregates"]}
    if later:
        schema["properties"]["ikanos"] = _told(schema["properties"]["naftiko"], "Document", "ikanos")
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


class _Generator(GenerateJsonSchema):
    """Writes parts as pydantic writes its own models."""

    def model_schema(self, schema: ModelSchema) -> dict[str, Any]:
        part = schema["cls"]
        return {
            **self.generate_inner(schema["schema"]),
            "title": part.__name__,
            "description": part.__doc__,
            "additionalProperties": True,
        }


def _describe(name: str, part: dict[str, Any], *, later: bool) -> None:
    part["description"] = part.get("description", name).split("\n", 1)[0].replace("``", "`")
    part.pop("title", None)
    properties: dict[str, Any] = part.get("properties", {})
    if later and "label" in properties:
        properties["display"] = dict(properties["label"])
    for key, found in properties.items():
        opened = _open(found)
        if later and key in NAMED:
            opened = {"anyOf": [opened, {"type": "object", "additionalProperties": _unnamed(found)}]}
        properties[key] = _told(opened, name, key)
    if name == "BodyTemplate":
        properties["type"]["enum"] = [*properties["type"]["enum"], "form"]  # read as formUrlEncoded
    if name == "Info" or later:  # both have more than one spelling of their keys
        part["required"] = [key for key in part.get("required", ()) if key not in ("name", "namespace", "label")]


def _unnamed(listed: dict[str, Any]) -> Any:
    """What stands behind a name in a map, where a list has entries."""
    return {"anyOf": [listed.get("items", {}), {"type": ["object", "string", "number", "boolean", "null"]}]}


def _told(schema: dict[str, Any], name: str, key: str) -> dict[str, Any]:
    description, example = WORDS.get(f"{name}.{key}") or WORDS[key]
    if key == "type":
        example = TYPES.get(name, example)
    kept = {k: v for k, v in schema.items() if k not in ("title", "description", "examples")}
    return {"description": description, "examples": [example], **kept}


def _open(schema: Any) -> Any:
    """A schema as it is read: numbers and booleans are texts, too, methods have any case, an empty list is none."""
    if not isinstance(schema, dict):
        return schema
    opened = {key: value for key, value in schema.items() if key != "title"}
    if "anyOf" in opened:
        opened["anyOf"] = [_open(one) for one in opened["anyOf"]]
    if "oneOf" in opened:
        opened |= _chosen([_open(one) for one in opened.pop("oneOf")])
    for key in ("items", "additionalProperties"):
        if key in opened:
            opened[key] = _open(opened[key])
    if "enum" in opened and "GET" in opened["enum"]:
        opened["enum"] = [*opened["enum"], *(method.lower() for method in opened["enum"])]
    elif opened.get("type") == "string" and "enum" not in opened and "const" not in opened:
        opened["type"] = ["string", "number", "boolean"]
    elif opened.get("type") == "array":
        opened["type"] = ["array", "null"]
    return opened


_KINDS: Final = {
    "RestExpose": "rest",
    "McpExpose": "mcp",
    **{part: TYPES[part] for part in ("Basic", "Bearer", "ApiKey", "Digest", "OAuth1", "OAuth2")},
}
"""Members of unions by the ``type`` that a part says it is."""

_IMPORTS: Final = {"anyOf": [{"required": ["import"]}, {"required": ["location"], "not": {"required": ["baseUri"]}}]}


def _chosen(members: list[dict[str, Any]]) -> dict[str, Any]:
    """A union whose member is chosen as the reader chooses it, so that what is wrong is wrong of the member meant."""
    named = {str(member.get("$ref", "")).rpartition("/")[2]: member for member in members}
    if "ImportedConsumes" in named:
        return {"if": _IMPORTS, "then": named["ImportedConsumes"], "else": named["ConsumedHttp"]}
    kinds = {_KINDS[name]: member for name, member in named.items() if name in _KINDS}
    if not kinds:
        return {"anyOf": members}
    others = [member for name, member in named.items() if name not in _KINDS]
    said = {kind: {"properties": {"type": {"const": kind}}, "required": ["type"]} for kind in kinds}
    rules = [{"if": said[kind], "then": member} for kind, member in kinds.items()]
    return {"allOf": [*rules, *({"if": {"not": {"anyOf": list(said.values())}}, "then": other} for other in others)]}
