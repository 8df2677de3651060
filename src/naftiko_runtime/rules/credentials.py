"""Credentials: NK5xx."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

EMPTY_CREDENTIAL: Final = define(
    "NK501",
    "empty-credential",
    Severity.ERROR,
    "An authentication without the value it needs.",
    "Give the value as `{{VARIABLE}}` and bind the variable.",
)

SECRET_SHOWN: Final = define(
    "NK502",
    "secret-in-answer",
    Severity.ERROR,
    "An output that would show callers a bound variable.",
    "Write a constant or an input there: what is bound comes from outside and may be a secret.",
)

HARD_CODED: Final = define(
    "NK503",
    "hard-coded-credential",
    Severity.WARNING,
    "A secret stands in the file, for everybody who has it.",
    "Bind a variable, and write `{{VARIABLE}}`; then change the secret, for it is known.",
)

SECRET_AS_NAME: Final = define(
    "NK506",
    "secret-as-name",
    Severity.ERROR,
    "A secret stands where the name of a variable belongs.",
    "Write the name of the variable that holds the secret; then change the secret, for it is known.",
)

INSECURE: Final = define(
    "NK504",
    "insecure-upstream",
    Severity.WARNING,
    "Credentials are sent over plain HTTP to another machine.",
    "Use `https`.",
)

ACTIVE_CONTENT: Final = define(
    "NK505",
    "active-content",
    Severity.WARNING,
    "A description or label with a script in it, which a page or a client that shows it might run.",
    "Write plain text or Markdown.",
)
