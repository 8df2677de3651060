"""Nouns of messages: kinds of values, parts of a document, kinds of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.rules.rule import Noun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.rules.rule import NounPhrase

DOCUMENT: Final = Noun("the document")
KEY: Final = Noun("'{key}'")
ENTRY: Final = Noun("an entry of '{key}'")
VALUE: Final = Noun("'{value}'")
THIS_VALUE: Final = Noun("this value")

TEXT: Final = Noun("text")
MAPPING: Final = Noun("a mapping")
LIST: Final = Noun("a list")
VALUE_OF_TYPE: Final = Noun("a value of type '{type}'")
VALUE_WITHOUT_TYPE: Final = Noun("a value without a type")
WHOLE_NUMBER: Final = Noun("a whole number")
NUMBER: Final = Noun("a number")
FRACTION: Final = Noun("a fraction")
COUNT_UP_TO: Final = Noun("a whole number from 1 to {greatest}")
FLAG: Final = Noun("true or false")
EITHER: Final = Noun("{first} or {second}")

OPENAPI: Final = Noun("an OpenAPI document")
ASYNCAPI: Final = Noun("an AsyncAPI document")
POSTMAN: Final = Noun("a Postman collection")
ARAZZO: Final = Noun("an Arazzo document")
KUBERNETES: Final = Noun("a Kubernetes manifest")
COMPOSE: Final = Noun("a Compose file")
MCP_CLIENT: Final = Noun("the configuration of an MCP client")
GITHUB_WORKFLOW: Final = Noun("a GitHub workflow")
HTTP_ARCHIVE: Final = Noun("an HTTP archive")
JSON_SCHEMA: Final = Noun("a JSON Schema")

ROUTE: Final = Noun("{method} {path}")
FORWARD: Final = Noun("the forward at {path}")
TOOL: Final = Noun("the tool '{name}'")
RESOURCE: Final = Noun("the resource {uri}")
PROMPT: Final = Noun("the prompt '{name}'")
SKILL: Final = Noun("the skill '{name}'")
SOME_OPERATION: Final = Noun("an operation at {path}")
SOME_RESOURCE: Final = Noun("a resource without a readable path")
SOME_TOOL: Final = Noun("a tool without a readable name")
SOME_MCP_RESOURCE: Final = Noun("a resource without a readable URI")
SOME_PROMPT: Final = Noun("a prompt without a readable name")
SOME_SKILL: Final = Noun("a skill without a readable name")
PART_OF_EXPOSE: Final = Noun("{part} of '{namespace}'")
EXPOSE: Final = Noun("the expose '{namespace}'")
EXPOSE_OF_TYPE: Final = Noun("the {type} expose '{namespace}'")
SOME_EXPOSE_OF_TYPE: Final = Noun("the {type} expose")

NOT_IMPORTED: Final = Noun("the API it calls could not be imported")
NOT_SERVED: Final = Noun("it is not served")
NOTHING_LEFT: Final = Noun("nothing is left to serve")
ONLY_FOR_IMPORT: Final = Noun("it has no 'capability', and is only there to be imported")


def name_part(key_path: Sequence[str | int]) -> NounPhrase:
    """Return how a sentence names the part of a document at a path: by its key, an entry of a list by the list's."""
    keys = [key for key in key_path if isinstance(key, str)]
    if not keys:
        return DOCUMENT()
    return KEY(key=keys[-1]) if isinstance(key_path[-1], str) else ENTRY(key=keys[-1])


def join_or(phrases: Sequence[NounPhrase]) -> NounPhrase:
    """Return how a sentence names alternatives. There is at least one."""
    first, *others = phrases
    return EITHER(first=first, second=join_or(others)) if others else first
