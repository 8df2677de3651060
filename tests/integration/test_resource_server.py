"""Exposes with ``oauth2``: which tokens they accept, over real sockets, with an authorization server on loopback."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.authorization_server import (
    EC,
    ED,
    METADATA_PATH,
    OTHER_RSA,
    RESOURCE,
    RSA,
    AuthorizationServer,
)
from support.caller import Response, call
from support.command import run_naftiko
from support.gateway import Gateway
from support.mcp_messages import MESSAGE, MODERN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.upstream import Upstream

NAMESPACES = ["ships", "tools", "opaque"]
METADATA_URL = "https://ships.example/.well-known/oauth-protected-resource/mcp"


@pytest.fixture(scope="module")
def issuer() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as server:
        yield server


@pytest.fixture(scope="module")
def secured(documents: Path, issuer: AuthorizationServer, module_upstream: Upstream) -> Iterator[Gateway]:
    environment = issuer.make_environment()
    arguments = ("--base-uri", f"api={module_upstream.url}")
    with Gateway(documents / "oauth2.yaml", NAMESPACES, *arguments, environment=environment) as gateway:
        yield gateway


def get(gateway: Gateway, token: str | None, target: str = "/x", method: str = "GET") -> Response:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return call(gateway.urls["ships"], target, method, headers)


def call_tool(
    gateway: Gateway, token: str | None, name: str = "get", *, namespace: str = "tools", modern: bool = False
) -> Response:
    """Call a tool: on the fast path by a modern message, otherwise by one that only the SDK's path takes."""
    headers = dict(MESSAGE) | ({} if token is None else {"authorization": f"Bearer {token}"})
    params: dict[str, Any] = {"name": name, "arguments": {}}
    if modern:
        headers |= {"mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": name}
        meta = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        params["_meta"] = meta
    else:
        params["_meta"] = {"progressToken": 1}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return call(gateway.urls[namespace].removesuffix("/mcp"), "/mcp", "POST", headers, json.dumps(message).encode())


ACCEPTED: dict[str, Callable[[AuthorizationServer], str]] = {
    "rsa": lambda issuer: issuer.sign(),
    "rsa with pss": lambda issuer: issuer.sign(alg="PS256"),
    "elliptic": lambda issuer: issuer.sign(EC, "ES256"),
    "edwards": lambda issuer: issuer.sign(ED, "EdDSA"),
    "no type": lambda issuer: issuer.sign(typ=None),
    "plain type": lambda issuer: issuer.sign(typ="JWT"),
    "long type": lambda issuer: issuer.sign(typ="application/at+jwt"),
    "several audiences": lambda issuer: issuer.sign(aud=["https://other.example", RESOURCE]),
    "list of scopes": lambda issuer: issuer.sign(scope=None, scp=["ships:read", "x"]),
    "within the skew": lambda issuer: issuer.sign(exp=int(time.time()) - 5),
    "client without a user": lambda issuer: issuer.sign(sub=None),
}
REFUSED: dict[str, Callable[[AuthorizationServer], str]] = {
    "empty": lambda _: "",
    "no JWT": lambda _: "no-token-of-ours",
    "five parts": lambda _: "a.b.c.d.e",
    "no JSON": lambda _: "e30.e30.e30",
    "expired": lambda issuer: issuer.sign(exp=int(time.time()) - 60),
    "not valid yet": lambda issuer: issuer.sign(nbf=int(time.time()) + 60),
    "issued in the future": lambda issuer: issuer.sign(iat=int(time.time()) + 60),
    "no expiry": lambda issuer: issuer.sign(exp=None),
    "expiry as text": lambda issuer: issuer.sign(exp="never"),
    "other audience": lambda issuer: issuer.sign(aud="https://ships.example"),
    "other audiences": lambda issuer: issuer.sign(aud=["a", "b"]),
    "no audience": lambda issuer: issuer.sign(aud=None),
    "prefix of the audience": lambda issuer: issuer.sign(aud=f"{RESOURCE}/x"),
    "other issuer": lambda issuer: issuer.sign(iss=f"{issuer.issuer}/"),
    "no issuer": lambda issuer: issuer.sign(iss=None),
    "nobody": lambda issuer: issuer.sign(sub=None, client_id=None),
    "no signature": lambda issuer: issuer.make_unsigned(),
    "shared secret": lambda issuer: issuer.confuse(),
    "other key": lambda issuer: issuer.sign(OTHER_RSA, kid=RSA.kid),
    "unknown key": lambda issuer: issuer.sign(OTHER_RSA),
    "identity token": lambda issuer: issuer.sign(typ="id+jwt"),
    "assertion": lambda issuer: issuer.sign(typ="oauth-id-jag+jwt"),
    "signature cut off": lambda issuer: issuer.sign()[:-3],
    "claims changed": lambda issuer: ".".join(issuer.sign().split(".")[i] for i in (0, 1, 0)),
}


