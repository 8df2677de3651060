"""The access tokens that an expose with ``oauth2`` accepts: linking, and opening its guard."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime import limits, rules
from naftiko_runtime.authentication.authorization_server_client import AuthorizationServer, check_endpoint, encode_pair
from naftiko_runtime.authentication.declared_oauth2 import ALGORITHMS, OAuth2
from naftiko_runtime.authentication.kind import AuthenticationKind
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.public_urls import InvalidPublicUrlError, parse_public_url
from naftiko_runtime.rules import helps, message_clauses
from naftiko_runtime.suggest import find_closest
from naftiko_runtime.terms import Constant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from naftiko_runtime.authentication.guard import Guard, GuardServices
    from naftiko_runtime.authentication.kind import Linker, TextOf
    from naftiko_runtime.authentication.token_claims import TokenRules
    from naftiko_runtime.authentication.token_validators import TokenValidator
    from naftiko_runtime.model.part import Part
    from naftiko_runtime.source import KeyPath
    from naftiko_runtime.terms import Term

_NOWHERE: Final = Constant("https://sandbox.invalid")
"""A URL of a sandbox: it calls no server, so it accepts no token."""
_SCOPE: Final = compile_lazily(r"[!#-\[\]-~]+")
_VALIDATIONS: Final = ("jwks", "introspection")


class AcceptedTokens(Struct, frozen=True):
    """The tokens that callers must send.

    Attributes:
        issuer: The authorization server.
        resource: The URL of the expose, unless the operator gives another.
        audience: What tokens must be for; empty for the resource.
        endpoint: The URL of the keys or of introspection; empty to find it in the metadata of the issuer.
        token_endpoint: The URL at which clients get tokens, for descriptions; empty if it is unknown.
        validation: How tokens are validated.
        scopes: The scopes that clients may ask for.
        required_scopes: The scopes that every call needs.
        algorithms: The accepted algorithms.
        token_type: The type that tokens must have; empty for the usual ones.
        scope_claim: The claim with the scopes; empty for the usual ones.
        client_id: Who asks for introspection.
        client_secret: Its secret.
        cache_seconds: How long the result of an introspection is used.
    """

    issuer: Term
    resource: Term
    audience: Term
    endpoint: Term
    token_endpoint: Term
    validation: Literal["jwks", "introspection"]
    scopes: tuple[str, ...]
    required_scopes: tuple[str, ...]
    algorithms: tuple[str, ...]
    token_type: str
    scope_claim: str
    client_id: Term
    client_secret: Term
    cache_seconds: float

    @property
    def token_url(self) -> str:
        """The URL at which clients get tokens, if it is known without variables; otherwise empty."""
        return str(self.token_endpoint.value) if isinstance(self.token_endpoint, Constant) else ""


class AcceptedTokensKind(AuthenticationKind[OAuth2, AcceptedTokens]):
    """The side of ``oauth2`` towards callers. See :class:`AuthenticationKind`."""

    name = "oauth2"
    part = OAuth2
    guards_exposes = True

    def link(self, part: OAuth2, linker: Linker) -> AcceptedTokens | None:
        if not _check_part(part, linker):
            return None
        introspects = _introspects(part)
        endpoint = ("introspection_endpoint", "introspectionEndpoint") if introspects else ("jwks_uri", "jwksUri")

        def link_text(value: str, key: str) -> Term:
            return linker.link_secret_text(value, part.get_path(key)) if value else Constant("")

        return AcceptedTokens(
            issuer=link_text(part.authorization_server_uri, "authorizationServerUri"),
            resource=link_text(part.resource, "resource"),
            audience=link_text(part.audience, "audience"),
            endpoint=link_text(getattr(part, endpoint[0]), endpoint[1]),
            token_endpoint=link_text(part.token_endpoint, "tokenEndpoint"),
            validation="introspection" if introspects else "jwks",
            scopes=part.scopes,
            required_scopes=part.required_scopes,
            algorithms=part.algorithms or ALGORITHMS,
            token_type=part.token_type,
            scope_claim=part.scope_claim,
            client_id=link_text(part.client_id, "clientId"),
            client_secret=link_text(part.client_secret, "clientSecret"),
            cache_seconds=limits.INTROSPECTION_SECONDS if part.cache_seconds is None else part.cache_seconds,
        )

    def find_issuer(self, credential: AcceptedTokens) -> Term:
        return credential.issuer

    def list_secrets(self, credential: AcceptedTokens) -> Sequence[Term]:
        return (credential.client_secret,)

    def derive_secrets(self, credential: AcceptedTokens, text: TextOf) -> Sequence[str]:
        if credential.validation != "introspection":
            return ()
        return (encode_pair(text(credential.client_id), text(credential.client_secret)),)

    def prepare_sandbox(self, credential: AcceptedTokens) -> AcceptedTokens:
        urls = {name: getattr(credential, name) for name in ("issuer", "resource", "endpoint")}
        unknown = {name: _NOWHERE for name, term in urls.items() if not isinstance(term, Constant)}
        return replace(credential, **unknown)

    def open_guard(self, credential: AcceptedTokens, namespace: str, text: TextOf, services: GuardServices) -> Guard:
        from naftiko_runtime.authentication.resource_server_guard import Resource, ResourceServerGuard  # noqa: PLC0415
        from naftiko_runtime.authentication.token_claims import TokenRules  # noqa: PLC0415 - validate opens no guard

        issuer, own = _read_endpoint(text(credential.issuer)), _read_url(text(credential.resource))
        url = own if services.public_url is None else services.public_url
        resource = Resource(url, issuer, credential.scopes, credential.required_scopes, services.paths)
        token_rules = TokenRules(issuer, text(credential.audience) or url, credential.scope_claim)
        return ResourceServerGuard(
            namespace, resource, partial(_make_validator, credential, token_rules, text, services)
        )

    def list_required_scopes(self, credential: AcceptedTokens) -> Sequence[str]:
        return credential.required_scopes

    def lacks_token_url(self, credential: AcceptedTokens) -> bool:
        return not credential.token_url

    def describe_schemes(self, credential: AcceptedTokens) -> Mapping[str, Mapping[str, Any]]:
        if not credential.token_url:
            return {"oauth2": {"type": "http", "scheme": "bearer", "description": "An OAuth 2 access token."}}
        known = dict.fromkeys((*credential.scopes, *credential.required_scopes), "")
        flow = {"tokenUrl": credential.token_url, "scopes": known}
        return {"oauth2": {"type": "oauth2", "flows": {"clientCredentials": flow}}}


ACCEPTED_TOKENS: Final = AcceptedTokensKind()


def _make_validator(
    credential: AcceptedTokens,
    token_rules: TokenRules,
    text: TextOf,
    services: GuardServices,
    forget_tokens: Callable[[], None],
) -> TokenValidator:
    from naftiko_runtime.authentication.signing_keys import SigningKeys  # noqa: PLC0415 - validate validates no token
    from naftiko_runtime.authentication.token_validators import (  # noqa: PLC0415
        EndpointFinder,
        Introspector,
        JwtValidator,
    )

    server = AuthorizationServer(services.transport, limits.AUTHORIZATION_SERVER_SECONDS, "authorization-server")
    endpoint = _read_endpoint(text(credential.endpoint)) if text(credential.endpoint) else ""
    if credential.validation == "introspection":
        finder = EndpointFinder(server, token_rules.issuer, "introspection_endpoint", endpoint)
        pair = encode_pair(text(credential.client_id), text(credential.client_secret))
        return Introspector(server, finder.find, f"Basic {pair}".encode(), token_rules, credential.cache_seconds)
    finder = EndpointFinder(server, token_rules.issuer, "jwks_uri", endpoint)
    keys = SigningKeys(server, finder.find, forget_tokens)
    return JwtValidator(keys, token_rules, credential.algorithms, credential.token_type)


def _check_part(part: OAuth2, linker: Linker) -> bool:
    """Report the faults of a part on an expose. Return whether there are none."""
    needed = {"authorizationServerUri": part.authorization_server_uri, "resource": part.resource}
    if _introspects(part):
        needed |= {"clientId": part.client_id, "clientSecret": part.client_secret}
    if missing := tuple(key for key, value in needed.items() if not value):
        linker.report(rules.EMPTY_CREDENTIAL_OAUTH2_EXPOSE(missing=missing), part.get_path("type"))
    faults = [bool(missing), _check_choices(part, linker), _check_urls(part, linker), _check_scopes(part, linker)]
    for key, value in _iter_ineffective(part):
        if value:
            linker.report(
                rules.NO_EFFECT_VALIDATION(key=key, value=part.token_validation or "jwks"), part.get_path(key)
            )
    for key, value in {"grant": part.grant, "assertionEndpoint": part.assertion_endpoint}.items():
        if value:
            linker.report(rules.NO_EFFECT(key=key), part.get_path(key))
    return not any(faults)


def _introspects(part: OAuth2) -> bool:
    return part.token_validation == "introspection"  # noqa: S105 - a key of the specification, no secret


def _check_choices(part: OAuth2, linker: Linker) -> bool:
    """Report values that are not among those that are known. Return whether there are any."""
    faulty = False
    if part.token_validation and part.token_validation not in _VALIDATIONS:
        statement = rules.INVALID_VALUE_TOKEN_VALIDATION(value=part.token_validation)
        linker.report(statement, part.get_path("tokenValidation"))
        faulty = True
    for index, algorithm in enumerate(part.algorithms):
        if algorithm not in ALGORITHMS:
            statement = rules.INVALID_VALUE_ALGORITHM(value=algorithm, known=ALGORITHMS)
            linker.report(statement, part.get_path("algorithms", index))
            faulty = True
    return faulty


def _check_urls(part: OAuth2, linker: Linker) -> bool:
    """Report values that are no URLs. Return whether there are any."""
    faulty = False
    for key, value in {
        "authorizationServerUri": part.authorization_server_uri,
        "resource": part.resource,
        "jwksUri": part.jwks_uri,
        "introspectionEndpoint": part.introspection_endpoint,
    }.items():
        if value and "{{" not in value and not _is_url(value, key):
            _, separator, fragment = value.partition("#")
            statement = rules.INVALID_VALUE_FRAGMENT(key=key, fragment=f"#{fragment[:40]}")
            linker.report(statement if separator else rules.INVALID_VALUE_URL_OF(key=key), part.get_path(key))
            faulty = True
    return faulty


def _check_scopes(part: OAuth2, linker: Linker) -> bool:
    """Report what is no scope, and scopes that clients do not know of. Return whether there are faults."""
    faulty = check_scopes(part.scopes, part, "scopes", linker)
    faulty = check_scopes(part.required_scopes, part, "requiredScopes", linker) or faulty
    report_unlisted_scopes(part.required_scopes, part.scopes, part.get_path("requiredScopes"), linker)
    return faulty


def check_scopes(scopes: Sequence[str], part: Part, key: str, linker: Linker) -> bool:
    """Report texts that cannot be scopes (RFC 6749, 3.3). Return whether there are any."""
    faulty = [scope for scope in scopes if not _SCOPE.fullmatch(scope)]
    for scope in faulty:
        linker.report(rules.INVALID_VALUE_SCOPE(value=scope), part.get_path(key))
    return bool(faulty)


def report_unlisted_scopes(needed: Sequence[str], listed: Sequence[str], key_path: KeyPath, linker: Linker) -> None:
    """Report needed scopes that an expose does not list, if it lists any."""
    for scope in needed:
        if listed and scope not in listed:
            close = find_closest(scope, listed)
            advice = helps.DID_YOU_MEAN(suggestion=close) if close else None
            linker.report(rules.UNLISTED_SCOPE(scope=scope), key_path, advice)


def _is_url(value: str, key: str) -> bool:
    try:
        _read_url(value) if key == "resource" else _read_endpoint(value)
    except Unrenderable:
        return False
    return True


def _read_url(text: str) -> str:
    """Return a URL that can be the identifier of a resource.

    Raises:
        Unrenderable: It is none.
    """
    try:
        parse_public_url(text)
    except InvalidPublicUrlError:
        raise Unrenderable(message_clauses.NO_RESOURCE_URL()) from None
    return text


def _read_endpoint(text: str) -> str:
    """Return the URL of an endpoint.

    Raises:
        Unrenderable: It is none.
    """
    if check_endpoint(text) is not None:
        raise Unrenderable(message_clauses.NO_ENDPOINT_URL())
    return text


def _iter_ineffective(part: OAuth2) -> Iterator[tuple[str, object]]:
    """Yield the keys that have no effect on an expose, with their values."""
    if _introspects(part):
        yield from {"jwksUri": part.jwks_uri, "algorithms": part.algorithms, "tokenType": part.token_type}.items()
    else:
        yield "introspectionEndpoint", part.introspection_endpoint
        yield from {"clientId": part.client_id, "clientSecret": part.client_secret}.items()
        yield "cacheSeconds", part.cache_seconds is not None
