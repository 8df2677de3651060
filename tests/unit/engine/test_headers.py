"""The caller's headers that a forward passes to the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.authentication.bearer import BearerCredential
from naftiko_runtime.authentication.digest import DigestCredential
from naftiko_runtime.authentication.oauth1 import OAuth1Credential
from naftiko_runtime.authentication.oauth2 import OAuth2Credential
from naftiko_runtime.diagnostic import Span
from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.engine.request import ForwardBuilder
from naftiko_runtime.plan import Constant, Request, Upstream

if TYPE_CHECKING:
    from naftiko_runtime.authentication.kinds import Credential

US = Constant("us")
CREDENTIALS = [
    BearerCredential(US),
    DigestCredential(US, US),
    OAuth2Credential(Constant("https://api.example/token"), US, US),
    OAuth1Credential(US, US, US, US, "HMAC-SHA1"),
]


def forwarded(credential: Credential | None) -> list[bytes]:
    """The values of ``Authorization`` in what a caller's request becomes, before a flow adds its own."""
    upstream = Upstream("api", "https://api.example", credential, Span("a.yml", 1, 1, 1, 1))
    request = Request(upstream, "api.*", "*", ("https://api.example",), open_query=True, forwards=True)
    call = Invocation(method="GET", caller_headers=[(b"authorization", b"theirs")])
    sent = ForwardBuilder(request, {}, decodes=False).build(call)
    return [value for name, value in sent.headers if name == b"authorization"]


@pytest.mark.parametrize("credential", CREDENTIALS, ids=lambda credential: type(credential).__name__)
def test_a_trusted_authorization_never_takes_the_place_of_the_api_s_own(credential: Credential) -> None:
    assert b"theirs" not in forwarded(credential)


def test_a_trusted_authorization_goes_where_the_api_has_none() -> None:
    assert forwarded(None) == [b"theirs"]