@pytest.mark.parametrize("kind", ACCEPTED)
def test_a_valid_token_is_accepted(secured: Gateway, issuer: AuthorizationServer, api: Upstream, kind: str) -> None:
    token = ACCEPTED[kind](issuer)
    for _ in range(2):
        assert get(secured, token).status == 200
        assert api.last.header("authorization") is None
        assert token not in str(api.received)


@pytest.mark.parametrize("kind", REFUSED)
def test_an_invalid_token_is_refused(secured: Gateway, issuer: AuthorizationServer, api: Upstream, kind: str) -> None:
    token = REFUSED[kind](issuer)
    for response in (get(secured, token), call_tool(secured, token), call_tool(secured, token, modern=True)):
        assert response.status == 401
        challenge = response.headers["www-authenticate"]
        assert challenge.startswith('Bearer error="invalid_token", error_description="')
        assert f'resource_metadata="{METADATA_URL}"' in challenge
        assert not token or token not in str(response)
    assert not api.received
    assert not token or token not in secured.output


def test_without_a_token_the_challenge_names_no_error(secured: Gateway, api: Upstream) -> None:
    expected = f'Bearer scope="ships:read", resource_metadata="{METADATA_URL}"'
    for response in (get(secured, None), call_tool(secured, None), get(secured, None, "/nowhere")):
        assert (response.status, response.headers["www-authenticate"]) == (401, expected)
    assert not api.received


def test_a_token_in_the_query_is_none(secured: Gateway, issuer: AuthorizationServer) -> None:
    assert get(secured, None, f"/x?access_token={issuer.sign()}").status == 401


def test_too_few_scopes_are_named(secured: Gateway, issuer: AuthorizationServer, api: Upstream) -> None:
    nothing, reads = issuer.sign(scope="other"), issuer.sign()
    writes = issuer.sign(scope="ships:write ships:read")
    for response in (get(secured, nothing), call_tool(secured, nothing)):
        assert response.status == 403
        assert 'error="insufficient_scope"' in response.headers["www-authenticate"]
        assert 'scope="ships:read"' in response.headers["www-authenticate"]
    for response in (
        get(secured, reads, method="PUT"),
        call_tool(secured, reads, "put"),
        call_tool(secured, reads, "put", modern=True),
    ):
        assert response.status == 403
        assert 'scope="ships:read ships:write"' in response.headers["www-authenticate"]
        assert f'resource_metadata="{METADATA_URL}"' in response.headers["www-authenticate"]
    assert not api.received
    assert get(secured, writes, method="PUT").status == 200
    assert call_tool(secured, writes, "put").status == 200
    assert call_tool(secured, writes, "put", modern=True).status == 200
    assert [request.method for request in api.received] == ["PUT"] * 3


def test_a_forward_never_passes_the_token_on(secured: Gateway, issuer: AuthorizationServer, api: Upstream) -> None:
    headers = {"authorization": f"Bearer {issuer.sign()}", "x-trace": "1"}
    assert call(secured.urls["ships"], "/forward/x", headers=headers).status == 200
    assert api.last.header("authorization") is None
    assert api.last.header("x-trace") == "1"


@pytest.mark.parametrize("path", ["", "/mcp"])
@pytest.mark.parametrize("namespace", ["ships", "tools"])
def test_everybody_may_read_the_metadata(
    secured: Gateway, issuer: AuthorizationServer, namespace: str, path: str
) -> None:
    url, target = secured.urls[namespace].removesuffix("/mcp"), f"/.well-known/oauth-protected-resource{path}"
    response = call(url, target, headers={"origin": "https://page.example"})
    assert response.json == {
        "resource": RESOURCE,
        "authorization_servers": [issuer.issuer],
        "scopes_supported": ["ships:read", "ships:write"],
        "bearer_methods_supported": ["header"],
    }
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["content-type"] == "application/json"
    assert call(url, target, "HEAD").status == 200
    assert call(url, target, "OPTIONS").headers["access-control-allow-methods"] == "GET, HEAD"
    assert call(url, target, "POST").status == 405


def test_rotated_keys_are_fetched_and_their_tokens_end(
    documents: Path, issuer: AuthorizationServer, upstream: Upstream
) -> None:
    environment = issuer.make_environment()
    arguments = ("--base-uri", f"api={upstream.url}")
    old, new = issuer.sign(), issuer.sign(OTHER_RSA)
    with Gateway(documents / "oauth2.yaml", NAMESPACES, *arguments, environment=environment) as gateway:
        assert get(gateway, old).status == 200
        fetched = issuer.count("/keys")
        issuer.keys = [OTHER_RSA]
        try:
            assert get(gateway, new).status == 200
            assert issuer.count("/keys") == fetched + 1
            assert get(gateway, old).status == 401
            for number in range(20):
                assert get(gateway, issuer.sign(OTHER_RSA, kid=f"k{number}")).status == 401
            assert issuer.count("/keys") == fetched + 1
        finally:
            issuer.keys = [RSA, EC, ED]


