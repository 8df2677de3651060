"""Rules about credentials: NK5xx."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

EMPTY_CREDENTIAL: Final = define(
    "NK501",
    "empty-credential",
    Severity.ERROR,
    "A required value of an authentication is missing.",
    "Write `{{VARIABLE}}` and bind the variable.",
    "the authentication has no '{key}'",
    "add '{key}: \"{{{{VARIABLE}}}}\"' and bind the variable",
)
EMPTY_CREDENTIAL_OAUTH2: Final = EMPTY_CREDENTIAL.add_message(
    "oauth2 needs {missing:'*'} to get a token",
    "add 'tokenEndpoint', 'clientId' and 'clientSecret', the last as '{{{{VARIABLE}}}}'",
)
EMPTY_CREDENTIAL_ASSERTION: Final = EMPTY_CREDENTIAL.add_message(
    "the grant 'jwt-bearer' needs {missing:'*'} to get an assertion",
    "add 'assertionEndpoint', the token endpoint of the identity provider, 'assertionAudience', the issuer of the "
    "tokens, and 'assertionClientId' with 'assertionClientSecret'",
)
EMPTY_CREDENTIAL_OAUTH2_EXPOSE: Final = EMPTY_CREDENTIAL.add_message(
    "oauth2 on an expose needs {missing:'*'} to check the tokens of callers",
    "add 'authorizationServerUri', the issuer, and 'resource', the URL of the expose; for introspection also "
    "'clientId' and 'clientSecret'",
)
EMPTY_CREDENTIAL_OAUTH1: Final = EMPTY_CREDENTIAL.add_message(
    "oauth1 needs {missing:'*'} to sign requests",
    "add 'consumerKey', with 'consumerSecret' or 'signingKey', and for a user 'token' and 'tokenSecret'",
)

SECRET_SHOWN: Final = define(
    "NK502",
    "secret-in-answer",
    Severity.ERROR,
    "An output would show a bound variable to callers.",
    "Use a constant or an input instead.",
    "callers would see the bound variable '{name}'",
    "write the text itself, or an input",
)

HARD_CODED: Final = define(
    "NK503",
    "hard-coded-credential",
    Severity.WARNING,
    "The file contains a secret.",
    "Bind a variable, write `{{VARIABLE}}`, and revoke the secret.",
    "'{key}' is a hard-coded secret",
    "bind a variable, and write '{{{{VARIABLE}}}}'",
)
HARD_CODED_PARAMETER: Final = HARD_CODED.add_message(
    "the value of '{name}' looks like a hard-coded secret",
    "bind a variable, and write '{{{{VARIABLE}}}}'",
)

SECRET_AS_NAME: Final = define(
    "NK506",
    "secret-as-name",
    Severity.ERROR,
    "A secret is in the place of a variable's name.",
    "Write the name of the variable that has the secret, and revoke the secret.",
    "the variable in '{key}' looks like a secret, not like a name",
    "write the name of the variable that has the secret, and revoke the secret",
)
SECRET_AS_NAME_KEY: Final = SECRET_AS_NAME.add_message(
    "the key of a variable of '{namespace}' looks like a secret, not like a name",
    "write the name of the variable that has the secret, and revoke the secret",
)
SECRET_AS_NAME_VARIABLE: Final = SECRET_AS_NAME.add_message(
    "a variable of '{namespace}' looks like a secret, not like a name",
    "write the name of the variable that has the secret, and revoke the secret",
)

INSECURE: Final = define(
    "NK504",
    "insecure-upstream",
    Severity.WARNING,
    "Credentials, or the keys that check them, are sent over plain HTTP to another machine.",
    "Use `https`.",
    "the credentials of '{namespace}' are sent unencrypted",
    "use 'https://'",
)
INSECURE_ENDPOINT: Final = INSECURE.add_message(
    "'{key}' is plain HTTP: others can read or replace what is sent", "use 'https://'"
)

ACTIVE_CONTENT: Final = define(
    "NK505",
    "active-content",
    Severity.WARNING,
    "A description or label contains a script, which a page or client that shows it could run.",
    "Write plain text or Markdown.",
    "the {key} contains a script that a page could run",
    "write plain text or Markdown",
)

UNCHECKED_SCOPE: Final = define(
    "NK507",
    "unchecked-scope",
    Severity.ERROR,
    "A part of an expose needs scopes, but the expose does not have OAuth 2: nothing would check them.",
    "Add `authentication` of the type `oauth2` to the expose, or remove `requiredScopes`.",
    "nothing checks these scopes: the expose has no authentication of the type 'oauth2'",
    "add it to the expose, or remove 'requiredScopes'",
)

UNLISTED_SCOPE: Final = define(
    "NK508",
    "unlisted-scope",
    Severity.WARNING,
    "A call needs a scope that the expose does not list under `scopes`. Clients may not ask for it.",
    "Add it to `scopes`.",
    "'scopes' does not list '{scope}', which is needed here",
    "add it to 'scopes' of the expose's authentication",
)

UNKNOWN_CALLER: Final = define(
    "NK509",
    "unknown-caller",
    Severity.ERROR,
    "An API is called in the name of the caller, but the expose does not know who calls.",
    "Add `authentication` of the type `oauth2` to the expose, or let the API be called by the server itself.",
    "'{namespace}' is called in the name of the caller, and the expose knows no callers",
    "add authentication of the type 'oauth2' to the expose, or write 'grant: client-credentials' at the API",
)
UNKNOWN_CALLER_STDIO: Final = UNKNOWN_CALLER.add_message(
    "'{namespace}' is called in the name of the caller, and over stdio nobody is authenticated",
    "serve the expose over HTTP with authentication of the type 'oauth2', or let the server call the API with a secret "
    "of its own, as with 'grant: client-credentials'",
)

CALLER_SECRET: Final = define(
    "NK510",
    "caller-secret",
    Severity.ERROR,
    "A variable whose location has `{subject}` has a value for each caller, and is used where it cannot have one.",
    "Use it in the `authentication` of an API, of the type `bearer`, `basic`, or `apikey` in a header.",
    "'{name}' has a value for each caller, which can only be in the authentication of an API: in 'bearer', 'basic', or "
    "'apikey' in a header",
    "use it there, or give the bind a 'location' without '{{subject}}'",
    since=2,
)
CALLER_SECRET_LOCATION: Final = CALLER_SECRET.add_message(
    "'{{subject}}' must be one whole segment of a path of Vault",
    "write 'vault://mount/path/{{subject}}'",
)
CALLER_SECRET_LOCATIONS: Final = CALLER_SECRET.add_message(
    "the secrets of a caller for one API are at several locations",
    "put them under one path, as several keys",
)
CALLER_SECRET_ISSUERS: Final = CALLER_SECRET.add_message(
    "'{namespace}' gets a secret of each subject, and is called from exposes with different issuers, whose subjects "
    "may have the same names",
    "call it from exposes with one 'authorizationServerUri' only",
)
