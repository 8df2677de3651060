"""The ASGI application of MCP's exposes."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.exposes.app_services import AppServices
from naftiko_runtime.exposes.mcp import sdk_server
from naftiko_runtime.exposes.mcp.app import SdkModule, open_mcp_app
from naftiko_runtime.sandbox_responses import SandboxTransport
from support.linked import link_plan, make_document, make_mcp_expose

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from naftiko_runtime.asgi_types import App

SDK: SdkModule = sdk_server
"""The type checker compares the module with its protocol: it is imported by name when a request needs it."""

BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "nope"}}).encode()
"""Only the SDK handles it."""
HEADERS = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2025-11-25",
    "host": "localhost",
}


async def post(app: App) -> Any:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "raw_path": b"/mcp",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in HEADERS.items()],
    }
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return json.loads(b"".join(message.get("body", b"") for message in sent))


async def test_an_sdk_that_could_not_be_started_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[Exception] = [MemoryError(), ImportError()]

    def fail_at_first(name: str) -> object:
        if faults:
            raise faults.pop()
        return import_module(name)

    monkeypatch.setattr("naftiko_runtime.exposes.mcp.app.import_module", fail_at_first)
    plan = link_plan(make_document(exposes=[make_mcp_expose()]))
    async with (
        bind(plan, {}, lambda: SandboxTransport({})) as bound,
        open_mcp_app(bound.servers[0], AppServices(CallerPolicy())) as app,  # type: ignore[arg-type]  # an MCP server
    ):
        with pytest.raises(ImportError):
            await post(app)
        with pytest.raises(MemoryError):
            await post(app)
        assert (await post(app))["error"]["code"] == -32602
