"""Authentication of either side: from the document's description to the plan's credential."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, assert_never

from naftiko_runtime import rules
from naftiko_runtime.document.auth import (
    KNOWN_KINDS,
    ApiKey,
    Basic,
    Bearer,
    Digest,
    OAuth1,
    OAuth2,
    OtherAuthentication,
)
from naftiko_runtime.encode import FRAMING_HEADERS, HEADER_NAME
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.plan import (
    ApiKeyCredential,
    BasicCredential,
    BearerCredential,
    ClientCredentials,
    Constant,
    Credential,
    DigestCredential,
    SigningCredential,
)
from naftiko_runtime.rules import helps
from naftiko_runtime.source.edits import replace_text
from naftiko_runtime.suggest import find_only_near, suggest
from naftiko_runtime.url_hosts import encode_host

if TYPE_CHECKING:
    from naftiko_runtime.document.auth import Authentication
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Term
    from naftiko_runtime.rules import Statement
    from naftiko_runtime.source import Steps

_ENDPOINT: Final = compile_lazily(r"https?://[^\s/?#@\\]+(/[^\s#\\]*)?", re.ASCII)


def credential(  # noqa: PLR0911 - one a kind
    authentication: Authentication | None, context: Context
) -> Credential | None:
    """What an authentication sends, or asks for; nothing when there is none, or it was refused."""
    match authentication:
        case None:
            return None
        case Basic():
            username = context.secret_text(authentication.username, authentication.path_to("username"))
            return BasicCredential(
                username, context.secret_text(authentication.password, authentication.path_to("password"))
            )
        case Bearer():
            _needed(authentication.token, "token", authentication.path_to(), context)
            return BearerCredential(context.secret_text(authentication.token, authentication.path_to("token")))
        case ApiKey():
            return _api_key(authentication, context)
        case Digest():
            username = context.secret_text(authentication.username, authentication.path_to("username"))
            return DigestCredential(
                username, context.secret_text(authentication.password, authentication.path_to("password"))
            )
        case OAuth2():
            return _oauth2(authentication, context)
        case OAuth1():
            return _oauth1(authentication, context)
        case OtherAuthentication():
            _other(authentication, context)
            return None
        case _:
            assert_never(authentication)


def is_sealed(place: str, name: str, credential: Credential | None) -> bool:
    """Whether a credential sets a field of a request, so that nobody else can."""
    match credential:
        case None:
            return False
        case ApiKeyCredential(keys, placement):
            names = [key.value for key, _ in keys if isinstance(key, Constant) and isinstance(key.value, str)]
            if place != placement:
                return False
            return name.lower() in map(str.lower, names) if place == "header" else name in names
        case _:
            return place == "header" and name.lower() == "authorization"


def expected(authentication: Authentication | None, context: Context) -> Credential | None:
    """What callers of an expose have to show; nothing secret may be empty, since that would let anybody in."""
    match authentication:
        case Basic() | Digest():
            for key in ("username", "password"):
                _needed(getattr(authentication, key), key, authentication.path_to(), context)
        case OAuth1() | OAuth2():
            context.report(rules.NOT_SERVED_AUTHENTICATION(type=authentication.type), authentication.path_to("type"))
            return None
        case ApiKey(placement="body" | "cookie"):
            statement = rules.NOT_SERVED_KEY_PLACEMENT(placement=authentication.placement)
            context.report(statement, authentication.path_to("placement"))
            return None
        case _:
            pass
    return credential(authentication, context)


def _oauth2(authentication: OAuth2, context: Context) -> Credential | None:
    """Client credentials, which the specification has no keys for; see docs/writing.md."""
    needed = {"tokenEndpoint": authentication.token_endpoint, "clientId": authentication.client_id}
    needed["clientSecret"] = authentication.client_secret
    if missing := [key for key, value in needed.items() if not value]:
        context.report(rules.EMPTY_CREDENTIAL_OAUTH2(missing=tuple(missing)), authentication.path_to("type"))
        return None
    endpoint = authentication.token_endpoint
    if "{{" not in endpoint:
        if (fault := endpoint_fault(endpoint)) is not None:
            context.report(fault, authentication.path_to("tokenEndpoint"))
            return None
        needed["tokenEndpoint"] = encode_host(endpoint)
    terms = [context.secret_text(value, authentication.path_to(key)) for key, value in needed.items()]
    more = {"scope": " ".join(authentication.scopes), "audience": authentication.audience}
    parameters = tuple(
        (name, context.secret_text(value, authentication.path_to("type"))) for name, value in more.items() if value
    )
    return ClientCredentials(terms[0], terms[1], terms[2], parameters)


def endpoint_fault(endpoint: str) -> Statement | None:
    """What is wrong with a token endpoint; nothing when it is one."""
    try:
        endpoint = encode_host(endpoint)
    except ValueError:
        return rules.INVALID_VALUE_ENDPOINT_HOST()
    return None if _ENDPOINT.fullmatch(endpoint) else rules.INVALID_VALUE_ENDPOINT()


def _oauth1(authentication: OAuth1, context: Context) -> Credential | None:
    key = authentication.signing_key
    method = authentication.signature_method or ("RSA-SHA256" if key else "HMAC-SHA1")
    with_key = method.startswith("RSA-")
    needed = {"consumerKey": authentication.consumer_key}
    needed |= {"signingKey": key} if with_key else {"consumerSecret": authentication.consumer_secret}
    if key and not with_key:
        context.report(rules.NO_EFFECT_SIGNING_KEY(method=method), authentication.path_to("signingKey"), key=True)
    if missing := [key for key, value in needed.items() if not value]:
        context.report(rules.EMPTY_CREDENTIAL_OAUTH1(missing=tuple(missing)), authentication.path_to("type"))
        return None

    def term(name: str, value: str) -> Term:
        return context.secret_text(value, authentication.path_to(name))

    return SigningCredential(
        term("consumerKey", authentication.consumer_key),
        term("consumerSecret", authentication.consumer_secret),
        term("token", authentication.token),
        term("tokenSecret", authentication.token_secret),
        method,
        term("signingKey", key) if with_key else None,
        term("signingKeyPassword", authentication.signing_key_password) if with_key else None,
        str(Path(context.span(authentication.path_to()).file).parent),
    )


def _api_key(authentication: ApiKey, context: Context) -> Credential:
    if authentication.headers and not authentication.key:
        return _api_keys(authentication, authentication.headers, context)
    for key, value in (("key", authentication.key), ("value", authentication.value)):
        _needed(value, key, authentication.path_to(), context)
    if authentication.placement in ("header", "cookie") and authentication.key and "{{" not in authentication.key:
        _key_name(authentication.key, authentication.path_to("key"), context)
    name = context.secret_text(authentication.key, authentication.path_to("key"))
    secret = context.secret_text(authentication.value, authentication.path_to("value"))
    return ApiKeyCredential(((name, secret),), authentication.placement)


def _api_keys(authentication: ApiKey, headers: dict[str, str], context: Context) -> Credential:
    """The keys of a ``headers`` mapping."""
    context.report(rules.NON_STANDARD_KEY_HEADERS(), authentication.path_to("headers"), key=True)
    keys = []
    for name, value in headers.items():
        steps = authentication.path_to("headers", name)
        _needed(value, name, steps, context)
        _key_name(name, steps, context)
        keys.append((Constant(name), context.secret_text(value, steps)))
    return ApiKeyCredential(tuple(keys), "header")


def _key_name(name: str, steps: Steps, context: Context) -> None:
    """Check the name of a header that takes a key."""
    header_name(name, steps, context)
    if name.lower() in {*FRAMING_HEADERS, "host"}:
        context.report(rules.INVALID_VALUE_OWN_HEADER(name=name), steps, helps.NAME_KEY_HEADER())


def _needed(value: str, key: str, steps: Steps, context: Context) -> None:
    if not value:
        context.report(rules.EMPTY_CREDENTIAL(key=key), steps, key=True)


def _other(authentication: OtherAuthentication, context: Context) -> None:
    kind, steps = authentication.type, authentication.path_to("type")
    if not kind:
        advice = helps.ADD_AUTHENTICATION_TYPE(known=tuple(KNOWN_KINDS))
        context.report(rules.MISSING_KEY(key="type"), steps, advice)
    else:
        meant = find_only_near(kind, KNOWN_KINDS)
        fix = replace_text(context.source, steps, kind, meant) if meant else ()
        advised = suggest(kind, KNOWN_KINDS, helps.KNOWN_TYPES)
        context.report(rules.INVALID_VALUE_AUTHENTICATION(type=kind), steps, advised, fix=fix)


def header_name(name: str, steps: Steps, context: Context) -> None:
    """Check a header's name; report one that HTTP does not allow."""
    if HEADER_NAME.fullmatch(name):
        return
    context.report(rules.INVALID_VALUE_HEADER_NAME(name=name), steps)
