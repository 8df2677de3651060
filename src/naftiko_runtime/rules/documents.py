"""Rules about the document: NK108 to NK118."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

MISSING_KEY: Final = define(
    "NK108",
    "missing-key",
    Severity.ERROR,
    "A required key is absent.",
    "Add the key at the location shown.",
    "the key '{key}' is missing",
    "add '{key}: …'",
)
MISSING_KEY_LOCATION: Final = MISSING_KEY.add_message("an import needs '{key}', a file")
MISSING_KEY_SCHEMA: Final = MISSING_KEY.add_message(
    "reading 'protobuf' needs the key 'outputSchema'",
    "add 'outputSchema: FILE.proto#package.Message', a file beside the document",
)
MISSING_KEY_CALL: Final = MISSING_KEY.add_message(
    "a tool needs 'call', 'steps', 'ref', or 'outputParameters' with values of its own",
    "add 'call: namespace.operation', or 'outputParameters' with values",
)
MISSING_KEY_RESOURCE: Final = MISSING_KEY.add_message(
    "the resource '{name}' has no content",
    "add 'call: namespace.operation', or 'location: file:///./FOLDER'",
)
MISSING_KEY_PROMPT: Final = MISSING_KEY.add_message(
    "the prompt '{name}' has no messages",
    "add 'template: [{{role: user, content: …}}]', or 'location: file:///./FILE'",
)
MISSING_KEY_CALL_OF_FUNCTION: Final = MISSING_KEY.add_message(
    "a function needs 'call', 'steps', or 'outputParameters' with values of its own",
    "add 'call: namespace.operation', or 'outputParameters' with values",
)
MISSING_KEY_STEP_TYPE: Final = MISSING_KEY.add_message("the step has no 'type'")
MISSING_KEY_OF_SCRIPT: Final = MISSING_KEY.add_message(
    "the script has no '{key}', and 'management.scripting' no default"
)
MISSING_KEY_SKILL_LOCATION: Final = MISSING_KEY.add_message(
    "the skill '{name}' has an instruction, and no 'location' to find it in",
    "add 'location: file:///…', the folder with SKILL.md",
)
MISSING_KEY_SKILL_TOOL: Final = MISSING_KEY.add_message(
    "the tool '{name}' has neither 'from' nor 'instruction'",
    "add 'from: {{sourceNamespace: …, action: …}}', or the file of an instruction",
)

WRONG_TYPE: Final = define(
    "NK109",
    "wrong-type",
    Severity.ERROR,
    "A value does not have the type that its key requires.",
    "Write a value of the required type.",
    "{part} takes {wanted}, not {kind}",
)
WRONG_TYPE_WITH: Final = WRONG_TYPE.add_message("'{name}' takes text, a number or a boolean")
WRONG_TYPE_TEXT_BODY: Final = WRONG_TYPE.add_message("a body of type '{type}' takes text")
WRONG_TYPE_FORM: Final = WRONG_TYPE.add_message("a form takes a mapping of fields")
WRONG_TYPE_MULTIPART: Final = WRONG_TYPE.add_message(
    "a multipart form takes a list of parts", "write a list of {{name: …, value: …, filename: …, contentType: …}}"
)
WRONG_TYPE_PART: Final = WRONG_TYPE.add_message(
    "a part of a form has a 'name' and a 'value'",
    "write {{name: …, value: …}}, and for a file filename and contentType",
)
WRONG_TYPE_EMPTY: Final = WRONG_TYPE.add_message(
    "{part} takes {wanted}, and has no value", "give it a value, or leave the key out"
)
WRONG_TYPE_DOCUMENT: Final = WRONG_TYPE.add_message(
    "a capability document is a mapping", "start with 'naftiko: 1.0.0-alpha2', 'info:' and 'capability:'"
)

INVALID_VALUE: Final = define(
    "NK110",
    "invalid-value",
    Severity.ERROR,
    "A value has the right type but is not allowed.",
    "Use one of the listed values.",
    "{value} is not allowed for {part}",
)
INVALID_VALUE_KEY: Final = INVALID_VALUE.add_message(
    "the key of '{variable}' cannot be the name of a variable",
    "write the name of the variable that has the value, as in '{variable}: {variable}'",
)
INVALID_VALUE_OWN_HEADER: Final = INVALID_VALUE.add_message("'{name}' is sent by the runtime")
INVALID_VALUE_FIXED: Final = INVALID_VALUE.add_message("the value of '{name}' {problem}")
INVALID_VALUE_BOUNDS: Final = INVALID_VALUE.add_message(
    "'{lower}' {least} is greater than '{upper}' {most}, so no value is allowed", "swap them, or remove one"
)
INVALID_VALUE_ENUM: Final = INVALID_VALUE.add_message(
    "the value '{value}' under 'enum' {problem}", "change the value, or the 'type' of the input"
)
INVALID_VALUE_ENUM_EMPTY: Final = INVALID_VALUE.add_message(
    "'enum' has no values, so no value is allowed", "list the allowed values, or remove it"
)
INVALID_VALUE_OUTPUT: Final = INVALID_VALUE.add_message(
    "'{value}' is not of the type {type}", "change the value or the type"
)
INVALID_VALUE_BODY_KEY: Final = INVALID_VALUE.add_message(
    "the API's key goes in the body, and a {method} has none",
    "write 'placement: header' or 'query' under 'authentication', or another method",
)
INVALID_VALUE_HEADER_NAME: Final = INVALID_VALUE.add_message(
    "'{name}' is not a valid header name", "a name has letters, digits and dashes"
)
INVALID_VALUE_ANY_HEADER: Final = INVALID_VALUE.add_message("'*' names no header", "list the name of each header")
INVALID_VALUE_HIDDEN_HEADER: Final = INVALID_VALUE.add_message(
    "'{name}' is a hop-by-hop header and never reaches callers", "remove it from the list"
)
INVALID_VALUE_ENDPOINT: Final = INVALID_VALUE.add_message(
    "the token endpoint is not an http or https URL", "give a full URL"
)
INVALID_VALUE_ENDPOINT_HOST: Final = INVALID_VALUE.add_message(
    "the token endpoint has a host that is not a valid name", "give a full URL"
)
INVALID_VALUE_URL_OF: Final = INVALID_VALUE.add_message("'{key}' is not an http or https URL", "give a full URL")
INVALID_VALUE_FRAGMENT: Final = INVALID_VALUE.add_message("'{key}' has a fragment", "remove '{fragment}'")
INVALID_VALUE_TOKEN_VALIDATION: Final = INVALID_VALUE.add_message(
    "no way to validate tokens has the name '{value}'", "write 'jwks' or 'introspection'"
)
INVALID_VALUE_ALGORITHM: Final = INVALID_VALUE.add_message(
    "'{value}' is not an algorithm that tokens can be signed with", "use one of {known:'*'}"
)
INVALID_VALUE_CALLERS_CREDENTIAL: Final = INVALID_VALUE.add_message(
    "'{name}' is how callers prove who they are to this server: no API gets it"
)
INVALID_VALUE_GRANT: Final = INVALID_VALUE.add_message("no grant has the name '{value}'", "use one of {known:'*'}")
INVALID_VALUE_SCOPE: Final = INVALID_VALUE.add_message(
    "'{value}' is not a scope", "write each scope as an item of its own, without spaces and quotes"
)
INVALID_VALUE_AUTHENTICATION: Final = INVALID_VALUE.add_message("unknown authentication type '{type}'")
INVALID_VALUE_SIZE: Final = INVALID_VALUE.add_message(
    "'{value}' is not a size", "write a number and B, KiB, MiB or GiB, as in '512KiB'"
)
INVALID_VALUE_MEDIA_TYPE: Final = INVALID_VALUE.add_message(
    "'{value}' is not a media type", "write one as in 'image/png'"
)
INVALID_VALUE_PAGINATION_METHOD: Final = INVALID_VALUE.add_message(
    "only GET can have pagination, not {method}: each page is a request of its own"
)
INVALID_VALUE_PAGINATION_FORMAT: Final = INVALID_VALUE.add_message(
    "only JSON can have pagination, not '{format}'", "write 'outputRawFormat: json', or remove it"
)
INVALID_VALUE_PAGINATION_PATH: Final = INVALID_VALUE.add_message(
    "'{path}' gives a list of all that it finds, and '{key}' is one value", "write a path without '*', '..' and filters"
)
INVALID_VALUE_PAGINATION_INPUT: Final = INVALID_VALUE.add_message(
    "pagination sets the query parameter '{name}', so nothing else can"
)
INVALID_VALUE_PAGINATION_KEY: Final = INVALID_VALUE.add_message(
    "the authentication of the API sets the query parameter '{name}', so pagination cannot"
)
INVALID_VALUE_TTL: Final = INVALID_VALUE.add_message(
    "'ttlMs' is negative", "write 0 or a number of milliseconds, such as 60000"
)
INVALID_VALUE_CACHE_SCOPE: Final = INVALID_VALUE.add_message("unknown cache scope '{value}'")
INVALID_VALUE_TRANSPORT: Final = INVALID_VALUE.add_message("unknown MCP transport '{value}'")
INVALID_VALUE_BINARY_MAPPED: Final = INVALID_VALUE.add_message(
    "a response of format 'binary' cannot be mapped", "use 'mapping: $', or set the format of the response"
)
INVALID_VALUE_SCHEMA: Final = INVALID_VALUE.add_message("invalid 'outputSchema': {problem}")
INVALID_VALUE_SCHEMA_UNREADABLE: Final = INVALID_VALUE.add_message(
    "cannot read the schema: {problem}", "name a file beside the document"
)
INVALID_VALUE_SCHEMA_OUTSIDE: Final = INVALID_VALUE.add_message(
    "a schema must be below the document's folder", "allow it with --allow-import DIR"
)
INVALID_VALUE_STYLE: Final = INVALID_VALUE.add_message(
    "a query parameter cannot have 'style: simple'", "write 'explode: false' for a list that is joined by commas"
)
INVALID_VALUE_JSON_BODY: Final = INVALID_VALUE.add_message(
    "the body is not JSON: {problem}", "write JSON with {{{{name}}}} for values, or a mapping under 'data'"
)
INVALID_VALUE_YAML_BODY: Final = INVALID_VALUE.add_message(
    "the body is not YAML: {problem}", "write YAML with {{{{name}}}} for values"
)
INVALID_VALUE_YAML_KEY: Final = INVALID_VALUE.add_message(
    "a key of a YAML body cannot contain a placeholder", "give the whole mapping as one value"
)
INVALID_VALUE_SPACE_BEFORE: Final = INVALID_VALUE.add_message(
    "the {key} '{text}' has white space before it", "write '{text}'"
)
INVALID_VALUE_SPACE_AFTER: Final = INVALID_VALUE.add_message(
    "the {key} '{text}' has white space at its end", "write '{text}'"
)
INVALID_VALUE_DEFAULT: Final = INVALID_VALUE.add_message(
    "the default of '{name}' {problem}", "correct the default, or leave it out"
)
INVALID_VALUE_CHARACTER: Final = INVALID_VALUE.add_message(
    "'{key}' contains the character U+{code}, which is not allowed in a header"
)
INVALID_VALUE_LANGUAGE: Final = INVALID_VALUE.add_message("unknown script language '{language}'")
INVALID_VALUE_LANGUAGE_FORBIDDEN: Final = INVALID_VALUE.add_message(
    "'allowedLanguages' of the control expose does not list '{language}'", "use another language, or add it there"
)
INVALID_VALUE_SCRIPTING: Final = INVALID_VALUE.add_message("'{key}' of 'management.scripting' takes {wanted}")
INVALID_VALUE_TARGET: Final = INVALID_VALUE.add_message(
    "'{name}' has an empty part", "write names with one dot between them, such as 'route.from'"
)
INVALID_VALUE_SCRIPT_URI: Final = INVALID_VALUE.add_message(
    "'{name}' is not the URI of a folder", "write 'file:///./FOLDER', relative to the folder of this file"
)
INVALID_VALUE_SCRIPT_FOLDER: Final = INVALID_VALUE.add_message("there is no folder '{name}'")
INVALID_VALUE_SCRIPT_PATH: Final = INVALID_VALUE.add_message(
    "'{name}' is not a path in the folder of the scripts", "use letters, digits, '.', '_', '-' and '/', without '..'"
)
INVALID_VALUE_SCRIPT_OUTSIDE: Final = INVALID_VALUE.add_message("'{name}' leads out of the folder of the scripts")
INVALID_VALUE_SCRIPT_MISSING: Final = INVALID_VALUE.add_message("there is no script '{name}' in its folder")
INVALID_VALUE_SCRIPT_KIND: Final = INVALID_VALUE.add_message("the script '{name}' is not a regular file")
INVALID_VALUE_SCRIPT_SIZE: Final = INVALID_VALUE.add_message("the script '{name}' and its dependencies are too large")
INVALID_VALUE_SCRIPT_TEXT: Final = INVALID_VALUE.add_message("the script '{name}' is not UTF-8")
INVALID_VALUE_SCRIPT_UNREADABLE: Final = INVALID_VALUE.add_message("the script '{name}' cannot be read")
INVALID_VALUE_FALLBACK: Final = INVALID_VALUE.add_message("a fallback needs a value or a call, and cannot have both")
INVALID_VALUE_STEP_TYPE: Final = INVALID_VALUE.add_message("unknown step type '{type}'")
INVALID_VALUE_SKILL_TOOL: Final = INVALID_VALUE.add_message(
    "the tool '{name}' has both 'from' and 'instruction'", "keep one of the two"
)
INVALID_VALUE_RESOURCE: Final = INVALID_VALUE.add_message(
    "a resource has either 'location' or '{key}'", "remove one of the two"
)
INVALID_VALUE_PROMPT: Final = INVALID_VALUE.add_message(
    "a prompt has either 'template' or 'location'", "remove one of the two"
)
INVALID_VALUE_CHECKED: Final = INVALID_VALUE.add_message("{part} {problem}")
INVALID_VALUE_RESPONSE: Final = INVALID_VALUE.add_message("the response cannot be sent: {problem}")
INVALID_VALUE_RESPONSE_BODIES: Final = INVALID_VALUE.add_message(
    "a response has one body: 'json', 'text', 'base64' or 'file'"
)
INVALID_VALUE_RESPONSE_HEADER: Final = INVALID_VALUE.add_message("'{name}' is not a valid header name")
INVALID_VALUE_RESPONSE_BASE64: Final = INVALID_VALUE.add_message("'base64' is not base64")
INVALID_VALUE_RESPONSE_FILE: Final = INVALID_VALUE.add_message("cannot read the file '{file}': {problem}")

UNKNOWN_KEY: Final = define(
    "NK111",
    "unknown-key",
    Severity.WARNING,
    "A key is not in the specification. It is ignored.",
    "Remove the key, or move it to its place in the specification.",
    "unknown key '{key}' is ignored",
)

MISSPELT_KEY: Final = define(
    "NK112",
    "misspelt-key",
    Severity.ERROR,
    "A key is a misspelling of a known one, or of another part of the document.",
    "Use the suggested key, or move the key to the suggested place.",
    "unknown key '{key}'",
)
MISSPELT_KEY_AT_ROOT: Final = MISSPELT_KEY.add_message("'{key}' must be below 'capability'")

NOT_SERVED: Final = define(
    "NK113",
    "not-served-yet",
    Severity.ERROR,
    "A part of the specification that this version does not serve yet.",
    "Use the suggestion, or remove the part.",
    "'{key}' is not served yet",
)
NOT_SERVED_EXPOSE: Final = NOT_SERVED.add_message("an expose of type '{type}' is not served yet")
NOT_SERVED_AUTHENTICATION: Final = NOT_SERVED.add_message(
    "an expose with authentication of type '{type}' is not served yet", "use one of {known:'*'}"
)
NOT_SERVED_KEY_PLACEMENT: Final = NOT_SERVED.add_message(
    "an expose with an API key in the {placement} is not served yet", "use 'header' or 'query'"
)
NOT_SERVED_WITHOUT_CALL: Final = NOT_SERVED.add_message(
    "an operation without 'call', 'steps', 'ref' and 'outputParameters' is not served yet",
    "add 'call: namespace.operation', or 'outputParameters' with values",
)
NOT_SERVED_GROOVY: Final = NOT_SERVED.add_message(
    "Groovy scripts are not served: Groovy runs on a Java virtual machine only, and there is no sandbox for it",
    "write the script in JavaScript or Python",
)
NOT_SERVED_SCRIPTS: Final = NOT_SERVED.add_message("'{language}' scripts need a library that is not installed")
NOT_SERVED_LIBRARY: Final = NOT_SERVED.add_message("reading '{format}' needs a library that is not installed")
NOT_SERVED_OUTPUTS: Final = NOT_SERVED.add_message(
    "'outputParameters' of this form is not served yet", "write a list or a map of outputs"
)

NON_STANDARD_KEY: Final = define(
    "NK114",
    "non-standard-key",
    Severity.WARNING,
    "A spelling is not in the specification, but is understood.",
    "Write the specification's spelling.",
    "'{written}' is read as '{meant}'",
    "write '{meant}'",
)
NON_STANDARD_KEY_VERSION: Final = NON_STANDARD_KEY.add_message(
    "version {version} has the key '{meant}', not '{written}'", "write '{meant}: {version}'"
)
NON_STANDARD_KEY_PATH: Final = NON_STANDARD_KEY.add_message("an operation's own 'path' is read", "give it a resource")
NON_STANDARD_KEY_HEADERS: Final = NON_STANDARD_KEY.add_message(
    "'headers' is read as one key for each entry", "write 'key' and 'value'"
)
NON_STANDARD_KEY_PARTS: Final = NON_STANDARD_KEY.add_message(
    "parts as a mapping are read as plain fields", "write a list of {{name: …, value: …}}"
)
NON_STANDARD_KEY_BOUNDARY: Final = NON_STANDARD_KEY.add_message(
    "the runtime sends the content type of a multipart form, with its boundary", "remove it"
)
NON_STANDARD_KEY_ROOT: Final = NON_STANDARD_KEY.add_message(
    "'exposes' at the root is read as the capability's", "write 'capability:'"
)
NON_STANDARD_KEY_MAP: Final = NON_STANDARD_KEY.add_message(
    "'{key}' is read as a list of its entries, each with its key as 'name'", "begin each entry with '- name: …'"
)
NON_STANDARD_KEY_OUTPUT: Final = NON_STANDARD_KEY.add_message(
    "one output is read as a list of one", "begin it with '- '"
)
NON_STANDARD_KEY_PROPERTIES: Final = NON_STANDARD_KEY.add_message(
    "'properties' is read as a mapping of its entries by their names", "write 'name: {{…}}' for each"
)

NON_STANDARD: Final = define(
    "NK115",
    "non-standard",
    Severity.ERROR,
    "With `--strict`: a deviation from the official schema of the file's version.",
    "Write what the specification allows, or validate without `--strict`.",
)
NON_STANDARD_BESIDE: Final = NON_STANDARD.add_message("'{key}' is not allowed beside '{other}'")
NON_STANDARD_EMPTY: Final = NON_STANDARD.add_message("{part} may not be empty")
NON_STANDARD_KEYS: Final = NON_STANDARD.add_message("{part} {needs}")
NON_STANDARD_MISSING: Final = NON_STANDARD.add_message("'{key}' is required here")
NON_STANDARD_NAME: Final = NON_STANDARD.add_message("'{key}' is not a valid name here")
NON_STANDARD_NO_ENTRY: Final = NON_STANDARD.add_message("{part} needs at least one entry")
NON_STANDARD_NO_VALUE: Final = NON_STANDARD.add_message("{part} takes {wanted}, and has no value")
NON_STANDARD_NUMBER: Final = NON_STANDARD.add_message("{part} may not be {value}")
NON_STANDARD_THIS_VALUE: Final = NON_STANDARD.add_message("{part} may not be this value")
NON_STANDARD_TOO_LONG: Final = NON_STANDARD.add_message("{part} is longer than {limit} characters")
NON_STANDARD_TYPE: Final = NON_STANDARD.add_message("{part} takes {wanted}, not {found}")
NON_STANDARD_UNKNOWN: Final = NON_STANDARD.add_message("the specification has no key '{key}' here")
NON_STANDARD_VALUE: Final = NON_STANDARD.add_message("{part} may not be '{value}'")

STRICT_VERSION: Final = define(
    "NK116",
    "strict-version",
    Severity.WARNING,
    "With `--strict`: the official schema of the file's version is not known. Another version's schema was applied.",
    "Write the version of the applied schema, if the file is meant for it.",
    "the official schema of version '{version}' is unknown; that of {applied} is applied",
    "write '{applied}' if the file is meant for it",
)

NO_EFFECT: Final = define(
    "NK117",
    "no-effect",
    Severity.WARNING,
    "A key of the specification has no effect here.",
    "Keep it for other programs. Do not rely on it here.",
    "'{key}' has no effect here",
)
NO_EFFECT_BINARY_SIZE: Final = NO_EFFECT.add_message(
    "'maxBinarySize' has no effect here: the response is not binary", "write 'outputRawFormat: binary' as well"
)
NO_EFFECT_SIGNING_KEY: Final = NO_EFFECT.add_message("'signingKey' has no effect with {method}", "write 'RSA-SHA256'")
NO_EFFECT_PUBLIC: Final = NO_EFFECT.add_message(
    "'cacheScope: public' has no effect here: callers authenticate, so what they get is private", "write 'private'"
)
NO_EFFECT_VALIDATION: Final = NO_EFFECT.add_message(
    "'{key}' has no effect with the validation '{value}'", "remove it, or write another 'tokenValidation'"
)
NO_EFFECT_GRANT: Final = NO_EFFECT.add_message("'{key}' has no effect with the grant '{grant}'")
NO_EFFECT_UPSTREAM: Final = NO_EFFECT.add_message("'{key}' has no effect on a consumed API", "it is for exposes")
NO_EFFECT_BESIDE_CALL: Final = NO_EFFECT.add_message("'steps' has no effect beside 'call'", "remove one of the two")
NO_EFFECT_WITHOUT_STEPS: Final = NO_EFFECT.add_message("'mappings' has no effect without 'steps'")
NO_EFFECT_CONTROL: Final = NO_EFFECT.add_message(
    "the control port of a file is not served yet: only 'management.scripting' has an effect", "start with --control"
)
NO_EFFECT_WITHOUT_LOOP: Final = NO_EFFECT.add_message("'{key}' has no effect without 'forEach'")
NO_EFFECT_STDIO: Final = NO_EFFECT.add_message(
    "'{key}' has no effect with 'transport: stdio'", "remove it, or remove 'transport'"
)
NO_EFFECT_CONSTRAINT: Final = NO_EFFECT.add_message("'{key}' has no effect on {value}")
NO_EFFECT_EXAMPLE: Final = NO_EFFECT.add_message(
    "the example '{value}' {problem}, so nobody is shown it", "correct it, or remove it"
)
NO_EFFECT_STYLE: Final = NO_EFFECT.add_message("'{key}' has no effect on a parameter 'in: {where}'")
NO_EFFECT_PAGINATION: Final = NO_EFFECT.add_message("'{key}' has no effect on pagination of the type '{type}'")
NO_EFFECT_UNNAMED_OUTPUT: Final = NO_EFFECT.add_message(
    "an output without a name is not part of the result",
    "add 'name', or remove the output",
)

OTHER_DOCUMENT: Final = define(
    "NK118",
    "other-document",
    Severity.ERROR,
    "The file is another kind of document: OpenAPI, a Postman collection, a Compose file.",
    "Give a capability file. To expose an API that another document describes, write a capability that consumes it.",
    "this is {kind}, not a capability",
    "name a capability: a file with 'naftiko:' and 'capability:'",
)
