"""The table of rules: what each kind of finding means and what to do about it.

Rules are public: their slug and code never change meaning.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The document, or a part of it, cannot run."""
    WARNING = "warning"
    """It runs, but departs from the specification or will surprise."""
    INFO = "info"
    """A matter of hygiene."""


class Rule(Struct, frozen=True):
    """A kind of finding.

    Attributes:
        code: ``NK1xx`` document, ``2xx`` links, ``3xx`` expressions, ``4xx`` what is exposed, ``5xx`` credentials,
            ``6xx`` sandbox files, and hygiene.
        slug: What users see, and name it by.
        severity: How much it matters.
        summary: What it means, for the reference.
        remedy: What to do about it, for the reference.
    """

    code: str
    slug: str
    severity: Severity
    summary: str
    remedy: str


RULES: Final[dict[str, Rule]] = {}
"""Every rule by its slug."""


def _rule(code: str, slug: str, severity: Severity, summary: str, remedy: str) -> Rule:
    rule = RULES[slug] = Rule(code, slug, severity, summary, remedy)
    return rule


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

UNREADABLE: Final = _rule(
    "NK101",
    "unreadable-file",
    _E,
    "The file cannot be read as UTF-8 text.",
    "Check name and permissions; save the file as UTF-8.",
)
SYNTAX: Final = _rule(
    "NK102",
    "yaml-syntax",
    _E,
    "The file is not YAML.",
    "Correct the place shown; most often a quote, a colon or the indentation.",
)
DUPLICATE_KEY: Final = _rule(
    "NK103", "duplicate-key", _E, "A mapping has the same key twice.", "Keep one of the two; neither wins silently."
)
TOO_LARGE: Final = _rule(
    "NK104",
    "document-limit",
    _E,
    "The document exceeds a limit on size, depth, nodes or aliases.",
    "Split the file, or nest it less.",
)
YAML_FEATURE: Final = _rule(
    "NK105",
    "yaml-feature",
    _E,
    "A YAML feature outside the 1.2 core: tags, merge keys, several documents.",
    'Write the plain value out; quote templates: `"{{name}}"`.',
)
VERSION: Final = _rule(
    "NK106",
    "spec-version",
    _E,
    "The file names no specification version, or none that exists.",
    "Write `naftiko: 1.0.0-alpha2`.",
)
NEWER_VERSION: Final = _rule(
    "NK107",
    "newer-version",
    _W,
    "The file names a version newer than this runtime knows.",
    "Write the version the file is meant for; until then it is read as the newest one known.",
)
MISSING_KEY: Final = _rule("NK108", "missing-key", _E, "A required key is absent.", "Add the key at the place shown.")
WRONG_TYPE: Final = _rule(
    "NK109", "wrong-type", _E, "A value is not of the kind its key takes.", "Write a value of the kind that is named."
)
INVALID_VALUE: Final = _rule(
    "NK110",
    "invalid-value",
    _E,
    "A value is of the right kind but not allowed.",
    "Use one of the values that are listed.",
)
UNKNOWN_KEY: Final = _rule(
    "NK111",
    "unknown-key",
    _W,
    "A key that the specification does not have; it is ignored.",
    "Remove the key, or move it to where the specification has it.",
)
MISSPELT_KEY: Final = _rule(
    "NK112", "misspelt-key", _E, "A key that is nearly a known one.", "Write the key that is suggested."
)
NOT_SERVED: Final = _rule(
    "NK113",
    "not-served-yet",
    _E,
    "A part of the specification that this version does not serve yet.",
    "Use what is suggested instead, or leave the part out.",
)
NON_STANDARD_KEY: Final = _rule(
    "NK114",
    "non-standard-key",
    _W,
    "A spelling outside the specification that is given its meaning.",
    "Write the specification's spelling.",
)
NON_STANDARD: Final = _rule(
    "NK115",
    "non-standard",
    _E,
    "Under `--strict`: a departure from the official schema of the file's version.",
    "Write what the specification takes there, or check without `--strict`.",
)
STRICT_VERSION: Final = _rule(
    "NK116",
    "strict-version",
    _W,
    "Under `--strict`: the official schema of the file's version is not known here; another version's was applied.",
    "Write the version whose rules were applied, if the file is meant for it.",
)
NO_EFFECT: Final = _rule(
    "NK117",
    "no-effect",
    _W,
    "A key of the specification that changes nothing here.",
    "Leave it for those who read the file otherwise; do not count on it here.",
)
OTHER_DOCUMENT: Final = _rule(
    "NK118",
    "other-document",
    _E,
    "The file is a document of another kind: an OpenAPI document, a Postman collection, a Compose file.",
    "Name a capability file; to offer an API that another document describes, write a capability that consumes it.",
)

