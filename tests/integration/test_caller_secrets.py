"""APIs that are called with a secret of each caller, which a Vault server on loopback has."""

from __future__ import annotations

import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from support.authorization_server import AuthorizationServer
from support.caller import call
from support.command import run_naftiko
from support.gateway import Gateway
from support.mcp_messages import MESSAGE
from support.upstream import Reply
from support.vault_server import VAULT_TOKEN, VaultServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.caller import Response
    from support.upstream import Upstream

SUBJECTS = ("ann", "bob", "auth0|cid", "d/../ann", "..", ".", "ann%2F", "%61nn", "ann/", "Ann", "ünn", "e@x.example")
HOSTILE = {"..", ".", "d/../ann", "ann/"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as server:
        yield server


@pytest.fixture(scope="module")
def module_vault() -> Iterator[VaultServer]:
    with VaultServer() as server:
        yield server


@pytest.fixture
def vault(module_vault: VaultServer) -> VaultServer:
    module_vault.reset()
    module_vault.secrets.clear()
    module_vault.status = 200
    return module_vault


@pytest.fixture(scope="module")
def ships(
    documents: Path, issuer: AuthorizationServer, module_vault: VaultServer, module_upstream: Upstream
) -> Iterator[Gateway]:
    arguments = [part for name in ("api", "basic", "key") for part in ("--base-uri", f"{name}={module_upstream.url}")]
    environment = issuer.make_environment() | module_vault.make_environment()
    with Gateway(documents / "caller-secrets.yaml", ["ships", "tools"], *arguments, environment=environment) as gateway:
        yield gateway


def get(ships: Gateway, issuer: AuthorizationServer, subject: str | None, path: str = "/own") -> Response:
    headers = {"authorization": f"Bearer {issuer.sign(sub=subject)}"}
    return call(ships.urls["ships"], path, headers=headers)


def test_each_subject_has_a_path_and_a_secret_of_its_own(
    ships: Gateway, issuer: AuthorizationServer, vault: VaultServer, api: Upstream
) -> None:
    for number, subject in enumerate(SUBJECTS):
        api.reset()
        assert get(ships, issuer, subject).status == 502  # nothing is stored yet, and 404 is no secret
        assert not api.received
        path = vault.paths[-1]
        assert path.startswith("ships/")
        assert "/" not in path.removeprefix("ships/")
        assert path.removeprefix("ships/") not in HOSTILE
        vault.secrets[path] = {"token": f"secret-number-{number}"}
    assert len(vault.secrets) == len(SUBJECTS)


def test_a_caller_gets_its_own_secret_whoever_else_calls(
    ships: Gateway, issuer: AuthorizationServer, vault: VaultServer, api: Upstream
) -> None:
    names = [f"user-{number}" for number in range(8)]
    vault.secrets = {f"ships/{name}": {"token": f"secret-of-{name}"} for name in names}
    api.on("GET", "/own", Reply(echo=True))
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda name: get(ships, issuer, name), names * 4))
    assert [answer.status for answer in answers] == [200] * 32
    sent = sorted(str(request.header("authorization")) for request in api.received)
    assert sent == sorted(f"Bearer secret-of-{name}" for name in names * 4)
    assert sorted(vault.paths) == sorted(f"ships/{name}" for name in names), "each is read once"
    assert "secret-of" not in ships.output + str([answer.headers for answer in answers])


def test_the_headers_of_each_kind(
    ships: Gateway, issuer: AuthorizationServer, vault: VaultServer, api: Upstream
) -> None:
    vault.secrets["ships/kim"] = {"token": "t0ken-of-kim", "user": "kim-at-the-api"}
    assert get(ships, issuer, "kim", "/basic").status == 200
    pair = b64encode(b"kim-at-the-api:t0ken-of-kim").decode()
    assert api.last.header("authorization") == f"Basic {pair}"
    assert get(ships, issuer, "kim", "/key").status == 200
    assert (api.last.header("x-key"), api.last.header("authorization")) == ("own-t0ken-of-kim", None)
    assert get(ships, issuer, "kim", "/all/own").status == 200
    assert api.last.header("authorization") == "Bearer t0ken-of-kim"


def test_a_tool_is_called_with_the_secret_of_its_caller(
    ships: Gateway, issuer: AuthorizationServer, vault: VaultServer, api: Upstream
) -> None:
    vault.secrets["ships/lea"] = {"token": "t0ken-of-lea"}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "own"}}
    headers = {**MESSAGE, "authorization": f"Bearer {issuer.sign(sub='lea')}"}
    url = ships.urls["tools"].removesuffix("/mcp")
    assert not call(url, "/mcp", "POST", headers, json.dumps(message).encode()).json["result"].get("isError", False)
    assert api.last.header("authorization") == "Bearer t0ken-of-lea"


