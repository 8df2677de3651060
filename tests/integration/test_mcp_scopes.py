"""Resources and prompts that need scopes of the caller's token, in both protocol eras."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.authorization_server import AuthorizationServer
from support.caller import call
from support.gateway import Gateway
from support.mcp_messages import MESSAGE
from support.stdio_program import StdioProgram, make_enveloped, make_request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.caller import Response
    from support.upstream import Upstream

NEEDING = [
    ("resources/read", "uri", "ships://7"),
    ("resources/read", "uri", "fleet://all"),
    ("resources/read", "uri", "docs://guides/write.md"),
    ("prompts/get", "name", "write"),
]
OPEN = [("resources/read", "uri", "fleet://open"), ("prompts/get", "name", "read")]


@pytest.fixture(scope="module")
def issuer() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as server:
        yield server


@pytest.fixture(scope="module", params=["--mcp-fast-path", "--no-mcp-fast-path"])
def url(
    request: pytest.FixtureRequest, documents: Path, issuer: AuthorizationServer, module_upstream: Upstream
) -> Iterator[str]:
    options = ("--base-uri", f"api={module_upstream.url}", request.param)
    environment = issuer.make_environment()
    with Gateway(documents / "mcp-scopes.yaml", ["tools"], *options, environment=environment) as gateway:
        yield gateway.urls["tools"].removesuffix("/mcp")


def send(url: str, token: str, message: Any, name: str, method: str, *, modern: bool) -> Response:
    headers = {**MESSAGE, "authorization": f"Bearer {token}"}
    if modern:
        headers |= {"mcp-protocol-version": "2026-07-28", "mcp-method": method, "mcp-name": name}
    return call(url, "/mcp", "POST", headers, json.dumps(message).encode())


@pytest.mark.parametrize("modern", [False, True])
def test_what_needs_a_scope_is_for_callers_that_have_it(
    url: str, issuer: AuthorizationServer, api: Upstream, modern: bool
) -> None:
    make = make_enveloped if modern else make_request
    reads, writes = issuer.sign(), issuer.sign(scope="ships:read ships:write")
    for method, key, name in NEEDING:
        message = make(1, method, **{key: name})
        refused = send(url, reads, message, name, method, modern=modern)
        assert refused.status == 403, name
        assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
        assert 'scope="ships:read ships:write"' in refused.headers["www-authenticate"]
        assert not api.received
        allowed = send(url, writes, message, name, method, modern=modern)
        assert allowed.status == 200
        assert "result" in allowed.json, allowed.json
        api.reset()
    for method, key, name in OPEN:
        assert "result" in send(url, reads, make(1, method, **{key: name}), name, method, modern=modern).json


def test_an_unknown_name_and_another_value_need_nothing_more(url: str, issuer: AuthorizationServer) -> None:
    for name in ("unknown", 7, None, ["write"]):
        message = make_request(1, "prompts/get", name=name)
        assert send(url, issuer.sign(), message, "", "prompts/get", modern=False).status != 403


def test_a_batch_is_refused_as_a_whole(url: str, issuer: AuthorizationServer, api: Upstream) -> None:
    batch = [make_request(1, "prompts/get", name="read"), make_request(2, "resources/read", uri="ships://7")]
    assert send(url, issuer.sign(), batch, "", "", modern=False).status == 403
    assert not api.received


def test_who_starts_the_process_may_read_all(documents: Path, issuer: AuthorizationServer, api: Upstream) -> None:
    options = ("--stdio", "--base-uri", f"api={api.url}")
    file = str(documents / "mcp-scopes.yaml")
    with StdioProgram(file, *options, environment=issuer.make_environment()) as program:
        for number, (method, key, name) in enumerate(NEEDING):
            assert "result" in program.ask(make_request(number, method, **{key: name}))