UNRESOLVED_CALL: Final = _rule(
    "NK201",
    "unresolved-call",
    _E,
    "A call names no consumed operation.",
    "Name an operation as `namespace.operation`, as `consumes` declares it.",
)
DUPLICATE_NAMESPACE: Final = _rule(
    "NK202", "duplicate-namespace", _E, "Two parts have the same namespace.", "Rename one of the two."
)
DUPLICATE_NAME: Final = _rule(
    "NK203",
    "duplicate-name",
    _E,
    "Two operations, tools, routes, steps or parameters have the same name.",
    "Rename one of the two.",
)
UNBOUND_VARIABLE: Final = _rule(
    "NK204",
    "unbound-variable",
    _E,
    "An expression uses a variable that nothing binds.",
    "Bind the variable under `binds`, or declare the input.",
)
UNUSED_BINDING: Final = _rule(
    "NK205",
    "unused-binding",
    _W,
    "A bound variable that no expression uses.",
    "Remove the binding, or use it as `{{NAME}}`.",
)
UNKNOWN_REFERENCE: Final = _rule(
    "NK206",
    "unknown-reference",
    _E,
    "A value has the form of a reference, and names nothing.",
    "Write `$this.<namespace>.x` for the caller's x, with the expose's namespace, or `{{NAME}}` for a variable.",
)
UNKNOWN_PARAMETER: Final = _rule(
    "NK207",
    "unknown-parameter",
    _E,
    "A 'with' key names no parameter of the consumed operation.",
    "Correct the name, or declare it in the consumed operation's `inputParameters`.",
)
PLACEHOLDER_CASE: Final = _rule(
    "NK208",
    "placeholder-spelling",
    _W,
    "Names that meet only when case and punctuation are ignored.",
    "Write the name alike on both sides.",
)
UNUSED_INPUT: Final = _rule(
    "NK209",
    "unused-input",
    _W,
    "An input that reaches no parameter of the consumed operation.",
    "Remove the input, or declare a parameter that takes it.",
)

IMPORT: Final = _rule(
    "NK210",
    "unresolved-import",
    _E,
    "An import that names no part of another file, or may not read it.",
    "Name a namespace that the other file defines itself, in a file below the document's folder.",
)
UNLISTED_VARIABLE: Final = _rule(
    "NK211",
    "unlisted-variable",
    _W,
    "An expression uses a variable that no bind lists; it is taken from the environment.",
    "List the variable under the `keys` of a bind without `location`.",
)
PROVIDER: Final = _rule(
    "NK212",
    "unknown-provider",
    _E,
    "A bind whose `location` has a scheme that no provider reads.",
    "Use one of the schemes that are listed, or leave `location` out for the environment.",
)

UNKNOWN_STEP: Final = _rule(
    "NK213",
    "unknown-step",
    _E,
    "A reference to a step that there is not, or that does not come before.",
    "Name an earlier step; a mapping may name any.",
)
UNKNOWN_ACTION: Final = _rule(
    "NK214",
    "unknown-action",
    _E,
    "A skill's tool is taken from what no `rest` or `mcp` expose has.",
    "Name an expose of this document as `sourceNamespace`, and an operation or a tool of it as `action`.",
)
SHARED_NAMESPACE: Final = _rule(
    "NK215",
    "shared-namespace",
    _W,
    "An expose and a consumed API have the same namespace.",
    "Rename one of the two; a namespace is meant to be unique in its document.",
)
UNLISTED_INPUT: Final = _rule(
    "NK216",
    "unlisted-input",
    _W,
    "A 'with' value names an input that is not among those that its operation or tool lists; it becomes one.",
    "Correct the name, or list the input under `inputParameters`.",
)

