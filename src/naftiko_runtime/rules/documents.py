"""The document itself: NK1xx."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

UNREADABLE: Final = define(
    "NK101",
    "unreadable-file",
    Severity.ERROR,
    "The file cannot be read as UTF-8 text.",
    "Check name and permissions; save the file as UTF-8.",
)

SYNTAX: Final = define(
    "NK102",
    "yaml-syntax",
    Severity.ERROR,
    "The file is not YAML.",
    "Correct the place shown; most often a quote, a colon or the indentation.",
)

DUPLICATE_KEY: Final = define(
    "NK103",
    "duplicate-key",
    Severity.ERROR,
    "A mapping has the same key twice.",
    "Keep one of the two; neither wins silently.",
)

TOO_LARGE: Final = define(
    "NK104",
    "document-limit",
    Severity.ERROR,
    "The document exceeds a limit on size, depth, nodes or aliases.",
    "Split the file, or nest it less.",
)

YAML_FEATURE: Final = define(
    "NK105",
    "yaml-feature",
    Severity.ERROR,
    "A YAML feature outside the 1.2 core: tags, merge keys, several documents.",
    'Write the plain value out; quote templates: `"{{name}}"`.',
)

VERSION: Final = define(
    "NK106",
    "spec-version",
    Severity.ERROR,
    "The file names no specification version, or none that exists.",
    "Write `naftiko: 1.0.0-alpha2`.",
)

NEWER_VERSION: Final = define(
    "NK107",
    "newer-version",
    Severity.WARNING,
    "The file names a version newer than this runtime knows.",
    "Write the version the file is meant for; until then it is read as the newest one known.",
)

MISSING_KEY: Final = define(
    "NK108", "missing-key", Severity.ERROR, "A required key is absent.", "Add the key at the place shown."
)
MISSING_KEY_LOCATION: Final = MISSING_KEY.variant("an import needs 'location', a file")

WRONG_TYPE: Final = define(
    "NK109",
    "wrong-type",
    Severity.ERROR,
    "A value is not of the kind its key takes.",
    "Write a value of the kind that is named.",
)

INVALID_VALUE: Final = define(
    "NK110",
    "invalid-value",
    Severity.ERROR,
    "A value is of the right kind but not allowed.",
    "Use one of the values that are listed.",
)
INVALID_VALUE_OWN_HEADER: Final = INVALID_VALUE.variant("'{name}' is for the runtime to send")

UNKNOWN_KEY: Final = define(
    "NK111",
    "unknown-key",
    Severity.WARNING,
    "A key that the specification does not have; it is ignored.",
    "Remove the key, or move it to where the specification has it.",
)

MISSPELT_KEY: Final = define(
    "NK112", "misspelt-key", Severity.ERROR, "A key that is nearly a known one.", "Write the key that is suggested."
)

NOT_SERVED: Final = define(
    "NK113",
    "not-served-yet",
    Severity.ERROR,
    "A part of the specification that this version does not serve yet.",
    "Use what is suggested instead, or leave the part out.",
)

NON_STANDARD_KEY: Final = define(
    "NK114",
    "non-standard-key",
    Severity.WARNING,
    "A spelling outside the specification that is given its meaning.",
    "Write the specification's spelling.",
)

NON_STANDARD: Final = define(
    "NK115",
    "non-standard",
    Severity.ERROR,
    "Under `--strict`: a departure from the official schema of the file's version.",
    "Write what the specification takes there, or check without `--strict`.",
)

STRICT_VERSION: Final = define(
    "NK116",
    "strict-version",
    Severity.WARNING,
    "Under `--strict`: the official schema of the file's version is not known here; another version's was applied.",
    "Write the version whose rules were applied, if the file is meant for it.",
)

NO_EFFECT: Final = define(
    "NK117",
    "no-effect",
    Severity.WARNING,
    "A key of the specification that changes nothing here.",
    "Leave it for those who read the file otherwise; do not count on it here.",
)

OTHER_DOCUMENT: Final = define(
    "NK118",
    "other-document",
    Severity.ERROR,
    "The file is a document of another kind: an OpenAPI document, a Postman collection, a Compose file.",
    "Name a capability file; to offer an API that another document describes, write a capability that consumes it.",
)
