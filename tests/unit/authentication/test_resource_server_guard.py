"""Which tokens a guard accepts as time passes: keys that rotate, caches that expire, servers that fail."""

from __future__ import annotations

import inspect
import json
import string
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from naftiko_runtime.authentication.authorization_server_client import AuthorizationServer
from naftiko_runtime.authentication.guard import Refusal
from naftiko_runtime.authentication.resource_server_guard import Resource, ResourceServerGuard
from naftiko_runtime.authentication.signing_keys import SigningKeys
from naftiko_runtime.authentication.token_cache import TokenResults
from naftiko_runtime.authentication.token_claims import InvalidTokenError, TokenRules
from naftiko_runtime.authentication.token_validators import Introspector, JwtValidator, list_metadata_urls
from naftiko_runtime.caller_identity import CALLER, Identity
from naftiko_runtime.limits import (
    JWKS_FRESH_SECONDS,
    JWKS_RETRY_SECONDS,
    JWKS_STALE_SECONDS,
    REFUSED_TOKEN_SECONDS,
    REFUSED_TOKENS_MAX,
)
from naftiko_runtime.upstream.stub_response import Stub, StubResponse

if TYPE_CHECKING:
    from naftiko_runtime.upstream.interface import OutboundRequest

ISSUER, RESOURCE, KEYS = "https://auth.example", "https://ships.example/mcp", "https://auth.example/keys"
BEGIN = 1_800_000_000.0
FIRST, SECOND = (ECKey.generate_key("P-256", {"kid": kid}) for kid in ("first", "second"))


