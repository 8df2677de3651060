"""Rules about expressions: NK3xx."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

JSONPATH: Final = define(
    "NK301",
    "invalid-jsonpath",
    Severity.ERROR,
    "A JSONPath is invalid.",
    "Correct the path at the column that is shown.",
    "{problem}",
)
JSONPATH_TEMPLATE: Final = JSONPATH.add_message(
    "a mapping is a JSONPath, and '{written}' is a template", "write '$.{name}'"
)

TEMPLATE: Final = define(
    "NK302",
    "invalid-template",
    Severity.ERROR,
    "A template is invalid.",
    "Write `{{name}}`, with a name.",
    "{problem}",
    "write {{{{NAME}}}}",
)
TEMPLATE_OPEN: Final = TEMPLATE.add_message("the placeholder is not closed", "write {{{{NAME}}}}")
TEMPLATE_WORKFLOW: Final = TEMPLATE.add_message(
    "'{written}' is not a template; write variables without '$'", "write {{{{{name}}}}}"
)
TEMPLATE_SHELL: Final = TEMPLATE.add_message(
    "'{written}' is not a variable; variables have double braces", "write {{{{{name}}}}}"
)

PATH: Final = define(
    "NK303",
    "invalid-path",
    Severity.ERROR,
    "A path cannot be routed or sent.",
    "Begin with `/`, close every brace, and remove queries and fragments.",
    "invalid path: {problem}",
    "write {{name}}",
)
PATH_FRAGMENT: Final = PATH.add_message("a path cannot contain '#'", "write %23")
PATH_RELATIVE: Final = PATH.add_message("a route's path starts with '/'", "write '/{path}'")
PATH_CHARACTER: Final = PATH.add_message(
    "the path of a route cannot contain '?', '#' or white space",
    "declare query parameters under inputParameters, with 'in: query'",
)
PATH_ADJACENT: Final = PATH.add_message(
    "two placeholders have no text between them", "put a '/' or other text between them"
)
PATH_URL: Final = PATH.add_message(
    "a path is not a URL", "write the path alone; the scheme and the host of an API are in its 'baseUri'"
)
PATH_PERCENT: Final = PATH.add_message(
    "a '%' in the path does not begin a percent-encoded character", "write '%25' for a percent sign"
)
PATH_SPACE_BEFORE: Final = PATH.add_message("the path '{text}' has white space before it", "write '{text}'")
PATH_SPACE_AFTER: Final = PATH.add_message("the path '{text}' has white space at its end", "write '{text}'")

PATTERN: Final = define(
    "NK304",
    "invalid-pattern",
    Severity.ERROR,
    "A regular expression is invalid, or cannot be matched in linear time.",
    "Use RE2's syntax, without look-around and back references.",
    "invalid pattern: {problem}",
    "use RE2's syntax, without look-around and back references",
)

UNCHECKED_FORMAT: Final = define(
    "NK313",
    "unchecked-format",
    Severity.INFO,
    "The `format` of an input is not one that is checked. It only describes the input.",
    "Write a format that is checked, such as `date`, or a `pattern`.",
    "the format '{format}' is not checked",
    "write a 'pattern' to check it; the format stays a description",
    since=2,
)

UNMAPPED_PROPERTY: Final = define(
    "NK306",
    "unmapped-property",
    Severity.ERROR,
    "A property of a called operation has neither `mapping` nor `value`. It would show callers the whole response.",
    "Add a `mapping` to the property, or a `value`.",
    "the property '{name}' has no 'mapping', so it would show the whole response",
    "add 'mapping: $.{name}', or give it a 'value'",
)

MAPPING_WITHOUT_CALL: Final = define(
    "NK307",
    "mapping-without-call",
    Severity.ERROR,
    "A `mapping` is in an operation without `call`, `steps` or `ref`, so there is no response to map.",
    "Add a `call`, or write a `value` instead of the mapping.",
    "a 'mapping' without a call has no response to read",
    "add 'call: namespace.operation', or give a 'value' instead of the mapping",
)

AUTHENTICATION_INPUT: Final = define(
    "NK308",
    "authentication-input",
    Severity.WARNING,
    "An input or parameter is for a value that the API's authentication sets. It is not published to callers.",
    "Remove the parameter and the input.",
    "the API's authentication sets '{name}': this parameter has no effect",
    "remove it",
)
AUTHENTICATION_INPUT_OF_FORWARD: Final = AUTHENTICATION_INPUT.add_message(
    "the API's authentication sets '{name}': the callers' own is never forwarded", "remove it from the list"
)
AUTHENTICATION_INPUT_DECLARED: Final = AUTHENTICATION_INPUT.add_message(
    "the API's authentication sets '{name}': it is not an input of callers", "remove it"
)

INDEFINITE_PATH: Final = define(
    "NK309",
    "indefinite-path",
    Severity.WARNING,
    "A JSONPath that gives a list is mapped to an output of another type.",
    "Declare `type: array`, or use `.first()` for one text or number.",
    "this path gives a list, and the output is declared {type}",
    "declare 'type: array', or make the path definite with an index",
)
INDEFINITE_PATH_OF_TEXT: Final = INDEFINITE_PATH.add_message(
    "this path gives a list, and the output is declared {type}",
    "declare 'type: array', or write '{path}.first()' for the first value",
)

FIELD_OF_LIST: Final = define(
    "NK310",
    "field-of-list",
    Severity.WARNING,
    "A JSONPath names a field of a list, so it finds nothing.",
    "Write `[*]` for all items of the list, or an index.",
    "this path names the field '{name}' of a list, and so finds nothing",
    "did you mean '{meant}'?",
)

UNKNOWN_OUTPUT: Final = define(
    "NK314",
    "unknown-output",
    Severity.WARNING,
    "A JSONPath names an output that the step does not have, so it finds nothing.",
    "Use the name of an output, or add it to the `outputParameters` of the consumed operation or of the lookup.",
    "the step '{step}' has no output '{name}', so this finds nothing",
    since=2,
)

SEVERAL_OUTPUTS: Final = define(
    "NK311",
    "several-outputs",
    Severity.WARNING,
    "A call has several named outputs. Its result is not an object of them, but the first that finds something.",
    "Write one output of `type: object`, and the others as its `properties`.",
    "the result is the first of these {count} outputs that finds something, not an object of them",
    "write one output of 'type: object' with these as 'properties'",
)

STEP_IN_OUTPUT: Final = define(
    "NK312",
    "step-in-output",
    Severity.WARNING,
    "The `mapping` of an output names a step, but it reads the result of the steps.",
    "Write the path as the `value` of an entry of `mappings`, and leave the `mapping` of the output out.",
    "this reads the response of the last call, not the step '{step}'",
    "write it under 'mappings': '{{targetName: …, value: {path}}}'",
)
STEP_IN_OUTPUT_MAPPED: Final = STEP_IN_OUTPUT.add_message(
    "this reads the fields of 'mappings', not the step '{step}'",
    "write it under 'mappings': '{{targetName: …, value: {path}}}'",
)

ROOT_PATH: Final = define(
    "NK321",
    "root-path",
    Severity.INFO,
    "A mapping is `$.`, which means `$`. Only `validate --fix` reports it.",
    "Write `$`.",
    "'$.' is read as '$'",
    "write '$'",
)
