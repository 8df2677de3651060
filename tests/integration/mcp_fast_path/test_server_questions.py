"""Questions about the server, on the fast path and by the SDK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from naftiko_runtime.link.operator_overrides import Overrides
from support.mcp_fast_path import DOCUMENTS, FILE, LEGACY, META, MODERN, Both, encoded, headers, message, served

ROOT = Path(__file__).parents[3]


def question(version: str | None, method: str, **params: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"jsonrpc": "2.0", "id": 7, "method": method}
    if version == MODERN:
        params["_meta"] = META | params.get("_meta", {})
    return {**asked, "params": params} if params else asked


def asking(version: str | None, method: str, more: dict[str, str | None] | None = None) -> dict[str, str]:
    given = headers(version, more={"mcp_name": None, **(more or {})})
    return {**given, "mcp-method": method} if version == MODERN else given


def welcome(version: str | None, **more: Any) -> dict[str, Any]:
    said = {"protocolVersion": version or LEGACY[0], "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
    return question(version, "initialize", **(said | more))


METHODS = {MODERN: ("tools/list", "server/discover")} | dict.fromkeys(LEGACY, ("tools/list", "ping", "initialize"))


@pytest.mark.parametrize("version", [MODERN, *LEGACY])
@pytest.mark.parametrize("identity", [0, -7, "", "é\u2028", 2**53 + 1])
def test_questions_about_the_server(both: Both, version: str | None, identity: Any) -> None:
    for method in METHODS[version]:
        asked = welcome(version) if method == "initialize" else question(version, method)
        response = both.ask(asking(version, method), encoded({**asked, "id": identity}))
        assert response.json["id"] == identity
        assert (response.status, both.to_sdk) == (200, 1), f"{method}: the fast path was not taken"


def test_a_client_that_is_ready(both: Both) -> None:
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    for version in LEGACY:
        assert both.ask(asking(version, "notifications/initialized"), encoded(ready)).status == 202
        assert both.to_sdk == 1
    odd: dict[str, Any]
    for odd in ({"params": {}}, {"params": {"_meta": {}}}, {"params": None}, {"method": "notifications/x"}, {"id": 1}):
        both.ask(asking(LEGACY[0], "notifications/initialized"), encoded(ready | odd))
    both.ask(asking(MODERN, "notifications/initialized"), encoded(ready | {"params": {"_meta": META}}))


@pytest.mark.parametrize("version", [MODERN, *LEGACY])
@pytest.mark.parametrize("method", ["tools/list", "server/discover", "ping", "initialize", "resources/list", "nope"])
def test_odd_questions(both: Both, version: str | None, method: str) -> None:
    odd: dict[str, Any]
    for odd in (
        {},
        {"_meta": {"progressToken": 3}},
        {"_meta": {"x": [1]}},
        {"_meta": {"io.modelcontextprotocol/protocolVersion": "2025-06-18"}},
        {"cursor": "x"},
        {"cursor": None},
        {"cursor": 1},
        {"more": 1},
    ):
        for _ in range(2):  # the first one must not change what becomes of the second
            both.ask(asking(version, method), encoded(question(version, method, **odd)))
    plain = question(version, method)
    broken: dict[str, Any]
    for broken in ({"params": None}, {"params": []}, {"id": None}, {"id": 1.5}, {"jsonrpc": "1"}, {"more": 1}):
        both.ask(asking(version, method), encoded(plain | broken))
    for more in ({"mcp_name": "json"}, {"mcp_method": "ping"}, {"mcp_method": None}, {"accept": "text/plain"}):
        given = asking(version, method) | more
        both.ask({key.replace("_", "-"): value for key, value in given.items() if value}, encoded(plain))


CAPABILITIES: list[Any] = [
    {"roots": {}, "sampling": {}, "elicitation": {}},
    {"roots": {"listChanged": True}, "sampling": {"tools": {}, "context": {}}, "elicitation": {"form": {}, "url": {}}},
    {"roots": {"listChanged": "yes"}},
    {"roots": {"listChanged": None}},
    {"sampling": {"tools": []}},
    {"sampling": {"tools": {"x": 1}}},
    {"elicitation": {"form": {"x": 1}}},
    {"elicitation": True},
    {"extensions": {"x/y": {}}},
    {"experimental": {"a": {}}},
    {"tasks": {}},
    {"unknown": {}},
    None,
    [],
]
CLIENTS: list[Any] = [
    {"name": "é", "version": "", "title": "T"},
    {"name": "c", "version": "1", "icons": []},
    {"name": "c", "version": 1},
    {"name": "c"},
    {"name": "c", "version": "1", "title": None},
    None,
]


@pytest.mark.parametrize("version", LEGACY)
@pytest.mark.parametrize(
    "said",
    [
        *({"capabilities": given} for given in CAPABILITIES),
        *({"clientInfo": given} for given in CLIENTS),
        *({"protocolVersion": given} for given in (*LEGACY, MODERN, "1999-01-01", 1)),
        {"_meta": {}},
        {"more": 1},
    ],
    ids=str,
)
def test_introductions(both: Both, version: str | None, said: dict[str, Any]) -> None:
    both.ask(asking(version, "initialize"), encoded(welcome(version, **said)))


@pytest.mark.parametrize("method", ["tools/list", "tools/call"])
def test_stateless_introductions(both: Both, method: str) -> None:
    for key, values in (("clientCapabilities", CAPABILITIES), ("clientInfo", CLIENTS)):
        for value in values:
            meta = META | {f"io.modelcontextprotocol/{key}": value}
            sent = message(MODERN) if method == "tools/call" else question(MODERN, method)
            sent["params"]["_meta"] = meta
            given = headers(MODERN) if method == "tools/call" else asking(MODERN, method)
            for _ in range(2):
                both.ask(given, encoded(sent))


@pytest.mark.parametrize(
    "file",
    [
        FILE,
        DOCUMENTS / "listed.yaml",
        ROOT / "tests/conformance/capability.yaml",
        *(path for path in sorted(ROOT.glob("capabilities/**/*.yaml")) if ".sandbox." not in path.name),
    ],
    ids=lambda file: file.stem,
)
def test_what_documents_say_of_themselves(server: str, file: Path) -> None:
    with served(server, file, Overrides(host="127.0.0.1")) as both:
        for version in (MODERN, *LEGACY):
            for method in METHODS[version]:
                asked = welcome(version) if method == "initialize" else question(version, method)
                assert "result" in both.ask(asking(version, method), encoded(asked)).json
                assert both.to_sdk == 1
