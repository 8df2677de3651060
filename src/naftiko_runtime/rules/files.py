"""Rules about the file, its YAML and its version: NK101 to NK107."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

UNREADABLE: Final = define(
    "NK101",
    "unreadable-file",
    Severity.ERROR,
    "The file cannot be read as UTF-8 text.",
    "Check the name and permissions. Save the file as UTF-8.",
    "cannot read {file}: {problem}",
)
UNREADABLE_ENCODING: Final = UNREADABLE.add_message("the file is not UTF-8 text", "save it as UTF-8")

SYNTAX: Final = define(
    "NK102",
    "yaml-syntax",
    Severity.ERROR,
    "The file is not YAML.",
    "Correct the location shown. Usually it is a quote, a colon or the indentation.",
    "{problem}",
)
SYNTAX_EMPTY: Final = SYNTAX.add_message(
    "the file is empty", "start with 'naftiko: 1.0.0-alpha2', 'info:' and 'capability:'"
)
SYNTAX_ALIAS_INSIDE: Final = SYNTAX.add_message(
    "an alias is inside its own anchor",
    "define its anchor (&name) before it, or quote it if it is text",
)
SYNTAX_ALIAS_UNKNOWN: Final = SYNTAX.add_message(
    "an alias has no anchor", "define its anchor (&name) before it, or quote it if it is text"
)
SYNTAX_CONTROL: Final = SYNTAX.add_message("the character U+{code} is not allowed in YAML", "remove it")
SYNTAX_TAB: Final = SYNTAX.add_message("a tab in the indentation", "indent with spaces")
SYNTAX_CHARACTER: Final = SYNTAX.add_message("plain text cannot start with '{character}'", "quote it")
SYNTAX_COLON: Final = SYNTAX.add_message(
    "': ' does not begin a key here", "quote text with ': ' in it, or align the key"
)
SYNTAX_KEY: Final = SYNTAX.add_message(
    "a line has no ': ' after its key", "write 'key: value', with a space after the colon, or quote text"
)
SYNTAX_LIST: Final = SYNTAX.add_message("a list cannot start here", "begin the list on a line of its own")
SYNTAX_QUOTE: Final = SYNTAX.add_message("a quote is never closed", "close it")
SYNTAX_BRACKETS: Final = SYNTAX.add_message(
    "brackets are never closed, or lack a ','", "separate entries, and close them"
)
SYNTAX_SMART_QUOTE: Final = SYNTAX.add_message(
    "'{character}' is a typographic quote, which does not quote text", "write straight quotes"
)
SYNTAX_UNQUOTED_BRACKET: Final = SYNTAX.add_message("unquoted text ends at '{character}' here", "quote it")
SYNTAX_UNQUOTED_PATH: Final = SYNTAX.add_message("unquoted text ends at '{character}' here", "quote it: {text}")
SYNTAX_INDENTED_DEEPER: Final = SYNTAX.add_message(
    "'{key}' is indented below '{above}', which has a value",
    "check the indentation of this line and the ones above",
)
SYNTAX_CONFLICT: Final = SYNTAX.add_message(
    "a merge conflict is not resolved", "keep one of the two versions, and delete the marker lines"
)
SYNTAX_NO_BREAK_SPACE: Final = SYNTAX.add_message(
    "a no-break space (U+00A0) is in the place of a space", "replace it by an ordinary space"
)

DUPLICATE_KEY: Final = define(
    "NK103",
    "duplicate-key",
    Severity.ERROR,
    "A mapping has the same key twice.",
    "Keep one of the two.",
    "duplicate key '{key}', first on {line}",
    "keep one of the two",
)
DUPLICATE_KEY_ENTRY: Final = DUPLICATE_KEY.add_message(
    "{keys:and '*'} occur twice in one entry of a list, first on {line}", "a '- ' may be missing before '{key}'"
)

TOO_LARGE: Final = define(
    "NK104",
    "document-limit",
    Severity.ERROR,
    "The document exceeds a limit on size, depth, nodes or aliases.",
    "Split the file, or nest it less.",
)
TOO_LARGE_FILE: Final = TOO_LARGE.add_message("the document is larger than {most} bytes")
TOO_LARGE_DEPTH: Final = TOO_LARGE.add_message("nested deeper than {most} levels")
TOO_LARGE_NUMBER: Final = TOO_LARGE.add_message("a number of more than {most} digits", "quote it if it is text")
TOO_LARGE_ALIASES: Final = TOO_LARGE.add_message("more than {most} aliases")
TOO_LARGE_VALUES: Final = TOO_LARGE.add_message("more than {most} values (aliases expanded)")

YAML_FEATURE: Final = define(
    "NK105",
    "yaml-feature",
    Severity.ERROR,
    "The file uses a YAML feature outside the 1.2 core schema: tags, merge keys, several documents.",
    'Write the plain value. Quote templates: `"{{name}}"`.',
)
YAML_FEATURE_DOCUMENT: Final = YAML_FEATURE.add_message(
    "a second document in one file", "put it into a file of its own"
)
YAML_FEATURE_TAG: Final = YAML_FEATURE.add_message("a tag is not supported")
YAML_FEATURE_KEY: Final = YAML_FEATURE.add_message(
    "a mapping or list as a key", 'keys are plain text; quote a template: "{{{{name}}}}"'
)
YAML_FEATURE_MERGE: Final = YAML_FEATURE.add_message(
    "the merge key '<<' is not supported", "repeat the keys; YAML 1.2 has no merge keys"
)

VERSION: Final = define(
    "NK106",
    "spec-version",
    Severity.ERROR,
    "The file has no specification version, or one that does not exist.",
    "Write `naftiko: 1.0.0-alpha2`.",
    "unknown specification version '{version}'",
)

NEWER_VERSION: Final = define(
    "NK107",
    "newer-version",
    Severity.WARNING,
    "The file has a version that is newer than this runtime knows.",
    "Write the version that the file is meant for. Until then it is read as the newest known version.",
    "unknown specification version {version}; it is read as {known}",
    "write the version that the file is meant for: 'naftiko: 1.0.0-alpha2' or 'ikanos: {known}'",
)
