"""Recommendations for files that run: NK602 and up."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

NO_DESCRIPTION: Final = define(
    "NK602",
    "missing-description",
    Severity.INFO,
    "A capability, an MCP server or a tool has no description.",
    "Say in `description` what it is for and when to use it. Models choose tools by their descriptions.",
    "the capability has no description",
    "describe it in 'info.description': catalogues and agents use that",
)
NO_DESCRIPTION_SERVER: Final = NO_DESCRIPTION.add_message(
    "no description: the server '{namespace}'", "clients give it to the model as instructions"
)
NO_DESCRIPTION_TOOLS: Final = NO_DESCRIPTION.add_message(
    "no description: {tools:5 the tool '*'}", "a model chooses tools by their descriptions"
)
NO_DESCRIPTION_SERVER_AND_TOOLS: Final = NO_DESCRIPTION.add_message(
    "no description: the server '{namespace}', {tools:4 the tool '*'}", "a model chooses tools by their descriptions"
)

EXAMPLE_HOST: Final = define(
    "NK603",
    "example-host",
    Severity.INFO,
    "The host of a base URI is an example or a placeholder.",
    "Write the API's own host, or start with `--base-uri NAMESPACE=URL`.",
    "'{host}' is a placeholder host",
    "write the API's own, or start with --base-uri {namespace}=URL",
)

TRAILING_SLASH: Final = define(
    "NK604",
    "trailing-slash",
    Severity.INFO,
    "A path or a base URI ends with a slash.",
    "Remove the slash, unless the API requires it.",
    "the base URI ends with '/'",
    "remove it: paths are joined with one slash anyway",
)
TRAILING_SLASH_OF_ROUTES: Final = TRAILING_SLASH.add_message(
    "paths that end with '/': {paths:5 '*'}", "remove the slash, or callers have to write it too"
)
TRAILING_SLASH_OF_API: Final = TRAILING_SLASH.add_message(
    "paths that end with '/': {paths:5 '*'}", "remove the slash, unless the API requires it"
)

QUERY_IN_PATH: Final = define(
    "NK605",
    "query-in-path",
    Severity.INFO,
    "A consumed path contains a query string.",
    "Declare it under `inputParameters`, with `in: query` and a `value`.",
    "paths with a query string: {paths:5 '*'}",
    "declare it under inputParameters, with 'in: query' and a 'value'",
)

UNUSED_IGNORE: Final = define(
    "NK606",
    "unused-ignore",
    Severity.INFO,
    "An ignore comment has no effect.",
    "Remove the comment, or correct the name in it.",
    "this comment ignores nothing",
    "remove it",
)
UNUSED_IGNORE_TOO_LATE: Final = UNUSED_IGNORE.add_message(
    "this comment ignores nothing: 'ignore-file' counts only at the top", "remove it"
)
UNUSED_IGNORE_LAST: Final = UNUSED_IGNORE.add_message("this comment ignores nothing: no line follows it", "remove it")
UNUSED_IGNORE_UNKNOWN: Final = UNUSED_IGNORE.add_message("this comment ignores nothing: no rule '{name}'", "remove it")
UNUSED_IGNORE_NAME: Final = UNUSED_IGNORE.add_message("'{name}' ignores nothing here", "remove it")

UNUSED_OPERATION: Final = define(
    "NK607",
    "unused-operation",
    Severity.INFO,
    "Nothing calls a consumed operation.",
    "Expose it, or remove it.",
    "operations of '{namespace}' that nothing calls: {operations:5 '*'}",
    "expose them, or remove them",
)

UNUSED_FUNCTION: Final = define(
    "NK608",
    "unused-function",
    Severity.INFO,
    "Nothing refers to a function of an aggregate.",
    "Expose it with `ref`, or remove it.",
    "nothing refers to these functions of '{namespace}': {functions:5 '*'}",
    "expose them with 'ref', or remove them",
)
UNUSED_FUNCTION_NAMELESS: Final = UNUSED_FUNCTION.add_message(
    "nothing can refer to functions of an aggregate without 'namespace': {functions:5 '*'}", "add 'namespace: …'"
)
