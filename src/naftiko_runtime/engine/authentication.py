"""Credentials of a plan to what uses them: flows towards upstreams, guards towards callers."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from naftiko_runtime.auth.body_key import BodyKeyFlow
from naftiko_runtime.auth.digest import DigestGuard
from naftiko_runtime.auth.inbound import ApiKeyGuard, BasicGuard, BearerGuard
from naftiko_runtime.auth.oauth1 import SigningFlow, read_private_key
from naftiko_runtime.auth.outbound import ClientCredentialsFlow, DigestFlow
from naftiko_runtime.encode import format_text
from naftiko_runtime.engine.evaluate import evaluate_constant
from naftiko_runtime.plan import (
    ApiKeyCredential,
    BasicCredential,
    BearerCredential,
    ClientCredentials,
    DigestCredential,
    SigningCredential,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.auth.inbound import Guard
    from naftiko_runtime.auth.nonce_cache import NonceCache
    from naftiko_runtime.auth.outbound import Flow
    from naftiko_runtime.plan import Credential, Term
    from naftiko_runtime.secret import Secret


def flow_of(credential: Credential | None, secrets: Mapping[str, Secret]) -> Flow | None:
    """The flow that a credential needs; nothing for one that is a fixed part of every request.

    Raises:
        Unrenderable: A signing key cannot be read.
    """

    def text(term: Term) -> str:
        return format_text(evaluate_constant(term, secrets))

    match credential:
        case ApiKeyCredential(keys, "body"):
            return BodyKeyFlow([(text(key), text(value)) for key, value in keys])
        case None | BasicCredential() | BearerCredential() | ApiKeyCredential():
            return None
        case DigestCredential(username, password):
            return DigestFlow(text(username), text(password))
        case ClientCredentials(endpoint, client_id, client_secret, parameters):
            more = {name: text(term) for name, term in parameters}
            return ClientCredentialsFlow(text(endpoint), text(client_id), text(client_secret), more)
        case SigningCredential(key, secret, token, token_secret, method, signing_key, password):
            private = None
            if signing_key is not None:
                private = read_private_key(text(signing_key), text(password) if password else "", credential.folder)
            return SigningFlow(text(key), text(secret), text(token), text(token_secret), method, private)
        case _:
            assert_never(credential)


def guard_of(
    credential: Credential | None, namespace: str, secrets: Mapping[str, Secret], nonces: NonceCache | None = None
) -> Guard | None:
    """The guard of an expose; nothing for one that anybody may call."""

    def text(term: Term) -> str:
        return format_text(evaluate_constant(term, secrets))

    match credential:
        case None:
            return None
        case BasicCredential(username, password):
            return BasicGuard(namespace, text(username), text(password))
        case DigestCredential(username, password):
            return DigestGuard(namespace, text(username), text(password), nonces=nonces)
        case BearerCredential(token):
            return BearerGuard(namespace, text(token))
        case ApiKeyCredential(keys, placement):
            pairs = [(text(key), text(value)) for key, value in keys]
            return ApiKeyGuard(namespace, pairs, in_query=placement == "query")
        case ClientCredentials() | SigningCredential():
            raise AssertionError("refused when linked")
        case _:
            assert_never(credential)
