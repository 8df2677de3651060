"""Upstreams with digest authentication, and with tokens from client credentials."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
from mcp import Client

from support.caller import call
from support.gateway import Gateway
from support.upstream import Gate, Reply, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRETS = {"F_USER": 'ski"pper', "F_PASSWORD": "p:äw", "F_SECRET": "s+3/cret"}
BASIC = b64encode(b"ship:s%2B3%2Fcret").decode()
OK = Reply(headers={"content-type": "application/json"}, body=b'{"ok":true}')


class Strict(Upstream):
    """Wants a digest at /d, a fresh token at /t, and gives tokens at /token."""

    def __init__(self) -> None:
        super().__init__()
        self.algorithm = "SHA-256"
        self.nonce = "n1"
        self.accepted: list[str] = []
        self.issued: list[str] = []
        self.valid: set[str] = set()
        self.life: Any = 3600
        self.token_reply: Reply | None = None
        self.gate: Gate | None = None
        self.echo: int | None = None
        """The status with which /t sends back what it got."""

    def _record(self, scope: Any, body: bytes) -> Reply:
        super()._record(scope, body)
        path = scope["path"]
        if path == "/token":
            return self._token()
        authorization = self.last.header("authorization") or ""
        if path == "/d/x":
            return self._digest(authorization)
        if path == "/s/x":
            return self._signature(authorization)
        if self.echo is not None:
            return Reply(
                self.echo, {"etag": f'"{authorization}"', "content-type": "text/plain"}, authorization.encode()
            )
        return OK if authorization.removeprefix("Bearer ") in self.valid else Reply(401)

    def _token(self) -> Reply:
        if self.token_reply is not None:
            return self.token_reply
        self.issued.append(f"t{len(self.issued) + 1}")
        self.valid.add(self.issued[-1])
        body = json.dumps({"access_token": self.issued[-1], "token_type": "Bearer", "expires_in": self.life})
        return Reply(body=body.encode(), before=self.gate.wait if self.gate else None)

    def _signature(self, authorization: str) -> Reply:
        """Check a signature as RFC 5849 has it (3.4), by nothing of ours and nothing of oauthlib's."""
        given = {k: unquote(v) for k, v in re.findall(r'(\w+)="([^"]*)"', authorization)}
        signature = given.pop("oauth_signature", "")
        fields = [*given.items(), *parse_qsl(urlsplit(self.last.target).query, keep_blank_values=True)]
        if self.last.header("content-type") == "application/x-www-form-urlencoded":
            fields += parse_qsl(self.last.body.decode(), keep_blank_values=True)
        pairs = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in fields)
        parts = (self.last.method, f"{self.url}/s/x", "&".join(f"{k}={v}" for k, v in pairs))
        base = "&".join(quote(part, safe="~") for part in parts)
        key = "&".join(quote(SECRETS[name], safe="~") for name in ("F_SECRET", "F_PASSWORD"))
        expected = b64encode(hmac.new(key.encode(), base.encode(), "sha1").digest()).decode()
        return OK if signature == expected and given["oauth_token"] == "tok" else Reply(401)

    def _digest(self, authorization: str) -> Reply:
        """Check a response by RFC 7616, without our own code."""
        given = dict(re.findall(r'(\w+)="?((?:[^",\\]|\\.)*)"?', authorization))
        name = "sha256" if self.algorithm == "SHA-256" else "md5"

        def h(text: str) -> str:
            return hashlib.new(name, text.encode()).hexdigest()

        a1 = h(f"{SECRETS['F_USER']}:a realm:{SECRETS['F_PASSWORD']}")
        a2 = h(f"{self.last.method}:{self.last.target}")
        parts = (given.get(key) for key in ("nonce", "nc", "cnonce", "qop"))
        expected = h(f"{a1}:{':'.join(map(str, parts))}:{a2}")
        if given.get("nonce") == self.nonce and given.get("response") == expected and given["nc"] not in self.accepted:
            self.accepted.append(given["nc"])
            return OK
        stale = ", stale=true" if given else ""
        challenge = f'Digest realm="a realm", nonce="{self.nonce}", qop="auth,auth-int", algorithm={self.algorithm}'
        return Reply(401, {"www-authenticate": challenge + stale})


@pytest.fixture
def strict() -> Iterator[Strict]:
    with Strict() as server:
        yield server


@pytest.fixture
def flows(documents: Path, strict: Strict) -> Iterator[Gateway]:
    uris = (
        part
        for name, path in (("digested", "/d"), ("tokened", "/t"), ("signed", "/s"))
        for part in _uri(name, strict.url + path)
    )
    environment = SECRETS | {"F_ENDPOINT": f"{strict.url}/token"}
    with Gateway(documents / "flows.yaml", ["web", "tools"], *uris, environment=environment) as gateway:
        yield gateway
        assert not any(secret in gateway.output for secret in (*SECRETS.values(), *strict.issued, BASIC))


def _uri(namespace: str, url: str) -> tuple[str, str]:
    return "--base-uri", f"{namespace}={url}"


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
async def test_a_challenge_gets_a_response_and_its_nonce_is_used_again(
    flows: Gateway, strict: Strict, algorithm: str
) -> None:
    strict.algorithm = algorithm
    statuses = [call(flows.urls["web"], f"/digested?n={n}").status for n in range(3)]
    async with Client(flows.urls["tools"]) as client:
        assert not (await client.call_tool("digested", {})).is_error
    assert statuses == [200, 200, 200]
    assert len(strict.received) == 5, "only the first call is challenged"
    assert strict.accepted == ["00000001", "00000002", "00000003", "00000004"]


