"""Links secrets of each caller: variables whose location has ``{subject}``, in the authentication of an API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.authentication.kinds import get_kind
from naftiko_runtime.authentication.secrets_by_subject import (
    CallerSecrets,
    is_of_callers,
    parse_location,
)
from naftiko_runtime.link.term_substitution import find_variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from naftiko_runtime.authentication.kinds import Authentication, Credential
    from naftiko_runtime.diagnostic import Span
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Server, Term

_VALUES: Final = ("token", "username", "password", "value")
"""The keys of an authentication that can have secrets of callers."""


def link_caller_secrets(credential: Credential, authentication: Authentication, context: Context) -> Credential | None:
    """Return the credential as it is sent: with secrets of each caller, if it has variables of callers.

    None if it cannot be, which is reported.
    """
    bindings = [one for one in context.variables.list_bindings() if is_of_callers(one.location)]
    if not bindings:
        return credential
    used = set(find_variables(credential))
    bindings = [one for one in bindings if one.name in used]
    if not bindings:
        return credential
    context.variables.allow_callers(_list_places(authentication, context))
    key_path = authentication.get_path("type")
    locations = {one.location for one in bindings}
    if not get_kind(credential).sends_only_headers(credential):
        context.report(rules.CALLER_SECRET(name=bindings[0].variable), key_path)
        return None
    if len(locations) > 1:
        context.report(rules.CALLER_SECRET_LOCATIONS(), key_path)
        return None
    found = parse_location(bindings[0].location or "")
    if found is None:  # reported where it is declared
        return None
    keys = tuple((one.name, one.key) for one in bindings)
    access = _link_access(context.find_span(key_path), context)
    return CallerSecrets(credential, *found, keys, *access)


def _link_access(used_at: Span, context: Context) -> tuple[Term, Term, Term]:
    """Return how Vault is reached: the variables of the environment that its other locations read, too."""
    variables = context.variables
    return (
        variables.resolve_environment("VAULT_ADDR", used_at),
        variables.resolve_environment("VAULT_TOKEN", used_at),
        variables.resolve_environment("VAULT_NAMESPACE", used_at, optional=True),
    )


def _list_places(authentication: Authentication, context: Context) -> list[Span]:
    keys = [authentication.get_path(key) for key in _VALUES]
    keys += [authentication.get_path("headers", name) for name in getattr(authentication, "headers", None) or ()]
    return [context.find_span(key_path) for key_path in keys]


def check_caller_variables(context: Context) -> None:
    """Report variables of callers that are used elsewhere than in the authentication of an API."""
    for binding in context.variables.list_bindings():
        if is_of_callers(binding.location):
            for span in context.variables.list_forbidden(binding):
                context.findings.report(rules.CALLER_SECRET(name=binding.variable), span)


def check_one_issuer(servers: Sequence[Server], context: Context) -> None:
    """Report APIs that need a secret of each subject and are called from exposes with different issuers.

    Subjects of different issuers may have the same name.
    """
    issuers: dict[str, Term] = {}
    reported: set[str] = set()
    for server in servers:
        issuer = None if server.guard is None else get_kind(server.guard).find_issuer(server.guard)
        if issuer is None:
            continue
        for name, span in _iter_by_subject(server):
            if issuers.setdefault(name, issuer) != issuer and name not in reported:
                reported.add(name)
                context.findings.report(rules.CALLER_SECRET_ISSUERS(namespace=name), span)


def _iter_by_subject(server: Server) -> Iterator[tuple[str, Span]]:
    """Yield the namespaces and places of the APIs that a server calls with a secret of each subject."""
    for operation in server.operations:
        for upstream in operation.execution.upstreams:
            credential = upstream.credential
            if credential is not None and get_kind(credential).identifies_by_subject(credential):
                yield upstream.namespace, upstream.span
