"""What is exposed and consumed: NK4xx."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

NO_SUCH_EXPOSE: Final = define(
    "NK401", "unknown-expose-type", Severity.ERROR, "An expose type that does not exist.", "Use `rest` or `mcp`."
)

DUPLICATE_ROUTE: Final = define(
    "NK402",
    "duplicate-route",
    Severity.ERROR,
    "Two operations of one expose answer the same method and path.",
    "Keep one of the two; names of placeholders make no difference.",
)

PORT: Final = define(
    "NK403",
    "port-clash",
    Severity.ERROR,
    "Two exposes that cannot share a port listen on the same one.",
    "Change one port or address, or start with `--port NAMESPACE=PORT`.",
)

BASE_URI: Final = define(
    "NK404",
    "invalid-base-uri",
    Severity.ERROR,
    "A consumed API has no usable base URI.",
    "Give a full `http` or `https` URL, or start with `--base-uri NAMESPACE=URL`.",
)

UNDECLARED_PLACEHOLDER: Final = define(
    "NK405",
    "undeclared-placeholder",
    Severity.WARNING,
    "A path placeholder that no parameter declares.",
    "Write the placeholder into the route's path, or bind it under `with`; otherwise callers give it in the query.",
)

UNPLACED_PARAMETER: Final = define(
    "NK406",
    "unplaced-path-parameter",
    Severity.ERROR,
    "A parameter 'in: path' whose path has no place for it.",
    "Write `{name}` into the path, or say where the parameter really goes.",
)

PATH_INPUT_IN_QUERY: Final = define(
    "NK412",
    "path-input-in-query",
    Severity.WARNING,
    "An exposed input 'in: path' whose route has no place for it; callers give it in the query.",
    "Write `{name}` into the route's path, or `in: query`.",
)

NOTHING_TO_SERVE: Final = define(
    "NK407",
    "nothing-to-serve",
    Severity.ERROR,
    "A document that exposes nothing.",
    "Add `exposes`; a file that is only there to be imported cannot run.",
)

SECOND_CONTROL: Final = define(
    "NK410",
    "second-control",
    Severity.ERROR,
    "A capability with more than one `control` expose.",
    "Keep one; it is for the whole capability.",
)

IMPORT_ONLY: Final = define(
    "NK411",
    "import-only",
    Severity.WARNING,
    "A capability without `exposes`: others can import it, but it cannot run.",
    "Add `exposes` if it is meant to run; `naftiko run` refuses it as `nothing-to-serve`.",
)

EMPTY_EXPOSE: Final = define(
    "NK422",
    "empty-expose",
    Severity.WARNING,
    "An expose without routes or tools, or a resource without operations: callers get nothing there.",
    "Write what it is to serve, or leave it out.",
)

UNLISTED_PLACEHOLDER: Final = define(
    "NK421",
    "unlisted-placeholder",
    Severity.INFO,
    "A placeholder of a route that no input parameter declares; only `validate --fix` looks for it.",
    "Declare it under the resource's `inputParameters`: `{name: …, in: path, type: string}`.",
)

TOOL_NAME: Final = define(
    "NK408",
    "tool-name",
    Severity.WARNING,
    "A tool's name that MCP clients may refuse.",
    "Use up to 64 letters, digits, dashes and underscores.",
)

CONTRADICTION: Final = define(
    "NK409",
    "contradicting-hint",
    Severity.WARNING,
    "A tool's hint that the called operation's method contradicts.",
    "Correct the hint, or leave it out.",
)