def test_a_stale_nonce_is_replaced_and_a_body_sent_again(flows: Gateway, strict: Strict) -> None:
    body = b"x" * 300_000
    assert call(flows.urls["web"], "/digested", "PUT", {"content-type": "text/plain"}, body).status == 200
    strict.nonce = "n2"
    strict.accepted.clear()
    assert call(flows.urls["web"], "/digested", "PUT", {"content-type": "text/plain"}, iter([body])).status == 200
    assert [received.body for received in strict.received] == [body] * 4


def test_a_wrong_password_is_the_callers_401(flows: Gateway, strict: Strict) -> None:
    strict.nonce = "n1"
    strict.accepted = [f"{n:08x}" for n in range(1, 20)]  # no response is ever right
    response = call(flows.urls["web"], "/digested")
    assert response.status == 401
    assert "www-authenticate" not in response.headers
    assert len(strict.received) == 2


def test_many_callers_fetch_one_token(flows: Gateway, strict: Strict) -> None:
    strict.gate = Gate()
    with ThreadPoolExecutor(50) as pool:
        calls = [pool.submit(call, flows.urls["web"], "/tokened") for _ in range(50)]
        strict.wait_received(1)
        strict.gate.open()
        assert {one.result().status for one in calls} == {200}
    assert strict.issued == ["t1"]
    asked = strict.received[0]
    assert asked.body == b"grant_type=client_credentials&scope=read+write"
    assert asked.header("authorization") == f"Basic {BASIC}"


def test_a_token_that_is_refused_is_fetched_once_again(flows: Gateway, strict: Strict) -> None:
    assert call(flows.urls["web"], "/tokened").status == 200
    strict.valid.clear()
    assert call(flows.urls["web"], "/tokened").status == 200
    assert strict.issued == ["t1", "t2"]
    strict.token_reply = Reply(body=b'{"access_token": "never right"}')
    strict.valid.clear()
    before = len(strict.received)
    assert call(flows.urls["web"], "/tokened").status == 401
    assert len(strict.received) - before == 3, "call, token, call: no more"


def test_a_streamed_body_is_not_sent_twice(flows: Gateway, strict: Strict) -> None:
    assert call(flows.urls["web"], "/tokened").status == 200
    strict.valid.clear()
    put = ("PUT", {"content-type": "text/plain"}, b"abc")
    assert call(flows.urls["web"], "/tokened", *put).status == 401
    assert call(flows.urls["web"], "/tokened", *put).status == 200
    assert strict.issued == ["t1", "t2"]


def test_a_token_is_renewed_before_it_ends(flows: Gateway, strict: Strict) -> None:
    strict.life = 0.0001
    assert [call(flows.urls["web"], "/tokened").status for _ in range(3)] == [200] * 3
    assert strict.issued == ["t1", "t2", "t3"]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(400, body=b'{"error":"s+3/cret"}'), "the token endpoint responded with status 400"),
        (Reply(body=b"nonsense"), "the token endpoint sent no access token"),
        (Reply(body=b'{"access_token": "a\\nb"}'), "a token that a header cannot hold"),
        (Reply(body=b"{}"), "no access token"),
        (Reply(body=b" " * 70_000), "more than"),
    ],
)
def test_an_endpoint_that_gives_no_token_is_named(flows: Gateway, strict: Strict, reply: Reply, words: str) -> None:
    strict.token_reply = reply
    response = call(flows.urls["web"], "/tokened")
    assert response.status == 502
    assert words in response.json["detail"]
    assert len(strict.received) == 1


async def test_a_token_that_the_api_repeats_is_masked(flows: Gateway, strict: Strict) -> None:
    token = "fetched-0123456789"
    strict.token_reply = Reply(body=json.dumps({"access_token": token}).encode())
    strict.echo = 422
    response = call(flows.urls["web"], "/tokened")
    assert response.headers["etag"] == '"Bearer ***"'
    async with Client(flows.urls["tools"]) as client:
        for name in ("tokened", "mapped"):
            result = await client.call_tool(name, {})
            assert result.is_error
            assert token not in str(result)
            assert "***" in str(result)
        strict.echo = 200
        assert (await client.call_tool("mapped", {})).is_error
    line = flows.wait_log_line("response not decoded")
    assert line["body"] == "Bearer ***"
    assert token not in flows.output


def test_a_sandbox_needs_no_token(documents: Path) -> None:
    with Gateway(documents / "flows.yaml", ["web", "tools"], "--sandbox") as gateway:
        for name in ("digested", "tokened", "signed"):
            assert call(gateway.urls["web"], f"/{name}").status == 200


def test_requests_and_forms_are_signed(flows: Gateway) -> None:
    form = ("PUT", {"content-type": "application/x-www-form-urlencoded"}, b"b=x+y&a=%C3%A4")
    assert call(flows.urls["web"], "/signed").status == 200
    assert call(flows.urls["web"], "/signed?z=1&a=%20b").status == 200
    assert call(flows.urls["web"], "/signed?z=1", *form).status == 200
    assert call(flows.urls["web"], "/signed", "PUT", {"content-type": "text/plain"}, b"x").status == 200
