"""Expressions: NK3xx."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

JSONPATH: Final = define(
    "NK301",
    "invalid-jsonpath",
    Severity.ERROR,
    "A JSONPath that does not compile.",
    "Correct the path at the column that is named.",
)

TEMPLATE: Final = define(
    "NK302", "invalid-template", Severity.ERROR, "A template that does not parse.", "Write `{{name}}`, with a name."
)

PATH: Final = define(
    "NK303",
    "invalid-path",
    Severity.ERROR,
    "A path that cannot be routed or sent.",
    "Begin with `/`, close every brace, and leave queries and fragments out.",
)

PATTERN: Final = define(
    "NK304",
    "invalid-pattern",
    Severity.ERROR,
    "A regular expression that does not compile, or that could not be matched in linear time.",
    "Write it in RE2's syntax: without look-around and back references.",
)

UNMAPPED_PROPERTY: Final = define(
    "NK306",
    "unmapped-property",
    Severity.ERROR,
    "A property of a called operation without a `mapping` or a `value`; it would show callers the whole response.",
    "Add a `mapping` to the property, or a `value`.",
)

MAPPING_WITHOUT_CALL: Final = define(
    "NK307",
    "mapping-without-call",
    Severity.ERROR,
    "A `mapping` in an operation that has no `call`, `steps` or `ref`; there is no response to read from.",
    "Add a `call`, or write a `value` instead of the mapping.",
)

AUTHENTICATION_INPUT: Final = define(
    "NK308",
    "authentication-input",
    Severity.WARNING,
    "An input or a parameter for what the API's authentication sets; callers are not asked for it.",
    "Remove the parameter and the input.",
    "the API's authentication sets '{name}': this parameter has no effect",
    "remove it",
)
AUTHENTICATION_INPUT_OF_FORWARD: Final = AUTHENTICATION_INPUT.variant(
    "the API's authentication sets '{name}': that of callers never goes along", "remove it from the list"
)
AUTHENTICATION_INPUT_ASKED: Final = AUTHENTICATION_INPUT.variant(
    "the API's authentication sets what '{name}' is for: callers are not asked for it", "remove it"
)

ROOT_PATH: Final = define(
    "NK321",
    "root-path",
    Severity.INFO,
    "A mapping `$.`, which means `$`; only `validate --fix` looks for it.",
    "Write `$`.",
)