def test_a_secret_that_the_api_refuses_is_read_once_more(
    ships: Gateway, issuer: AuthorizationServer, vault: VaultServer, api: Upstream
) -> None:
    vault.secrets["ships/mia"] = {"token": "t0ken-of-mia-1"}
    assert get(ships, issuer, "mia").status == 200
    vault.secrets["ships/mia"] = {"token": "t0ken-of-mia-2"}
    assert get(ships, issuer, "mia").status == 200
    assert api.last.header("authorization") == "Bearer t0ken-of-mia-1", "it is kept for a minute"
    api.on("GET", "/own", Reply(401, body=b"t0ken-of-mia-1 is not valid, nor is t0ken-of-mia-2"))
    refused = get(ships, issuer, "mia")
    assert refused.status == 401
    assert [request.header("authorization") for request in api.received[-2:]] == [
        "Bearer t0ken-of-mia-1",
        "Bearer t0ken-of-mia-2",
    ]


def test_no_output_shows_a_secret(
    ships: Gateway, issuer: AuthorizationServer, vault: VaultServer, api: Upstream
) -> None:
    vault.secrets["ships/nia"] = {"token": "t0ken-of-nia", "user": "nia"}
    headers = {"x-request-id": "t0ken-of-nia", "location": "/basic?key=t0ken-of-nia"}
    for path in ("/own", "/basic"):
        api.on("GET", path, Reply(500, headers, b"no rights for t0ken-of-nia"))
        answer = get(ships, issuer, "nia", path)
        assert "t0ken-of-nia" not in str(answer.headers)
    pair = b64encode(b"nia:t0ken-of-nia").decode()
    assert not any(secret in ships.output for secret in ("t0ken-of-nia", pair, VAULT_TOKEN))


@pytest.mark.parametrize(
    ("stored", "status", "detail"),
    [
        (None, 200, "no secret of the caller is stored"),
        ({"other": "x"}, 200, "is not complete"),
        ({"token": ""}, 200, "is not complete"),
        ({"token": 7}, 200, "is not complete"),
        ({"token": "a-secret\r\nx-admin: 1"}, 200, "cannot be sent in a header"),
        ({"token": "a-secret"}, 403, "cannot be read now"),
        ({"token": "a-secret"}, 500, "cannot be read now"),
    ],
)
def test_without_a_secret_nothing_is_called(
    ships: Gateway,
    issuer: AuthorizationServer,
    vault: VaultServer,
    api: Upstream,
    stored: dict[str, object] | None,
    status: int,
    detail: str,
) -> None:
    subject = f"pia-{detail}-{stored}-{status}"
    if stored is not None:
        get(ships, issuer, f"{subject}-path")
        vault.secrets[vault.paths[-1].removesuffix("-path")] = dict(stored)
    vault.status = status
    answer = get(ships, issuer, subject)
    assert answer.status == 502
    assert detail in answer.json["detail"]
    assert not api.received
    assert "a-secret" not in str(answer) + ships.output
    assert subject not in str(answer)


def test_a_client_without_a_subject_has_no_secret(
    ships: Gateway, issuer: AuthorizationServer, vault: VaultServer, api: Upstream
) -> None:
    vault.secrets["ships/agent"] = {"token": "t0ken-of-the-user-agent"}
    headers = {"authorization": f"Bearer {issuer.sign(sub=None, client_id='agent')}"}
    assert call(ships.urls["ships"], "/own", headers=headers).status == 502
    assert not vault.received
    assert not api.received


def test_a_missing_vault_is_named_at_the_start(documents: Path, issuer: AuthorizationServer) -> None:
    file = str(documents / "caller-secrets.yaml")
    done = run_naftiko("run", file, "--port-offset", "20000", environment=issuer.make_environment())
    assert done.returncode == 1
    assert "VAULT_ADDR" in done.stderr
    assert "VAULT_TOKEN" in done.stderr
    assert "VAULT_NAMESPACE" not in done.stderr


def test_a_sandbox_reads_no_secret(documents: Path, vault: VaultServer) -> None:
    with Gateway(documents / "caller-secrets.yaml", ["ships", "tools"], "--sandbox") as gateway:
        assert call(gateway.urls["ships"], "/own").status == 401
    assert not vault.received
