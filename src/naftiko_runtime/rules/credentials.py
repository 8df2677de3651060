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
    "the authentication has no '{key}'",
    "add '{key}: \"{{{{VARIABLE}}}}\"' and bind the variable",
)
EMPTY_CREDENTIAL_OAUTH2: Final = EMPTY_CREDENTIAL.variant(
    "oauth2 needs {missing:'*'} to fetch a token with client credentials",
    "add 'tokenEndpoint', 'clientId' and 'clientSecret', the last as '{{{{VARIABLE}}}}'",
)
EMPTY_CREDENTIAL_OAUTH1: Final = EMPTY_CREDENTIAL.variant(
    "oauth1 needs {missing:'*'} to sign requests",
    "add 'consumerKey', with 'consumerSecret' or 'signingKey', and for a user 'token' and 'tokenSecret'",
)

SECRET_SHOWN: Final = define(
    "NK502",
    "secret-in-answer",
    Severity.ERROR,
    "An output that would show callers a bound variable.",
    "Write a constant or an input there: what is bound comes from outside and may be a secret.",
    "callers would be shown the bound variable '{name}'",
    "write the text itself, or an input",
)

HARD_CODED: Final = define(
    "NK503",
    "hard-coded-credential",
    Severity.WARNING,
    "A secret stands in the file, for everybody who has it.",
    "Bind a variable, and write `{{VARIABLE}}`; then change the secret, for it is known.",
    "'{key}' is a secret that everybody who has the file can read",
    "bind a variable, and write '{{{{VARIABLE}}}}'",
)
HARD_CODED_PARAMETER: Final = HARD_CODED.variant(
    "the value of '{name}' looks like a secret that everybody who has the file can read",
    "bind a variable, and write '{{{{VARIABLE}}}}'",
)

SECRET_AS_NAME: Final = define(
    "NK506",
    "secret-as-name",
    Severity.ERROR,
    "A secret stands where the name of a variable belongs.",
    "Write the name of the variable that holds the secret; then change the secret, for it is known.",
    "the variable in '{key}' looks like a secret, not like a name",
    "write the name of the variable that holds the secret, and replace the secret: others may have read it",
)
SECRET_AS_NAME_KEY: Final = SECRET_AS_NAME.variant(
    "the key of a variable of '{namespace}' looks like a secret, not like a name",
    "write the name of the variable that holds the secret, and replace the secret: others may have read it",
)
SECRET_AS_NAME_VARIABLE: Final = SECRET_AS_NAME.variant(
    "a variable of '{namespace}' looks like a secret, not like a name",
    "write the name of the variable that holds the secret, and replace the secret: others may have read it",
)

INSECURE: Final = define(
    "NK504",
    "insecure-upstream",
    Severity.WARNING,
    "Credentials are sent over plain HTTP to another machine.",
    "Use `https`.",
    "the credentials of '{namespace}' go out unencrypted",
    "use 'https://'",
)

ACTIVE_CONTENT: Final = define(
    "NK505",
    "active-content",
    Severity.WARNING,
    "A description or label with a script in it, which a page or a client that shows it might run.",
    "Write plain text or Markdown.",
    "the {key} holds what a page that shows it might run",
    "write plain text or Markdown",
)