class Server:
    """Answers with keys, or with the fields of an introspection; ``answer`` is None while it fails."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.requests: list[OutboundRequest] = []
        self.now = BEGIN

    async def send(self, request: OutboundRequest) -> StubResponse:
        self.requests.append(request)
        body = b"" if self.answer is None else json.dumps(self.answer).encode()
        return StubResponse(Stub(500 if self.answer is None else 200, (), body))

    async def aclose(self) -> None:
        """Close nothing."""

    def publish(self, *keys: ECKey) -> None:
        self.answer = {"keys": [key.as_dict(private=False) for key in keys]}

    async def find_url(self) -> str:
        return KEYS

    def make_guard(self, *, introspects: bool = False, kept_seconds: float = 60) -> ResourceServerGuard:
        rules = TokenRules(ISSUER, RESOURCE)
        server = AuthorizationServer(self, 5, "test")
        resource = Resource(RESOURCE, ISSUER, ("read",), (), ("/mcp",))
        if introspects:
            made = Introspector(server, self.find_url, b"Basic eDp5", rules, kept_seconds)
            return ResourceServerGuard("ships", resource, lambda _: made, lambda: self.now)

        def make_validator(forget: Any) -> JwtValidator:
            return JwtValidator(SigningKeys(server, self.find_url, forget), rules, ("ES256",), "")

        return ResourceServerGuard("ships", resource, make_validator, lambda: self.now)


def sign(key: ECKey = FIRST, **changes: Any) -> str:
    claims = {"iss": ISSUER, "aud": RESOURCE, "sub": "ann", "exp": BEGIN + 100_000, **changes}
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key, ["ES256"])


async def check(guard: ResourceServerGuard, token: str) -> int:
    """The status with which a token is refused; 200 if it is accepted."""
    scope: dict[str, Any] = {"headers": [(b"authorization", b"Bearer " + token.encode("latin-1")), (b"x-a", b"1")]}
    verdict = guard.check(scope)
    refusal = await verdict if inspect.isawaitable(verdict) else verdict
    assert scope["headers"] == [(b"x-a", b"1")]
    if refusal is None:
        caller = scope.get(CALLER)
        assert caller is not None
        assert token not in repr(caller)
        return 200
    assert len(token) < 20 or token not in str(refusal)  # a shorter text may be a word of the message
    return refusal.status


async def test_a_token_that_was_verified_needs_no_server_and_no_waiting() -> None:
    server = Server(None)
    server.publish(FIRST)
    guard, token = server.make_guard(), sign()
    assert await check(guard, token) == 200
    for _ in range(3):
        assert guard.check({"headers": [(b"authorization", f"Bearer {token}".encode())]}) is None
    assert len(server.requests) == 1


@pytest.mark.parametrize("scheme", [b"Basic ", b"Bearer", b"", b"Bearer2 ", b"Digest "])
def test_other_credentials_are_none_and_go_nowhere(scheme: bytes) -> None:
    scope: dict[str, Any] = {"headers": [(b"authorization", scheme + sign().encode()), (b"x-a", b"1")]}
    refusal = Server(None).make_guard().check(scope)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 401
    assert "error=" not in refusal.challenges[0]
    assert scope["headers"] == [(b"x-a", b"1")]


async def test_of_two_tokens_none_is_accepted() -> None:
    server = Server(None)
    server.publish(FIRST)
    guard, token = server.make_guard(), sign()
    assert await check(guard, token) == 200
    pair = (b"authorization", f"Bearer {token}".encode())
    scope: dict[str, Any] = {"headers": [pair, pair]}
    assert isinstance(guard.check(scope), Refusal)
    assert scope["headers"] == []


async def test_a_token_expires_although_it_was_verified() -> None:
    server = Server(None)
    server.publish(FIRST)
    guard, token = server.make_guard(), sign(exp=BEGIN + 100)
    assert await check(guard, token) == 200
    server.now += 131  # with the skew of the clocks
    assert await check(guard, token) == 401


async def test_keys_that_are_gone_end_the_tokens_that_they_signed() -> None:
    server = Server(None)
    server.publish(FIRST)
    guard, token = server.make_guard(), sign()
    assert await check(guard, token) == 200
    server.publish(SECOND)
    assert await check(guard, token) == 200
    server.now += JWKS_FRESH_SECONDS
    assert await check(guard, token) == 401
    assert await check(guard, sign(SECOND)) == 200


async def test_unknown_keys_cause_one_fetch_in_a_while() -> None:
    server = Server(None)
    server.publish(FIRST)
    guard = server.make_guard()
    for _ in range(50):
        assert await check(guard, sign(SECOND)) == 401
    assert len(server.requests) == 2
    server.publish(FIRST, SECOND)
    server.now += JWKS_RETRY_SECONDS
    assert await check(guard, sign(SECOND)) == 200
    assert len(server.requests) == 3


async def test_known_keys_serve_for_a_while_without_their_server() -> None:
    server = Server(None)
    server.publish(FIRST)
    guard, token = server.make_guard(), sign()
    assert await check(guard, token) == 200
    server.answer = None
    server.now += JWKS_FRESH_SECONDS
    for _ in range(5):
        assert await check(guard, token) == 200
    assert len(server.requests) == 2
    server.now = BEGIN + JWKS_STALE_SECONDS
    assert await check(guard, token) == 503
    asked = len(server.requests)
    assert await check(guard, token) == 503
    assert len(server.requests) == asked


@pytest.mark.parametrize("answer", [{}, {"keys": []}, {"keys": [1, {"kty": "oct", "k": "AAAA"}]}, [], "x"])
async def test_a_key_set_without_keys_lets_nobody_in(answer: Any) -> None:
    assert await check(Server(answer).make_guard(), sign()) == 503


async def test_a_key_for_encryption_verifies_nothing() -> None:
    server = Server({"keys": [FIRST.as_dict(private=False) | {"use": "enc"}, SECOND.as_dict(private=False)]})
    assert await check(server.make_guard(), sign()) == 401


async def test_the_result_of_an_introspection_is_kept_for_its_time() -> None:
    active = {"active": True, "aud": RESOURCE, "sub": "ann", "exp": BEGIN + 90}
    server = Server(active)
    guard = server.make_guard(introspects=True)
    assert [await check(guard, "opaque-1") for _ in range(3)] == [200] * 3
    assert len(server.requests) == 1
    server.answer = {"active": False}
    server.now += 60
    assert await check(guard, "opaque-1") == 401
    server.answer = active
    server.now += REFUSED_TOKEN_SECONDS
    assert await check(guard, "opaque-1") == 200
    server.answer = None
    server.now = BEGIN + 91
    assert await check(guard, "opaque-1") == 503


async def test_a_refused_token_is_not_asked_for_again_and_again() -> None:
    server = Server({"active": False})
    guard = server.make_guard(introspects=True)
    assert [await check(guard, token) for token in ("opaque-1", "opaque-1", "opaque-2", "opaque-1")] == [401] * 4
    assert len(server.requests) == 2
    server.answer = {"active": True, "aud": "https://other.example", "sub": "ann"}
    assert [await check(guard, "opaque-3") for _ in range(2)] == [401, 401]
    assert len(server.requests) == 3
    server.answer = {"active": True, "aud": RESOURCE, "sub": "ann"}
    server.now += REFUSED_TOKEN_SECONDS
    assert await check(guard, "opaque-1") == 200


async def test_a_failure_of_the_authorization_server_is_no_refusal() -> None:
    server = Server(None)
    guard = server.make_guard(introspects=True)
    assert await check(guard, "opaque-1") == 503
    server.answer = {"active": True, "aud": RESOURCE, "sub": "ann"}
    assert await check(guard, "opaque-1") == 200


async def test_refused_tokens_take_bounded_memory() -> None:
    server = Server({"active": False})
    guard = server.make_guard(introspects=True)
    for number in range(REFUSED_TOKENS_MAX + 1):
        assert await check(guard, f"o{number}") == 401
    assert await check(guard, f"o{REFUSED_TOKENS_MAX}") == 401
    assert len(server.requests) == REFUSED_TOKENS_MAX + 1
    assert await check(guard, "o0") == 401
    assert len(server.requests) == REFUSED_TOKENS_MAX + 2


async def test_nothing_is_kept_if_the_document_says_so() -> None:
    server = Server({"active": True, "aud": RESOURCE, "sub": "ann"})
    guard = server.make_guard(introspects=True, kept_seconds=0)
    assert [await check(guard, "opaque-1") for _ in range(3)] == [200] * 3
    assert len(server.requests) == 3
    server.answer = {"active": False}
    assert [await check(guard, "opaque-1") for _ in range(2)] == [401, 401]
    assert len(server.requests) == 5


async def test_a_caller_with_too_few_scopes_learns_all_that_it_needs() -> None:
    server = Server(None)
    server.publish(FIRST)
    guard = server.make_guard()
    scope: dict[str, Any] = {"headers": [(b"authorization", f"Bearer {sign(scope='a b')}".encode())]}
    verdict = guard.check(scope)
    assert verdict is not None
    assert not isinstance(verdict, Refusal)
    assert await verdict is None
    assert guard.check_scopes(scope, ("b", "a")) is None
    refusal = guard.check_scopes(scope, ("a", "c"))
    assert refusal is not None
    assert 'scope="a c"' in refusal.challenges[0]
    assert guard.check_scopes({"headers": []}, ("a",)) is not None


def test_the_cache_is_bounded_and_has_no_token() -> None:
    tokens: TokenResults[Identity] = TokenResults(3)
    identity = Identity("i", "s", "", frozenset(), 10.0)
    for number in range(5):
        tokens.add(b"secret-%d" % number, identity, 10.0)
    assert [tokens.find(b"secret-%d" % number, 5.0) for number in range(5)] == [None, None, *[identity] * 3]
    assert tokens.find(b"secret-4", 10.0) is None
    assert len(tokens) == 2
    assert "secret" not in str(vars(tokens))


@pytest.mark.parametrize(
    ("issuer", "urls"),
    [
        ("https://a.example", ["oauth-authorization-server", "openid-configuration"]),
        ("https://a.example/", ["oauth-authorization-server", "openid-configuration"]),
    ],
)
def test_metadata_of_an_issuer_without_a_path(issuer: str, urls: list[str]) -> None:
    assert list_metadata_urls(issuer) == [f"https://a.example/.well-known/{name}" for name in urls]


def test_metadata_of_an_issuer_with_a_path() -> None:
    assert list_metadata_urls("https://a.example/t/1") == [
        "https://a.example/.well-known/oauth-authorization-server/t/1",
        "https://a.example/.well-known/openid-configuration/t/1",
        "https://a.example/t/1/.well-known/openid-configuration",
    ]


@pytest.mark.parametrize("expiry", [float("nan"), float("inf"), True, "1", 10**400])
def test_an_expiry_that_is_no_time_is_refused(expiry: Any) -> None:
    claims = {"iss": ISSUER, "aud": RESOURCE, "sub": "ann", "exp": expiry}
    with pytest.raises(InvalidTokenError):
        TokenRules(ISSUER, RESOURCE).read_identity(claims, BEGIN)


CLAIMS = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5), lambda one: st.lists(one, max_size=3)
)


@given(st.dictionaries(st.sampled_from(["iss", "aud", "exp", "nbf", "iat", "sub", "scope", "client_id"]), CLAIMS))
def test_claims_of_any_type_identify_nobody(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidTokenError):
        TokenRules(ISSUER, RESOURCE).read_identity(claims, BEGIN)


@given(
    st.text(alphabet=string.printable, max_size=60)
    | st.lists(st.binary(max_size=30), min_size=3, max_size=3).map(lambda parts: b".".join(parts).decode("latin-1"))
    | st.tuples(st.integers(0, 300), st.characters(max_codepoint=255)).map(lambda at: _damage(sign(), *at))
)
async def test_a_damaged_token_is_refused(token: str) -> None:
    server = Server(None)
    server.publish(FIRST)
    assert await check(server.make_guard(), token) in (401, 200 if token == sign() else 401)


def _damage(token: str, index: int, letter: str) -> str:
    index %= len(token) - 90  # a letter of the signature may have bits without a meaning
    return f"{token[:index]}{letter if letter != token[index] else '!'}{token[index + 1 :]}"
