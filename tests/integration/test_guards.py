"""Every kind of guard over real sockets, for REST and MCP."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from support.caller import call
from support.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

NAMESPACES = ["basic", "bearer", "header-key", "query-key", "digest", "tools"]
SECRETS = {"G_USER": "skipper", "G_PASSWORD": 'p:ä"w', "G_TOKEN": "t0ken", "G_KEY": "k&y"}
PAIR = b64encode(f"{SECRETS['G_USER']}:{SECRETS['G_PASSWORD']}".encode()).decode()
WELCOME = [
    ("basic", "/x", {"authorization": f"Basic {PAIR}"}),
    ("basic", "/x", {"authorization": f"bAsIc  {PAIR}"}),
    ("bearer", "/x", {"authorization": "Bearer t0ken"}),
    ("header-key", "/x", {"x-key": "k&y"}),
    ("query-key", "/x?api%20key=k%26y", {}),
]
REFUSED = [
    ("basic", "/x", {}),
    ("basic", "/nowhere", {}),
    ("basic", "/x", {"authorization": "Basic"}),
    ("basic", "/x", {"authorization": "Basic !"}),
    ("basic", "/x", {"authorization": f"Basic {b64encode(b'skipper:').decode()}"}),
    ("basic", "/x", {"authorization": "Bearer t0ken"}),
    ("bearer", "/x", {"authorization": "Bearer"}),
    ("bearer", "/x", {"authorization": "Bearer t0kenn"}),
    ("bearer", "/x?access_token=t0ken", {}),
    ("header-key", "/x", {"x-key": ""}),
    ("header-key", "/x?X-Key=k%26y", {}),
    ("query-key", "/x?api%20key=", {}),
    ("query-key", "/x?api%20key=k%26y&api%20key=k%26y", {}),
    ("digest", "/x", {"authorization": "Digest username=skipper"}),
]


@pytest.fixture(scope="module")
def guarded(documents: Path, module_upstream: Upstream) -> Iterator[Gateway]:
    arguments = ("--base-uri", f"api={module_upstream.url}")
    with Gateway(documents / "guarded.yaml", NAMESPACES, *arguments, environment=SECRETS) as gateway:
        yield gateway


@pytest.mark.parametrize(("namespace", "target", "headers"), WELCOME)
def test_who_shows_what_is_asked_for_is_let_in(
    guarded: Gateway, api: Upstream, namespace: str, target: str, headers: dict[str, str]
) -> None:
    joined = target + ("&" if "?" in target else "?") + "a=1%2f&b"
    assert call(guarded.urls[namespace], joined, headers=headers).status == 200
    assert api.last.target == "/x?a=1%2f&b"
    assert api.last.header("authorization") is None
    assert api.last.header("x-key") is None


@pytest.mark.parametrize(("namespace", "target", "headers"), REFUSED)
def test_an_unauthenticated_caller_gets_the_challenge(
    guarded: Gateway, api: Upstream, namespace: str, target: str, headers: dict[str, str]
) -> None:
    response = call(guarded.urls[namespace], target, headers=headers)
    assert response.status == 401
    assert response.json["type"] == "urn:naftiko:problem:unauthorized"
    assert f'realm="{namespace}"' in response.headers["www-authenticate"]
    assert not any(secret in str(response) for secret in SECRETS.values())
    assert not api.received


def test_two_authorizations_are_none(guarded: Gateway, api: Upstream) -> None:
    headers = [("authorization", f"Basic {PAIR}")] * 2
    with httpx2.Client() as client:
        assert client.get(f"{guarded.urls['basic']}/x", headers=headers).status_code == 401
    assert not api.received


def test_an_independent_client_authenticates_by_digest(guarded: Gateway, api: Upstream) -> None:
    with httpx2.Client(auth=httpx2.DigestAuth("skipper", SECRETS["G_PASSWORD"])) as client:
        statuses = [client.get(f"{guarded.urls['digest']}/x?n={n}").status_code for n in range(3)]
    assert statuses == [200, 200, 200]
    assert [received.target for received in api.received] == ["/x?n=0", "/x?n=1", "/x?n=2"]
    with httpx2.Client(auth=httpx2.DigestAuth("skipper", "wrong")) as client:
        assert client.get(f"{guarded.urls['digest']}/x").status_code == 401


async def test_tools_are_for_those_with_the_token(guarded: Gateway, api: Upstream) -> None:
    url = guarded.urls["tools"]
    assert call(url, "/mcp", "POST", {"content-type": "application/json"}, b"{}").status == 401
    async with (
        httpx2.AsyncClient(headers={"authorization": "Bearer t0ken"}) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        assert not (await client.call_tool("get", {})).is_error
    assert api.last.header("authorization") is None


def test_an_empty_secret_does_not_start(documents: Path) -> None:
    gateway = Gateway(documents / "guarded.yaml", NAMESPACES, environment=SECRETS | {"G_TOKEN": ""})
    assert gateway.wait() == 1
    assert "'G_TOKEN', which is empty" in gateway.output
