"""APIs that are called in the name of each caller, over real sockets."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest

from support.authorization_server import URN, AuthorizationServer
from support.caller import call
from support.gateway import Gateway
from support.mcp_messages import MESSAGE
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream


@pytest.fixture(scope="module")
def issuer() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as server:
        yield server


@pytest.fixture(scope="module")
def ships(documents: Path, issuer: AuthorizationServer, module_upstream: Upstream) -> Iterator[Gateway]:
    bases = (f"{namespace}={module_upstream.url}" for namespace in ("api", "exchanged", "asserted"))
    arguments = [part for base in bases for part in ("--base-uri", base)]
    file, namespaces = documents / "oauth2.yaml", ["ships", "tools", "opaque"]
    with Gateway(file, namespaces, *arguments, environment=issuer.make_environment()) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def _forget(issuer: AuthorizationServer) -> None:
    issuer.forms.clear()


def test_each_caller_has_its_own_token_for_an_api(ships: Gateway, issuer: AuthorizationServer, api: Upstream) -> None:
    tokens = {name: issuer.sign(sub=name) for name in ("ann", "bob")}
    for name, token in [*tokens.items(), *tokens.items()]:
        response = call(ships.urls["ships"], "/own", headers={"authorization": f"Bearer {token}"})
        assert response.status == 200
        assert api.last.header("authorization") == f"Bearer upstream:{name}"
    assert issuer.forms == [
        {
            "grant_type": f"{URN}:grant-type:token-exchange",
            "subject_token": token,
            "subject_token_type": f"{URN}:token-type:access_token",
            "requested_token_type": f"{URN}:token-type:access_token",
            "scope": "ships",
            "audience": "https://api.example",
        }
        for token in tokens.values()
    ]
    assert not any(token in str(api.received) or token in ships.output for token in tokens.values())


def test_an_assertion_is_exchanged_for_a_token(ships: Gateway, issuer: AuthorizationServer, api: Upstream) -> None:
    token = issuer.sign(sub="cid")
    assert call(ships.urls["ships"], "/asserted", headers={"authorization": f"Bearer {token}"}).status == 200
    assert api.last.header("authorization") == "Bearer upstream:cid"
    first, second = issuer.forms
    assert first["requested_token_type"] == f"{URN}:token-type:id-jag"
    assert (first["audience"], first["resource"]) == ("https://auth.example", "https://api.example")
    assert second["grant_type"] == f"{URN}:grant-type:jwt-bearer"
    assert second["assertion"] == "assertion:cid"
    assert token not in str(second)


def test_the_steps_of_a_workflow_are_in_the_name_of_the_caller(
    ships: Gateway, issuer: AuthorizationServer, api: Upstream
) -> None:
    headers = {"authorization": f"Bearer {issuer.sign(sub='eve')}", "x-tenant": "7"}
    assert call(ships.urls["ships"], "/both", headers=headers).status == 200
    assert [request.header("authorization") for request in api.received] == ["Bearer upstream:eve"] * 2
    tenants = {request.target: request.header("x-tenant") for request in api.received}
    assert tenants == {"/own": "7", "/asserted": None}


def test_a_tool_is_called_in_the_name_of_its_caller(ships: Gateway, issuer: AuthorizationServer, api: Upstream) -> None:
    for extra in ({}, {"_meta": {"progressToken": 1}}):
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "own", **extra}}
        headers = {**MESSAGE, "authorization": f"Bearer {issuer.sign(sub='dan')}", "X-Tenant": "7", "X-Third": "3"}
        url = ships.urls["tools"].removesuffix("/mcp")
        response = call(url, "/mcp", "POST", headers, json.dumps(message).encode())
        assert not response.json["result"].get("isError", False)
        assert api.last.header("authorization") == "Bearer upstream:dan"
        assert (api.last.header("x-tenant"), api.last.header("x-third")) == ("7", None)


def test_a_refused_exchange_calls_nothing(ships: Gateway, issuer: AuthorizationServer, api: Upstream) -> None:
    token = issuer.sign(sub="fay")
    issuer.refuses_grants = True  # and keys are served: other tests of this server need them
    try:
        response = call(ships.urls["ships"], "/own", headers={"authorization": f"Bearer {token}"})
    finally:
        issuer.refuses_grants = False
    assert response.status == 502
    assert len(issuer.forms) == 1
    assert not api.received
    assert token not in str(response)


def call_own(ships: Gateway, issuer: AuthorizationServer, subject: str) -> str:
    """Call the tool that calls the API in the name of a subject; return all that the caller gets."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "own"}}
    headers = {**MESSAGE, "authorization": f"Bearer {issuer.sign(sub=subject)}"}
    url = ships.urls["tools"].removesuffix("/mcp")
    return call(url, "/mcp", "POST", headers, json.dumps(message).encode()).body.decode()


def test_a_token_stays_masked_however_many_callers_come_meanwhile(
    ships: Gateway, issuer: AuthorizationServer, api: Upstream
) -> None:
    gate = Gate()
    slow = Reply(500, {"etag": '"upstream:slow"'}, b"not upstream:slow, please", before=gate.wait)
    api.on("GET", "/own", slow)
    headers = {"authorization": f"Bearer {issuer.sign(sub='slow')}"}
    with ThreadPoolExecutor(8) as pool:
        tool = pool.submit(call_own, ships, issuer, "slow")
        route = pool.submit(call, ships.urls["ships"], "/own", headers=headers)
        api.wait_received(2)
        api.on("GET", "/own", Reply())
        others = list(pool.map(partial(call_own, ships, issuer), (f"other-{number}" for number in range(300))))
        gate.open()
        assert "not ***, please" in tool.result()
        assert route.result().headers["etag"] == '"***"'
    assert all('"isError":false' in other for other in others)


def test_whoever_waits_for_a_token_sees_none(ships: Gateway, issuer: AuthorizationServer, api: Upstream) -> None:
    api.on("GET", "/own", Reply(500, body=b"not upstream:hal, please"))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(partial(call_own, ships, issuer), ["hal"] * 8))
    assert all("not ***, please" in one for one in found)
    assert "upstream:hal" not in ships.output


def test_a_token_that_the_api_refuses_is_replaced_once(
    ships: Gateway, issuer: AuthorizationServer, api: Upstream
) -> None:
    api.on("GET", "/own", Reply(401))
    headers = {"authorization": f"Bearer {issuer.sign(sub='gus')}"}
    assert call(ships.urls["ships"], "/own", headers=headers).status == 401
    assert (len(api.received), len(issuer.forms)) == (2, 2)