UNDOCUMENTED_REFERENCE: Final = _rule(
    "NK217",
    "undocumented-reference",
    _W,
    "A value that names an input or a variable in another form than the specification has; it is given its meaning.",
    "Write `$this.<namespace>.x` under `with`, and `{{x}}` in a template.",
)
VALUE_PREFIX: Final = _rule(
    "NK221",
    "value-prefix",
    _I,
    "A 'with' value names the caller's input by `rest.`, `tools.` or `mcp.`; only `validate --fix` looks for it.",
    "Write the expose's namespace in its place.",
)

JSONPATH: Final = _rule(
    "NK301",
    "invalid-jsonpath",
    _E,
    "A JSONPath that does not compile.",
    "Correct the path at the column that is named.",
)
TEMPLATE: Final = _rule(
    "NK302", "invalid-template", _E, "A template that does not parse.", "Write `{{name}}`, with a name."
)
PATH: Final = _rule(
    "NK303",
    "invalid-path",
    _E,
    "A path that cannot be routed or sent.",
    "Begin with `/`, close every brace, and leave queries and fragments out.",
)
PATTERN: Final = _rule(
    "NK304",
    "invalid-pattern",
    _E,
    "A regular expression that does not compile, or that could not be matched in linear time.",
    "Write it in RE2's syntax: without look-around and back references.",
)

UNMAPPED_PROPERTY: Final = _rule(
    "NK306",
    "unmapped-property",
    _E,
    "A property of a called operation without a `mapping` or a `value`; it would show callers the whole response.",
    "Add a `mapping` to the property, or a `value`.",
)
MAPPING_WITHOUT_CALL: Final = _rule(
    "NK307",
    "mapping-without-call",
    _E,
    "A `mapping` in an operation that has no `call`, `steps` or `ref`; there is no response to read from.",
    "Add a `call`, or write a `value` instead of the mapping.",
)
AUTHENTICATION_INPUT: Final = _rule(
    "NK308",
    "authentication-input",
    _W,
    "An input or a parameter for what the API's authentication sets; callers are not asked for it.",
    "Remove the parameter and the input.",
)

ROOT_PATH: Final = _rule(
    "NK321",
    "root-path",
    _I,
    "A mapping `$.`, which means `$`; only `validate --fix` looks for it.",
    "Write `$`.",
)

NO_SUCH_EXPOSE: Final = _rule(
    "NK401", "unknown-expose-type", _E, "An expose type that does not exist.", "Use `rest` or `mcp`."
)
DUPLICATE_ROUTE: Final = _rule(
    "NK402",
    "duplicate-route",
    _E,
    "Two operations of one expose answer the same method and path.",
    "Keep one of the two; names of placeholders make no difference.",
)
PORT: Final = _rule(
    "NK403",
    "port-clash",
    _E,
    "Two exposes that cannot share a port listen on the same one.",
    "Change one port or address, or start with `--port NAMESPACE=PORT`.",
)
BASE_URI: Final = _rule(
    "NK404",
    "invalid-base-uri",
    _E,
    "A consumed API has no usable base URI.",
    "Give a full `http` or `https` URL, or start with `--base-uri NAMESPACE=URL`.",
)
UNDECLARED_PLACEHOLDER: Final = _rule(
    "NK405",
    "undeclared-placeholder",
    _W,
    "A path placeholder that no parameter declares.",
    "Write the placeholder into the route's path, or bind it under `with`; otherwise callers give it in the query.",
)
UNPLACED_PARAMETER: Final = _rule(
    "NK406",
    "unplaced-path-parameter",
    _E,
    "A parameter 'in: path' whose path has no place for it.",
    "Write `{name}` into the path, or say where the parameter really goes.",
)
PATH_INPUT_IN_QUERY: Final = _rule(
    "NK412",
    "path-input-in-query",
    _W,
    "An exposed input 'in: path' whose route has no place for it; callers give it in the query.",
    "Write `{name}` into the route's path, or `in: query`.",
)
NOTHING_TO_SERVE: Final = _rule(
    "NK407",
    "nothing-to-serve",
    _E,
    "A document that exposes nothing.",
    "Add `exposes`; a file that is only there to be imported cannot run.",
)
SECOND_CONTROL: Final = _rule(
    "NK410",
    "second-control",
    _E,
    "A capability with more than one `control` expose.",
    "Keep one; it is for the whole capability.",
)
IMPORT_ONLY: Final = _rule(
    "NK411",
    "import-only",
    _W,
    "A capability without `exposes`: others can import it, but it cannot run.",
    "Add `exposes` if it is meant to run; `naftiko run` refuses it as `nothing-to-serve`.",
)
EMPTY_EXPOSE: Final = _rule(
    "NK422",
    "empty-expose",
    _W,
    "An expose without routes or tools, or a resource without operations: callers get nothing there.",
    "Write what it is to serve, or leave it out.",
)
UNLISTED_PLACEHOLDER: Final = _rule(
    "NK421",
    "unlisted-placeholder",
    _I,
    "A placeholder of a route that no input parameter declares; only `validate --fix` looks for it.",
    "Declare it under the resource's `inputParameters`: `{name: …, in: path, type: string}`.",
)