def test_without_keys_nobody_is_let_in(documents: Path, issuer: AuthorizationServer, upstream: Upstream) -> None:
    environment = issuer.make_environment()
    arguments = ("--base-uri", f"api={upstream.url}")
    with Gateway(documents / "oauth2.yaml", NAMESPACES, *arguments, environment=environment) as gateway:
        issuer.failing = True
        try:
            response = get(gateway, issuer.sign())
            assert (response.status, response.headers["retry-after"]) == (503, "5")
            assert response.json["type"] == "urn:naftiko:problem:authorization-server-failed"
            assert call_tool(gateway, "opaque", namespace="opaque").status == 503
            gateway.wait_log_line("token not checked", namespace="ships")
        finally:
            issuer.failing = False
        assert not upstream.received


@pytest.mark.parametrize("change", [{"issuer": "https://other.example"}, {"jwks_uri": "file:///keys"}, {"jwks_uri": 1}])
def test_metadata_of_another_issuer_is_not_used(
    documents: Path, issuer: AuthorizationServer, upstream: Upstream, change: dict[str, Any]
) -> None:
    environment = issuer.make_environment()
    arguments = ("--base-uri", f"api={upstream.url}")
    with Gateway(documents / "oauth2.yaml", NAMESPACES, *arguments, environment=environment) as gateway:
        issuer.metadata = change
        try:
            response = get(gateway, issuer.sign())
            assert response.status == 503
            reason = gateway.wait_log_line("token not checked", namespace="ships")["reason"]
            if "issuer" in change:
                assert "it names 'https://other.example', and 'authorizationServerUri' is" in reason
                assert b"other.example" not in response.body
        finally:
            issuer.metadata = {}


def test_the_public_url_makes_the_resource(documents: Path, issuer: AuthorizationServer, upstream: Upstream) -> None:
    environment = issuer.make_environment()
    public = ("--public-url", "https://gate.example/a/", "--public-url", "ships=https://rest.example")
    arguments = ("--base-uri", f"api={upstream.url}", *public)
    with Gateway(documents / "oauth2.yaml", NAMESPACES, *arguments, environment=environment) as gateway:
        assert call_tool(gateway, issuer.sign()).status == 401
        assert call_tool(gateway, issuer.sign(aud="https://gate.example/a/mcp")).status == 200
        assert get(gateway, issuer.sign(aud="https://rest.example")).status == 200
        challenge = call_tool(gateway, None).headers["www-authenticate"]
        assert 'resource_metadata="https://gate.example/.well-known/oauth-protected-resource/a/mcp"' in challenge
        url = gateway.urls["tools"].removesuffix("/mcp")
        for path in ("/a/mcp", "/mcp", "", "/tools/mcp"):
            document = call(url, f"/.well-known/oauth-protected-resource{path}").json
            assert document["resource"] == "https://gate.example/a/mcp"


def test_introspection_says_who_is_let_in(secured: Gateway, issuer: AuthorizationServer, api: Upstream) -> None:
    issuer.active = {
        "good": issuer.make_claims(iss=None),
        "other audience": issuer.make_claims(aud="x"),
        "expired": issuer.make_claims(exp=1),
        "other issuer": issuer.make_claims(iss="x"),
        "no audience": issuer.make_claims(aud=None),
    }
    for token in ("good", "other audience", "expired", "other issuer", "no audience", "unknown"):
        status = call_tool(secured, token, namespace="opaque").status
        assert status == (200 if token == "good" else 401), token
    assert len(api.received) == 1
    assert issuer.count(METADATA_PATH) >= 1
    del issuer.active["good"]
    assert call_tool(secured, "good", namespace="opaque").status == 401


def test_a_sandbox_starts_and_accepts_no_token(documents: Path, issuer: AuthorizationServer) -> None:
    asked = len(issuer.received)
    with Gateway(documents / "oauth2.yaml", NAMESPACES, "--sandbox") as gateway:
        assert get(gateway, None).status == 401
        assert get(gateway, issuer.sign()).status == 503
        assert call_tool(gateway, "opaque", namespace="opaque").status == 503
    assert len(issuer.received) == asked


def test_a_variable_that_is_no_url_ends_the_start(documents: Path, issuer: AuthorizationServer) -> None:
    environment = issuer.make_environment() | {"O_RESOURCE": "ships?token=s3cret"}
    arguments = ["run", str(documents / "oauth2.yaml"), "--host", "127.0.0.1", "--port-offset", "20000"]
    done = run_naftiko(*arguments, environment=environment)
    assert done.returncode == 1
    assert "the authentication of 'ships' cannot be used: the resource is not a URL" in done.stderr
    assert "s3cret" not in done.stderr + done.stdout
