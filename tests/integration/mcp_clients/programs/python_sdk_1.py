# mypy: ignore-errors
"""The Python SDK 1.x, in a folder of its own: it knows the revisions with a handshake only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import (
    CancelledNotification,
    CancelledNotificationParams,
    ClientNotification,
    PromptReference,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def say(step: str, value: object = None) -> None:
    print(json.dumps([step, value]), flush=True)  # noqa: T201 - what the test reads


@contextlib.asynccontextmanager
async def connect(target: dict[str, Any]) -> AsyncIterator[ClientSession]:
    if "url" in target:
        transport = streamable_http_client(target["url"])
    else:
        program, *arguments = target["command"]
        # The program of the test is our own, which does not get the packages of this client.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        transport = stdio_client(StdioServerParameters(command=program, args=arguments, env=environment))
    async with transport as streams, ClientSession(*streams[:2]) as session:
        await session.initialize()
        yield session


async def get_ship(session: ClientSession) -> object:
    return (await session.call_tool("get-ship", {"imo": 7})).structuredContent


async def cancel_call(session: ClientSession) -> bool:
    """This SDK has no method for it: the message is written by hand, with the number of the next request."""
    number = session._request_id  # noqa: SLF001
    call = asyncio.create_task(session.call_tool("wait", {}))
    await asyncio.sleep(0)
    say("waiting")
    await asyncio.to_thread(sys.stdin.readline)
    parameters = CancelledNotificationParams(requestId=number, reason="enough")
    message = CancelledNotification(method="notifications/cancelled", params=parameters)
    await session.send_notification(ClientNotification(message))
    call.cancel()
    with contextlib.suppress(asyncio.CancelledError, McpError):
        await call
        return False
    return True


async def main() -> None:
    target = json.loads(sys.argv[1])
    async with connect(target) as session:
        listed = {
            "tools": [tool.name for tool in (await session.list_tools()).tools],
            "resources": [str(resource.uri) for resource in (await session.list_resources()).resources],
            "templates": [each.uriTemplate for each in (await session.list_resource_templates()).resourceTemplates],
            "prompts": [prompt.name for prompt in (await session.list_prompts()).prompts],
        }
        say("listed", listed)
        say("called", await get_ship(session))
        say("read", [(await session.read_resource(uri)).contents[0].text for uri in ("ships://about", "ships://7")])
        say("got", (await session.get_prompt("inspect", {"imo": "7", "kind": "tanker"})).messages[0].content.text)
        prompt = PromptReference(type="ref/prompt", name="inspect")
        say("completed", (await session.complete(prompt, {"name": "kind", "value": "t"})).completion.values)
        say("cancelled", await cancel_call(session))
        await asyncio.to_thread(sys.stdin.readline)
        say("called again", await get_ship(session))
    async with connect(target) as session:
        say("reconnected", await get_ship(session))


asyncio.run(main())
