"""Sandbox files and hygiene: NK6xx."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

SANDBOX: Final = define(
    "NK601",
    "unknown-sandbox-operation",
    Severity.ERROR,
    "A sandbox answer for an operation that does not exist.",
    "Name an operation as `namespace.operation`, as the capability consumes it.",
)

NO_DESCRIPTION: Final = define(
    "NK602",
    "missing-description",
    Severity.INFO,
    "A capability, an MCP server or a tool without a description.",
    "Say in `description` what it is for, and when to use it: models choose tools by that.",
)

EXAMPLE_HOST: Final = define(
    "NK603",
    "example-host",
    Severity.INFO,
    "A base URI whose host is an example or a placeholder.",
    "Write the API's own host, or start with `--base-uri NAMESPACE=URL`.",
)

TRAILING_SLASH: Final = define(
    "NK604",
    "trailing-slash",
    Severity.INFO,
    "A path or a base URI that ends with a slash.",
    "Leave the slash out, unless the API asks for it.",
)

QUERY_IN_PATH: Final = define(
    "NK605",
    "query-in-path",
    Severity.INFO,
    "A consumed path with a query string in it.",
    "Declare it under `inputParameters`, with `in: query` and a `value`.",
)

UNUSED_IGNORE: Final = define(
    "NK606",
    "unused-ignore",
    Severity.INFO,
    "An ignore comment that silences nothing.",
    "Remove the comment, or correct the name in it.",
    "this comment silences nothing",
    "remove it",
)
UNUSED_IGNORE_TOO_LATE: Final = UNUSED_IGNORE.variant(
    "this comment silences nothing: 'ignore-file' counts only at the top", "remove it"
)
UNUSED_IGNORE_LAST: Final = UNUSED_IGNORE.variant("this comment silences nothing: no line follows it", "remove it")
UNUSED_IGNORE_UNKNOWN: Final = UNUSED_IGNORE.variant("this comment silences nothing: no rule '{name}'", "remove it")
UNUSED_IGNORE_NAME: Final = UNUSED_IGNORE.variant("'{name}' silences nothing here", "remove it")

UNUSED_OPERATION: Final = define(
    "NK607",
    "unused-operation",
    Severity.INFO,
    "A consumed operation that nothing calls.",
    "Expose it, or remove it.",
)
