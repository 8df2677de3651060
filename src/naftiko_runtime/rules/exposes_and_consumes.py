"""Rules about exposes and consumed APIs: NK4xx."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

NO_SUCH_EXPOSE: Final = define(
    "NK401",
    "unknown-expose-type",
    Severity.ERROR,
    "The type of an expose does not exist.",
    "Use `rest` or `mcp`.",
    "unknown expose type '{type}'",
)

DUPLICATE_ROUTE: Final = define(
    "NK402",
    "duplicate-route",
    Severity.ERROR,
    "Two operations of one expose have the same method and path.",
    "Keep one of the two. Names of placeholders do not matter.",
    "{method} {path} is routed twice",
    "keep one of the two; {line} has {method} {first}",
)
DUPLICATE_ROUTE_FORWARD: Final = DUPLICATE_ROUTE.add_message(
    "{path} is forwarded twice", "keep one of the two; the first is {first}"
)
DUPLICATE_ROUTE_ON_PORT: Final = DUPLICATE_ROUTE.add_message(
    "{method} {path} is exposed by '{first}' and '{second}', which share port {port}",
    "change one, or start with --port {second}=N",
)
DUPLICATE_ROUTE_FORWARD_ON_PORT: Final = DUPLICATE_ROUTE.add_message(
    "the forward at {path} is exposed by '{first}' and '{second}', which share port {port}",
    "change one, or start with --port {second}=N",
)

PORT: Final = define(
    "NK403",
    "port-clash",
    Severity.ERROR,
    "Two exposes that cannot share a port listen on the same one.",
    "Change a port or address, or start with `--port NAMESPACE=PORT`.",
    "'{first}' and '{second}' both listen on port {port}",
)
PORT_RANGE: Final = PORT.add_message(
    "with the offset the port would be {port}", "choose an offset that leaves it between 1 and {most}"
)
PORT_OF_TYPES: Final = PORT.add_message(
    "the {type} expose listens on port {port}, as the {other} expose does",
    "only exposes of one type can share a port; change one, the other is named on {line}",
)

BASE_URI: Final = define(
    "NK404",
    "invalid-base-uri",
    Severity.ERROR,
    "A consumed API has no usable base URI.",
    "Give a full `http` or `https` URL, or start with `--base-uri NAMESPACE=URL`.",
)
BASE_URI_EMPTY: Final = BASE_URI.add_message("the base URI is empty")
BASE_URI_UNFILLED: Final = BASE_URI.add_message("the base URI has an unfilled placeholder")
BASE_URI_HOST: Final = BASE_URI.add_message("the base URI has a host that is not a valid name")
BASE_URI_CHARACTER: Final = BASE_URI.add_message("the base URI contains a character that is not allowed in a URL")
BASE_URI_NO_URL: Final = BASE_URI.add_message("the base URI is not a URL")
BASE_URI_NO_SCHEME: Final = BASE_URI.add_message("the base URI has no scheme (http or https) and host")
BASE_URI_SCHEME: Final = BASE_URI.add_message("unknown scheme in the base URI; it must be http or https")
BASE_URI_CREDENTIALS: Final = BASE_URI.add_message(
    "the base URI contains credentials; they belong in 'authentication'",
    "write 'authentication: {{type: basic, username: …, password: \"{{{{PASSWORD}}}}\"}}'",
)
BASE_URI_QUERY: Final = BASE_URI.add_message("the base URI has a query or a fragment")
BASE_URI_MISPLACED: Final = BASE_URI.add_message(
    "a variable at the start of the base URI is the whole URL: only '/' and a path can follow"
)
BASE_URI_FORM: Final = BASE_URI.add_message(
    "{written:and '*'} in the base URI is not a variable: variables have double braces"
)

UNDECLARED_PLACEHOLDER: Final = define(
    "NK405",
    "undeclared-placeholder",
    Severity.WARNING,
    "No parameter declares a path placeholder.",
    "Add the placeholder to the path of the route, or set it with `with`. Otherwise callers give it in the query.",
    "'{name}' of the consumed path is not declared; callers give it in the query",
    "write {{{name}}} into the route's path, or bind it under 'with'",
)

UNPLACED_PARAMETER: Final = define(
    "NK406",
    "unplaced-path-parameter",
    Severity.ERROR,
    "A parameter is part of a path or of a URI that has no such placeholder.",
    "Add `{name}` to the path or the URI, or correct `in`.",
    "the path has no place for '{name}'",
)
UNPLACED_PARAMETER_IN_URI: Final = UNPLACED_PARAMETER.add_message(
    "'{name}' is required, and the URI '{uri}' has no place for it",
    "write {{{name}}} into the URI, or give it a value under 'with'",
)

PATH_INPUT_IN_QUERY: Final = define(
    "NK412",
    "path-input-in-query",
    Severity.WARNING,
    "An exposed input has `in: path`, but its route has no such placeholder. Callers give it in the query.",
    "Write `{name}` into the route's path, or `in: query`.",
    "the route has no place for '{name}'; callers give it in the query",
)

NOTHING_TO_SERVE: Final = define(
    "NK407",
    "nothing-to-serve",
    Severity.ERROR,
    "A document exposes nothing.",
    "Add `exposes`. A file that exists only to be imported cannot run.",
    "nothing is exposed",
    "add 'exposes:' with a 'rest' or 'mcp' entry",
)
NOTHING_TO_SERVE_ONLY_IMPORTED: Final = NOTHING_TO_SERVE.add_message(
    "nothing to run: this document has no capability and can only be imported",
    "run a document that imports it, or add 'capability:' with 'exposes:'",
)

SECOND_CONTROL: Final = define(
    "NK410",
    "second-control",
    Severity.ERROR,
    "A capability has more than one `control` expose.",
    "Keep one, for the whole capability.",
    "a capability can have only one control expose",
    "remove it; the first is on {line}",
)

IMPORT_ONLY: Final = define(
    "NK411",
    "import-only",
    Severity.WARNING,
    "A capability without `exposes` can be imported, but cannot run.",
    "Add `exposes` if it should run. `naftiko run` refuses it as `nothing-to-serve`.",
    "nothing is exposed: this document can only be imported, not run",
    "add 'exposes:' with a 'rest' or 'mcp' entry, if it is meant to run",
)

EMPTY_EXPOSE: Final = define(
    "NK422",
    "empty-expose",
    Severity.WARNING,
    "An expose has no routes, tools or skills, or a resource has no operations.",
    "Add routes, tools, skills or operations, or remove the part.",
)
EMPTY_EXPOSE_RESOURCE: Final = EMPTY_EXPOSE.add_message(
    "nothing is served at '{path}'", "write 'operations', or leave it out"
)
EMPTY_EXPOSE_ROUTES: Final = EMPTY_EXPOSE.add_message(
    "'{namespace}' serves no route", "write 'resources', or leave it out"
)
EMPTY_EXPOSE_TOOLS: Final = EMPTY_EXPOSE.add_message("'{namespace}' serves no tool", "write 'tools', or leave it out")
EMPTY_EXPOSE_SKILLS: Final = EMPTY_EXPOSE.add_message(
    "'{namespace}' serves no skill", "write 'skills', or leave it out"
)

UNLISTED_PLACEHOLDER: Final = define(
    "NK421",
    "unlisted-placeholder",
    Severity.INFO,
    "No input parameter declares a placeholder of a route. Only `validate --fix` reports it.",
    "Declare it under the resource's `inputParameters`: `{name: …, in: path, type: string}`.",
    "the placeholder '{name}' is not a declared input",
    "add {{name: {name}, in: path, type: string}} to the resource's inputParameters",
)

TOOL_NAME: Final = define(
    "NK408",
    "tool-name",
    Severity.WARNING,
    "MCP clients may reject the name of a tool.",
    "Use up to 64 letters, digits, dashes and underscores.",
    "MCP clients may reject the tool name '{name}'",
    "use up to 64 letters, digits, '-' and '_'",
)

CONTRADICTION: Final = define(
    "NK409",
    "contradicting-hint",
    Severity.WARNING,
    "A tool's hint contradicts the method of the called operation.",
    "Correct the hint, or leave it out.",
    "the hint '{hint}' cannot be true: '{operation}' is a {method}",
    "clients use hints to decide whether to ask the user",
)
CONTRADICTION_OF_HINTS: Final = CONTRADICTION.add_message(
    "the hint '{hint}' cannot be true: a tool that only reads does not destroy",
    "clients use hints to decide whether to ask the user",
)

ENDLESS_PAGINATION: Final = define(
    "NK413",
    "endless-pagination",
    Severity.ERROR,
    "Nothing says which page is next, so the same page would be read again and again.",
    "Write `parameter`, and `next` for a cursor.",
    "the pages have no end: without 'parameter' every request asks for the same page",
    "write 'parameter:' with the query parameter of the {type}",
)
ENDLESS_PAGINATION_CURSOR: Final = ENDLESS_PAGINATION.add_message(
    "the pages have no end: without 'next' no page leads to the next one",
    "write 'next:' with the JSONPath of the next cursor in a page",
)
