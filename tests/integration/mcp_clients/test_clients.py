"""Real clients list, call, read, get, complete, cancel and reconnect: over HTTP, to replicas in turn, and over stdio.

| program             | package                              | eras              |
| ------------------- | ------------------------------------ | ----------------- |
| `python_sdk_1.py`   | PyPI `mcp` 1.x                       | with a handshake  |
| `python_sdk_2.py`   | PyPI `mcp` 2.x                       | both              |
| `fastmcp_client.py` | PyPI `fastmcp` 4.x                   | both              |
| `typescript_sdk_1`  | npm `@modelcontextprotocol/sdk` 1.x  | with a handshake  |
| `typescript_sdk_2`  | npm `@modelcontextprotocol/client`   | both              |
| `test_inspector.py` | npm `@modelcontextprotocol/inspector`| both              |

No client is adapted to this server. Two things depend on the client:

* The Python SDK 1.x cannot cancel a call. Its program sends the message for it over the SDK's own connection.
* With a handshake, a client cancels by a message of its own. nginx sends it to the replica that does not have the call,
  which may ignore it. So the API does not notice, and the test ends the call there. A stateless client closes the
  response instead, which nginx passes on.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest

from integration.mcp_clients.conftest import HERE, PYTHON_SDK_1
from support.client_programs import NODE, ClientProgram
from support.python_packages import install_requirement
from support.upstream import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from support.upstream import Upstream

pytestmark = [pytest.mark.no_cover]
SHIP: Final = {"name": "Aurora"}
CLIENTS: Final = [
    ("python_sdk_1.py", "legacy"),
    ("python_sdk_2.py", "legacy"),
    ("python_sdk_2.py", "modern"),
    ("fastmcp_client.py", "legacy"),
    ("fastmcp_client.py", "modern"),
    ("typescript_sdk_1.js", "legacy"),
    ("typescript_sdk_2.js", "legacy"),
    ("typescript_sdk_2.js", "modern"),
]


def start(name: str, javascript: Path, target: dict[str, Any]) -> ClientProgram:
    if name.endswith(".js"):
        return ClientProgram([NODE, str(javascript / name)], target, {})
    environment = {"PYTHONPATH": str(install_requirement(PYTHON_SDK_1))} if name == "python_sdk_1.py" else {}
    return ClientProgram([sys.executable, str(HERE / "programs" / name)], target, environment)


@pytest.mark.parametrize(
    ("name", "era", "transport"),
    [
        (name, era, transport)
        for name, era in CLIENTS
        for transport in ("http", "replicas", "stdio")
        if (era, transport) != ("modern", "http")  # the replicas show it, for nothing depends on the connection
    ],
)
def test_a_client_uses_everything(
    targets: dict[str, dict[str, Any]], javascript: Path, registry: Upstream, name: str, era: str, transport: str
) -> None:
    end = asyncio.Event()

    async def wait_end() -> None:
        await end.wait()

    reaches_its_call = (era, transport) != ("legacy", "replicas")
    if not reaches_its_call:
        registry.on("GET", "/slow", Reply(before=wait_end))
    with start(name, javascript, targets[transport] | {"era": era}) as client:
        assert client.read_until("waiting") == {
            "listed": {
                "tools": ["get-ship", "wait"],
                "resources": ["ships://about"],
                "templates": ["ships://{imo}"],
                "prompts": ["inspect"],
            },
            "called": SHIP,
            "read": ["They float.", '{"name": "Aurora"}'],
            "got": "Inspect ship 7, a tanker.",
            "completed": ["tanker"],
            "waiting": None,
        }
        registry.wait_received(3)
        assert registry.last.target == "/slow"
        client.go_on()
        assert client.read_until("cancelled") == {"cancelled": True}
        if reaches_its_call:
            assert registry.wait(lambda upstream: upstream.gone == 1)
        else:
            assert registry.loop is not None
            registry.loop.call_soon_threadsafe(end.set)
        client.go_on()
        assert client.read_until("reconnected") == {"called again": SHIP, "reconnected": SHIP}
        client.wait()
