"""One MCP server behind two sockets, and messages for both."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.exposes.app_services import AppServices
from naftiko_runtime.exposes.kinds import get_kind
from naftiko_runtime.http_client import ClientOptions, open_client
from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.loading import load
from naftiko_runtime.plan import McpServer
from naftiko_runtime.secret import make_placeholders
from support.caller import call
from support.listeners import start_listener

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.link.operator_overrides import Overrides
    from support.caller import Response

DOCUMENTS = Path(__file__).parent.parent / "integration" / "documents"
FILE = DOCUMENTS / "direct.yaml"
MODERN = "2026-07-28"
LEGACY = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", None)
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
BODY_BYTES_MAX = 3000
PLAIN = {"id": "3e4b0e0-12e5,", "size": [0.1, -2.5, 10, 123456789.125], "on": True, "off": None, "s": 'a\n\t"<'}


DIGITS = b'{"a":1E-7,"b":[1e16,0.00001,19.90]}'


class Both:
    """One server behind two sockets: with the fast path, and without it."""

    def __init__(self, direct: str, sdk: str) -> None:
        self.direct = direct
        self.sdk = sdk
        self.to_sdk = 0
        """How many requests the SDK got since it was last asked, on both sockets together."""

    def ask(self, headers: dict[str, str], body: bytes) -> Response:
        """The response of both. The fast path handled the first one if ``self.to_sdk == 1``."""
        self.to_sdk = 0
        responses = [call(url, "/mcp", "POST", headers, body) for url in (self.direct, self.sdk)]
        differing = {"date": "", "content-length": ""}
        shown = [
            (a.status, a.headers | differing | {"mcp-session-id": "mcp-session-id" in a.headers}, a.body and a.json)
            for a in responses
        ]
        assert shown[0] == shown[1], f"{headers}\n{body!r}"
        return responses[0]


@contextmanager
def served(server: str, file: Path, overrides: Overrides) -> Iterator[Both]:
    """Both servers of a document's tools, in a thread of their own."""
    found = Both("", "")
    original = StreamableHTTPSessionManager.handle_request

    async def counted(self: StreamableHTTPSessionManager, *args: Any) -> None:
        found.to_sdk += 1
        await original(self, *args)

    with pytest.MonkeyPatch.context() as patch, _listening(server, found, file, overrides):
        patch.setattr(StreamableHTTPSessionManager, "handle_request", counted)
        yield found


@contextmanager
def _listening(server: str, found: Both, file: Path, overrides: Overrides) -> Iterator[None]:
    plan = load(file, overrides).plan
    assert plan is not None
    number = next(index for index, server in enumerate(plan.servers) if isinstance(server, McpServer))
    started, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            transport = partial(open_client, ClientOptions())
            bound = await stack.enter_async_context(bind(plan, make_placeholders(plan), transport))
            for attribute, direct in (("direct", True), ("sdk", False)):
                policy = CallerPolicy(mcp_fast_path=direct, message_bytes_max=BODY_BYTES_MAX)
                open_app = get_kind(bound.servers[number].server).open_app
                app = await stack.enter_async_context(open_app([bound.servers[number]], AppServices(policy)))
                listener = await start_listener(server, AppConfig(app), attribute)
                stack.push_async_callback(listener.wait_closed)
                stack.callback(listener.stop_accepting)
                setattr(found, attribute, f"http://127.0.0.1:{listener.port}")
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert started.wait(20)
    yield
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def headers(version: str | None, name: str = "json", more: dict[str, str | None] | None = None) -> dict[str, str]:
    given: dict[str, str | None] = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    given["mcp-protocol-version"] = version
    if version == MODERN:
        given |= {"mcp-method": "tools/call", "mcp-name": name}
    given |= {key.replace("_", "-"): value for key, value in (more or {}).items()}
    return {key: value for key, value in given.items() if value is not None}


def message(version: str | None, name: str = "json", arguments: Any = None, **more: Any) -> dict[str, Any]:
    params: dict[str, Any] = {"name": name, "arguments": {} if arguments is None else arguments}
    if version == MODERN:
        params["_meta"] = META
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params, **more}


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()
