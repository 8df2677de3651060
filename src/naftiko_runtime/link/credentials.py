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
from naftiko_runtime.lazy_import import pattern
from naftiko_runtime.link.hosts import encode_host
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
from naftiko_runtime.source.edits import respelt
from naftiko_runtime.suggest import did_you_mean, nearest_only
from naftiko_runtime.template import FRAMING, HEADER_NAME

if TYPE_CHECKING:
    from naftiko_runtime.document.auth import Authentication
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Term
    from naftiko_runtime.source import Steps

_ENDPOINT: Final = pattern(r"https?://[^\s/?#@\\]+(/[^\s#\\]*)?", re.ASCII)


def credential(  # noqa: PLR0911 - one a kind
    authentication: Authentication | None, context: Context
) -> Credential | None:
    """What an authentication sends, or asks for; nothing when there is none, or it was refused."""
    match authentication:
        case None:
            return None
        case Basic():
            username = context.secret_text(authentication.username, authentication.at("username"))
            return BasicCredential(
                username, context.secret_text(authentication.password, authentication.at("password"))
            )
        case Bearer():
            _needed(authentication.token, "token", authentication.at(), context)
            return BearerCredential(context.secret_text(authentication.token, authentication.at("token")))
        case ApiKey():
            return _api_key(authentication, context)
        case Digest():
            username = context.secret_text(authentication.username, authentication.at("username"))
            return DigestCredential(
                username, context.secret_text(authentication.password, authentication.at("password"))
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
            names = [key.value for key, _ in keys if isinstance(key, Constant)]
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
                _needed(getattr(authentication, key), key, authentication.at(), context)
        case OAuth1() | OAuth2():
            message = f"an expose with authentication of type '{authentication.type}' is not served yet"
            advice = "use 'basic', 'bearer', 'apikey' or 'digest'"
            context.complain(rules.NOT_SERVED, message, authentication.at("type"), advice)
            return None
        case ApiKey(placement="body" | "cookie"):
            message = f"an expose whose callers show a key in the {authentication.placement} is not served yet"
            context.complain(rules.NOT_SERVED, message, authentication.at("placement"), "use 'header' or 'query'")
            return None
        case _:
            pass
    return credential(authentication, context)


def _oauth2(authentication: OAuth2, context: Context) -> Credential | None:
    """Client credentials, which the specification has no keys for; see docs/writing.md."""
    needed = {"tokenEndpoint": authentication.token_endpoint, "clientId": authentication.client_id}
    needed["clientSecret"] = authentication.client_secret
    if missing := [key for key, value in needed.items() if not value]:
        message = f"oauth2 needs {', '.join(map(repr, missing))} to fetch a token with client credentials"
        advice = "add 'tokenEndpoint', 'clientId' and 'clientSecret', the last as '{{VARIABLE}}'"
        context.complain(rules.EMPTY_CREDENTIAL, message, authentication.at("type"), advice)
        return None
    endpoint = authentication.token_endpoint
    if "{{" not in endpoint:
        if (fault := endpoint_fault(endpoint)) is not None:
            context.complain(rules.INVALID_VALUE, fault, authentication.at("tokenEndpoint"), "give a full URL")
            return None
        needed["tokenEndpoint"] = encode_host(endpoint)
    terms = [context.secret_text(value, authentication.at(key)) for key, value in needed.items()]
    more = {"scope": " ".join(authentication.scopes), "audience": authentication.audience}
    parameters = tuple(
        (name, context.secret_text(value, authentication.at("type"))) for name, value in more.items() if value
    )
    return ClientCredentials(terms[0], terms[1], terms[2], parameters)


def endpoint_fault(endpoint: str) -> str | None:
    """What is wrong with a token endpoint; nothing when it is one."""
    try:
        endpoint = encode_host(endpoint)
    except ValueError:
        return "the token endpoint has a host that is not a valid name"
    return None if _ENDPOINT.fullmatch(endpoint) else "the token endpoint is no http or https URL"


def _oauth1(authentication: OAuth1, context: Context) -> Credential | None:
    key = authentication.signing_key
    method = authentication.signature_method or ("RSA-SHA256" if key else "HMAC-SHA1")
    with_key = method.startswith("RSA-")
    needed = {"consumerKey": authentication.consumer_key}
    needed |= {"signingKey": key} if with_key else {"consumerSecret": authentication.consumer_secret}
    if key and not with_key:
        message = f"'signingKey' has no effect with {method}"
        context.complain(rules.NO_EFFECT, message, authentication.at("signingKey"), "write 'RSA-SHA256'", key=True)
    if missing := [key for key, value in needed.items() if not value]:
        message = f"oauth1 needs {', '.join(map(repr, missing))} to sign requests"
        advice = "add 'consumerKey', with 'consumerSecret' or 'signingKey', and for a user 'token' and 'tokenSecret'"
        context.complain(rules.EMPTY_CREDENTIAL, message, authentication.at("type"), advice)
        return None

    def term(name: str, value: str) -> Term:
        return context.secret_text(value, authentication.at(name))

    return SigningCredential(
        term("consumerKey", authentication.consumer_key),
        term("consumerSecret", authentication.consumer_secret),
        term("token", authentication.token),
        term("tokenSecret", authentication.token_secret),
        method,
        term("signingKey", key) if with_key else None,
        term("signingKeyPassword", authentication.signing_key_password) if with_key else None,
        str(Path(context.span(authentication.at()).file).parent),
    )


def _api_key(authentication: ApiKey, context: Context) -> Credential:
    if authentication.headers and not authentication.key:
        return _api_keys(authentication, authentication.headers, context)
    for key, value in (("key", authentication.key), ("value", authentication.value)):
        _needed(value, key, authentication.at(), context)
    if authentication.placement in ("header", "cookie") and authentication.key and "{{" not in authentication.key:
        _key_name(authentication.key, authentication.at("key"), context)
    name = context.secret_text(authentication.key, authentication.at("key"))
    secret = context.secret_text(authentication.value, authentication.at("value"))
    return ApiKeyCredential(((name, secret),), authentication.placement)


def _api_keys(authentication: ApiKey, headers: dict[str, str], context: Context) -> Credential:
    """The keys of a ``headers`` mapping."""
    message = "'headers' is read as one key for each entry"
    context.complain(rules.NON_STANDARD_KEY, message, authentication.at("headers"), "write 'key' and 'value'", key=True)
    keys = []
    for name, value in headers.items():
        steps = authentication.at("headers", name)
        _needed(value, name, steps, context)
        _key_name(name, steps, context)
        keys.append((Constant(name), context.secret_text(value, steps)))
    return ApiKeyCredential(tuple(keys), "header")


def _key_name(name: str, steps: Steps, context: Context) -> None:
    """Check the name of a header that takes a key."""
    header_name(name, steps, context)
    if name.lower() in {*FRAMING, "host"}:
        message = f"'{name}' is for the runtime to send"
        context.complain(rules.INVALID_VALUE, message, steps, "name the header that takes the key")


def _needed(value: str, key: str, steps: Steps, context: Context) -> None:
    if not value:
        advice = f"add '{key}: \"{{{{VARIABLE}}}}\"' and bind the variable"
        context.complain(rules.EMPTY_CREDENTIAL, f"the authentication has no '{key}'", steps, advice, key=True)


def _other(authentication: OtherAuthentication, context: Context) -> None:
    kind, steps = authentication.type, authentication.at("type")
    if not kind:
        advice = f"add 'type: …', one of {', '.join(KNOWN_KINDS)}"
        context.complain(rules.MISSING_KEY, "the key 'type' is missing", steps, advice)
    else:
        message = f"there is no authentication of type '{kind}'"
        meant = nearest_only(kind, KNOWN_KINDS)
        fix = respelt(context.source, steps, kind, meant) if meant else ()
        context.complain(rules.INVALID_VALUE, message, steps, did_you_mean(kind, KNOWN_KINDS, "known types"), fix=fix)


def header_name(name: str, steps: Steps, context: Context) -> None:
    """Check a header's name; report one that HTTP does not allow."""
    if HEADER_NAME.fullmatch(name):
        return
    advice = "a name has letters, digits and dashes"
    context.complain(rules.INVALID_VALUE, f"'{name}' is no name of an HTTP header", steps, advice)
