"""``docs/reference.md`` lists every key of the language. ``UPDATE_GOLDEN=1`` writes its sections from the models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest

from naftiko_runtime.authentication.kinds import KINDS
from naftiko_runtime.schema.write import write_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[3] / "docs" / "reference.md"
START = "<!-- The sections are written from the models: UPDATE_GOLDEN=1 pytest tests/unit/schema -->\n"
ROOT: Final = "Document"
SECTIONS: Final = {
    ROOT: "The file",
    "Info": "`info`",
    "Person": "`info.stakeholders`",
    "Bind": "`binds`",
    "Capability": "`capability`",
    "ImportedConsumes": "`consumes`: an import",
    "ConsumedHttp": "`consumes`: an HTTP API",
    "ConsumedResource": "`consumes.resources`",
    "ConsumedOperation": "`consumes.resources.operations`",
    "DeclaredPagination": "`pagination`",
    "ConsumedParameter": "`inputParameters` of what is consumed",
    "ConsumedOutput": "`outputParameters` of what is consumed",
    "BodyTemplate": "`body`",
    "ImportedAggregate": "`aggregates`: an import",
    "Aggregate": "`aggregates`",
    "AggregateFunction": "`aggregates.functions`",
    "Semantics": "`aggregates.functions.semantics`",
    "RestExpose": "`exposes`: type `rest`",
    "RestResource": "`exposes.resources`",
    "Forward": "`exposes.resources.forward`",
    "RestOperation": "`exposes.resources.operations`",
    "ExposedParameter": "`inputParameters` of a REST operation",
    "DeclaredCallStep": "`steps`: type `call`",
    "DeclaredLookupStep": "`steps`: type `lookup`",
    "DeclaredScriptStep": "`steps`: type `script`",
    "UnknownStep": "`steps`: other types",
    "DeclaredFallback": "`steps.fallback`",
    "StepMapping": "`mappings`",
    "McpExpose": "`exposes`: type `mcp`",
    "McpTool": "`exposes.tools`",
    "McpResource": "`exposes.resources` of type `mcp`",
    "McpPrompt": "`exposes.prompts`",
    "DeclaredPromptArgument": "`exposes.prompts.arguments`",
    "DeclaredPromptMessage": "`exposes.prompts.template`",
    "ToolParameter": "`inputParameters` of a tool, a resource or a function",
    "InputItems": "`inputParameters.items`",
    "Hints": "`exposes.tools.hints`",
    "SkillExpose": "`exposes`: type `skill`",
    "DeclaredSkill": "`exposes.skills`",
    "DeclaredSkillTool": "`exposes.skills.tools`",
    "SkillToolOrigin": "`exposes.skills.tools.from`",
    "OtherExpose": "`exposes`: other types",
    "Output": "`outputParameters` of what is exposed",
    "OutputMapping": "`mapping`, in its older spelling",
    **{kind.part.__name__: f"`authentication`: type `{kind.name}`" for kind in KINDS},
    "OtherAuthentication": "`authentication`: other types",
}
"""The headings, in the order in which a reader meets the parts."""
NOUNS: Final = {
    "Info": "info",
    "Person": "person",
    "Bind": "bind",
    "Capability": "capability",
    "ImportedConsumes": "import",
    "ConsumedHttp": "HTTP API",
    "ConsumedResource": "path",
    "ConsumedOperation": "operation",
    "DeclaredPagination": "pagination",
    "ConsumedParameter": "parameter",
    "ConsumedOutput": "named value",
    "BodyTemplate": "body",
    "ImportedAggregate": "import",
    "Aggregate": "aggregate",
    "AggregateFunction": "function",
    "Semantics": "semantics",
    "RestExpose": "REST server",
    "RestResource": "route",
    "Forward": "forward",
    "RestOperation": "operation",
    "ExposedParameter": "input",
    "DeclaredCallStep": "call step",
    "DeclaredLookupStep": "lookup step",
    "DeclaredScriptStep": "script step",
    "UnknownStep": "other step",
    "DeclaredFallback": "fallback",
    "StepMapping": "mapping",
    "McpExpose": "MCP server",
    "McpTool": "tool",
    "McpResource": "resource",
    "McpPrompt": "prompt",
    "DeclaredPromptArgument": "argument",
    "DeclaredPromptMessage": "message",
    "ToolParameter": "input",
    "InputItems": "items of an input",
    "Hints": "hints",
    "SkillExpose": "server of skills",
    "DeclaredSkill": "skill",
    "DeclaredSkillTool": "tool of a skill",
    "SkillToolOrigin": "origin",
    "OtherExpose": "other server",
    "Output": "output",
    "OutputMapping": "mapping",
    **{kind.part.__name__: kind.name for kind in KINDS},
    "OtherAuthentication": "other",
}
"""What the page calls a part where it is a value."""
SCALAR: Final = {"string", "number", "boolean"}
NAMES: Final = {"string": "text", "array": "list", "object": "mapping", "null": ""}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return write_schema("1.0.0-beta5")


def test_the_page_lists_every_key_of_the_models(schema: dict[str, Any]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    introduction, marker, _ = text.partition(START)
    expected = f"{introduction}{START}\n" + "\n".join(sections(schema))
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(expected, encoding="utf-8", newline="")
        text = expected
    assert marker
    assert text == expected


def test_every_part_has_a_heading(schema: dict[str, Any]) -> None:
    assert set(SECTIONS) == {ROOT, *NOUNS} == {ROOT, *schema["$defs"]}


def sections(schema: dict[str, Any]) -> Iterator[str]:
    """A section for each part: its meaning, and a row for each key."""
    for part, heading in SECTIONS.items():
        model = schema if part == ROOT else schema["$defs"][part]
        required = model.get("required", ())
        yield f'<a id="{part.lower()}"></a>\n\n## {heading}\n\n{model["description"]}\n'
        yield "| key | value | meaning | example |\n| --- | --- | --- | --- |"
        for key, value in model.get("properties", {}).items():
            kinds = values(value) or ["any value"]
            kind = ", ".join([*kinds, *(["**required**"] if key in required else []), *default(value)])
            yield f"| `{key}` | {kind} | {cell(value['description'])} | {example(value['examples'][0])} |"
        yield ""


def values(schema: dict[str, Any]) -> list[str]:
    """What a key takes, alternatives in order, each once. A part that is named says more than "mapping"."""
    found = list(dict.fromkeys(filter(None, alternatives(schema))))
    return [each for each in found if each != "mapping" or not any("](#" in other for other in found)]


def alternatives(schema: dict[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        part = schema["$ref"].rpartition("/")[2]
        yield f"[{NOUNS[part]}](#{part.lower()})"
        return
    for keyword in ("anyOf", "oneOf", "allOf"):
        for each in schema.get(keyword, ()):
            yield from alternatives(each)
    for keyword in ("then", "else"):
        if "$ref" in str(schema.get(keyword, "")):
            yield from alternatives(schema[keyword])
    if "const" in schema:
        yield f"`{schema['const']}`"
    elif "enum" in schema:
        folded = {each.upper() for each in schema["enum"]}
        any_case = len(folded) < len(schema["enum"])
        yield " ".join(f"`{each}`" for each in schema["enum"] if not any_case or each in folded)
    elif "type" in schema:
        yield from typed(schema)


def typed(schema: dict[str, Any]) -> Iterator[str]:
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if set(types) >= SCALAR:
        yield "text"
        return
    for each in types:
        inner = (
            values(schema["items"] if each == "array" else schema["additionalProperties"])
            if nests(schema, each)
            else []
        )
        yield f"{NAMES.get(each, each)} of {' or '.join(inner)}" if inner else NAMES.get(each, each)


def nests(schema: dict[str, Any], kind: str) -> bool:
    return isinstance(schema.get({"array": "items", "object": "additionalProperties"}.get(kind, "")), dict)


def default(schema: dict[str, Any]) -> list[str]:
    """The default, where it is more than an absent value."""
    value = schema.get("default")
    return [] if value in (None, "", [], {}) else [f"default `{orjson.dumps(value).decode().strip(chr(34))}`"]


def example(value: object) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return f"`{text}`".replace("|", "\\|")


def cell(text: str) -> str:
    return text.replace("|", "\\|")