TOOL_NAME: Final = _rule(
    "NK408",
    "tool-name",
    _W,
    "A tool's name that MCP clients may refuse.",
    "Use up to 64 letters, digits, dashes and underscores.",
)
CONTRADICTION: Final = _rule(
    "NK409",
    "contradicting-hint",
    _W,
    "A tool's hint that the called operation's method contradicts.",
    "Correct the hint, or leave it out.",
)

EMPTY_CREDENTIAL: Final = _rule(
    "NK501",
    "empty-credential",
    _E,
    "An authentication without the value it needs.",
    "Give the value as `{{VARIABLE}}` and bind the variable.",
)

SECRET_SHOWN: Final = _rule(
    "NK502",
    "secret-in-answer",
    _E,
    "An output that would show callers a bound variable.",
    "Write a constant or an input there: what is bound comes from outside and may be a secret.",
)

HARD_CODED: Final = _rule(
    "NK503",
    "hard-coded-credential",
    _W,
    "A secret stands in the file, for everybody who has it.",
    "Bind a variable, and write `{{VARIABLE}}`; then change the secret, for it is known.",
)
SECRET_AS_NAME: Final = _rule(
    "NK506",
    "secret-as-name",
    _E,
    "A secret stands where the name of a variable belongs.",
    "Write the name of the variable that holds the secret; then change the secret, for it is known.",
)
INSECURE: Final = _rule(
    "NK504",
    "insecure-upstream",
    _W,
    "Credentials are sent over plain HTTP to another machine.",
    "Use `https`.",
)
ACTIVE_CONTENT: Final = _rule(
    "NK505",
    "active-content",
    _W,
    "A description or label with a script in it, which a page or a client that shows it might run.",
    "Write plain text or Markdown.",
)

SANDBOX: Final = _rule(
    "NK601",
    "unknown-sandbox-operation",
    _E,
    "A sandbox answer for an operation that does not exist.",
    "Name an operation as `namespace.operation`, as the capability consumes it.",
)
NO_DESCRIPTION: Final = _rule(
    "NK602",
    "missing-description",
    _I,
    "A capability, an MCP server or a tool without a description.",
    "Say in `description` what it is for, and when to use it: models choose tools by that.",
)
EXAMPLE_HOST: Final = _rule(
    "NK603",
    "example-host",
    _I,
    "A base URI whose host is an example or a placeholder.",
    "Write the API's own host, or start with `--base-uri NAMESPACE=URL`.",
)
TRAILING_SLASH: Final = _rule(
    "NK604",
    "trailing-slash",
    _I,
    "A path or a base URI that ends with a slash.",
    "Leave the slash out, unless the API asks for it.",
)
QUERY_IN_PATH: Final = _rule(
    "NK605",
    "query-in-path",
    _I,
    "A consumed path with a query string in it.",
    "Declare it under `inputParameters`, with `in: query` and a `value`.",
)
UNUSED_IGNORE: Final = _rule(
    "NK606",
    "unused-ignore",
    Severity.INFO,
    "An ignore comment that silences nothing.",
    "Remove the comment, or correct the name in it.",
)
UNUSED_OPERATION: Final = _rule(
    "NK607",
    "unused-operation",
    _I,
    "A consumed operation that nothing calls.",
    "Expose it, or remove it.",
)
