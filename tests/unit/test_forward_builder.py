"""Which headers of a forward's caller reach the API."""

from __future__ import annotations

import pytest

from naftiko_runtime.diagnostic import Span
from naftiko_runtime.engine.request import ForwardBuilder, Invocation
from naftiko_runtime.plan import (
    BearerCredential,
    ClientCredentials,
    Constant,
    Credential,
    DigestCredential,
    Request,
    SigningCredential,
    Upstream,
)

US = Constant("us")
CREDENTIALS = [
    BearerCredential(US),
    DigestCredential(US, US),
    ClientCredentials(Constant("https://api.example/token"), US, US),
    SigningCredential(US, US, US, US, "HMAC-SHA1"),
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
