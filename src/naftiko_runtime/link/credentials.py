"""Links the authentication of consumed APIs and of exposes to credentials of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from naftiko_runtime import rules
from naftiko_runtime.authentication.kinds import KIND_NAMES, KINDS, find_kind, get_kind
from naftiko_runtime.authentication.resource_server_setup import check_scopes, report_unlisted_scopes
from naftiko_runtime.link.caller_secrets import link_caller_secrets
from naftiko_runtime.rules import helps
from naftiko_runtime.source.edits import replace_text
from naftiko_runtime.suggest import find_only_near, suggest

if TYPE_CHECKING:
    from naftiko_runtime.authentication.kind import AuthenticationKind
    from naftiko_runtime.authentication.kinds import Authentication, Credential
    from naftiko_runtime.document.exposes import McpResource, Referring
    from naftiko_runtime.document.prompts import McpPrompt
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Operation
    from naftiko_runtime.source import KeyPath

_WORDS_FOR_OAUTH2: Final = ("oauth", "oidc", "openid", "openidconnect", "jwt")


def link_credential(authentication: Authentication | None, context: Context) -> Credential | None:
    """Link the credential for an API; None if it has none, or a refused one."""
    kind = _find_served(authentication, context)
    if authentication is None or kind is None or (credential := kind.link(authentication, context)) is None:
        return None
    return link_caller_secrets(credential, authentication, context)


def link_guard(authentication: Authentication | None, context: Context) -> Credential | None:
    """Link the credential that callers of an expose must send; None if there is none, or a refused one."""
    kind = _find_served(authentication, context)
    if authentication is None or kind is None:
        return None
    if not kind.guards_exposes:
        known = tuple(kind.name for kind in KINDS if kind.guards_exposes)
        context.report(rules.NOT_SERVED_AUTHENTICATION(type=kind.name, known=known), authentication.get_path("type"))
        return None
    return cast("Credential | None", kind.link_guard(authentication, context))


def check_required_scopes(
    exposed: Referring | McpResource | McpPrompt, authentication: Authentication | None, context: Context
) -> None:
    """Report scopes of a part of an expose that nothing checks, or that clients do not know of."""
    kind = None if authentication is None else find_kind(authentication)
    if not exposed.required_scopes or (authentication is not None and kind is None):  # an unknown type is reported
        return
    key_path = exposed.get_path("requiredScopes")
    listed = None if kind is None else kind.list_scopes(authentication)
    if listed is None:
        context.report(rules.UNCHECKED_SCOPE(), key_path, key=True)
        return
    check_scopes(exposed.required_scopes, exposed, "requiredScopes", context)
    report_unlisted_scopes(exposed.required_scopes, listed, key_path, context)


def check_caller_known(
    operation: Operation,
    authentication: Authentication | None,
    key_path: KeyPath,
    context: Context,
    *,
    by_stdio: bool = False,
) -> None:
    """Report APIs that a part of an expose calls in the name of its caller, if the expose knows no callers.

    Only access tokens name a caller, and over standard input there are none.
    """
    kind = None if authentication is None else find_kind(authentication)
    is_unknown = authentication is not None and kind is None  # which is reported
    is_known = not by_stdio and kind is not None and kind.list_scopes(authentication) is not None
    if is_unknown or is_known:
        return
    message = rules.UNKNOWN_CALLER_STDIO if by_stdio else rules.UNKNOWN_CALLER
    for namespace in list_apis_of_callers(operation):
        context.report(message(namespace=namespace), key_path)


def list_apis_of_callers(operation: Operation) -> list[str]:
    """Return the namespaces of the APIs that an operation calls in the name of its caller."""
    return [
        upstream.namespace
        for upstream in operation.execution.upstreams
        if (credential := upstream.credential) is not None and get_kind(credential).needs_caller(credential)
    ]


def is_set_by_authentication(place: str, name: str, credential: Credential | None) -> bool:
    """Return whether a credential sets this field of a request, so that nothing else may."""
    return credential is not None and get_kind(credential).sets_field(credential, place, name)


def _find_served(authentication: Authentication | None, context: Context) -> AuthenticationKind[Any, Any] | None:
    """Find the kind of an authentication; a type that is not served is reported."""
    if authentication is None:
        return None
    if (kind := find_kind(authentication)) is None:
        _report_unknown(authentication, context)
    return kind


def _report_unknown(authentication: Authentication, context: Context) -> None:
    name, key_path = authentication.type, authentication.get_path("type")
    if not name:
        context.report(rules.MISSING_KEY(key="type"), key_path, helps.ADD_AUTHENTICATION_TYPE(known=KIND_NAMES))
    else:
        meant = find_only_near(name, KIND_NAMES)
        fix = replace_text(context.source, key_path, name, meant) if meant else ()
        is_oauth2 = name.lower() in _WORDS_FOR_OAUTH2
        advised = helps.DID_YOU_MEAN(suggestion="oauth2") if is_oauth2 else suggest(name, KIND_NAMES, helps.KNOWN_TYPES)
        context.report(rules.INVALID_VALUE_AUTHENTICATION(type=name), key_path, advised, fix=fix)
