"""The Python SDK 2.x, in the protocol era that is asked for."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import Any

from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import PromptReference


def say(step: str, value: object = None) -> None:
    print(json.dumps([step, value]), flush=True)  # noqa: T201 - what the test reads


def connect(target: dict[str, Any]) -> Client:
    mode = "legacy" if target["era"] == "legacy" else "2026-07-28"
    if "url" in target:
        return Client(target["url"], mode=mode)
    program, *arguments = target["command"]
    server = StdioServerParameters(command=program, args=arguments, env=dict(os.environ))
    return Client(stdio_client(server), mode=mode)


async def get_ship(client: Client) -> object:
    return (await client.call_tool("get-ship", {"imo": 7})).structured_content


async def cancel_call(client: Client) -> bool:
    call = asyncio.create_task(client.call_tool("wait", {}))
    say("waiting")
    await asyncio.to_thread(sys.stdin.readline)
    call.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await call
        return False
    return True


async def main() -> None:
    target = json.loads(sys.argv[1])
    async with connect(target) as client:
        listed = {
            "tools": [tool.name for tool in (await client.list_tools()).tools],
            "resources": [resource.uri for resource in (await client.list_resources()).resources],
            "templates": [each.uri_template for each in (await client.list_resource_templates()).resource_templates],
            "prompts": [prompt.name for prompt in (await client.list_prompts()).prompts],
        }
        say("listed", listed)
        say("called", await get_ship(client))
        contents = [(await client.read_resource(uri)).contents[0] for uri in ("ships://about", "ships://7")]
        say("read", [each.model_dump()["text"] for each in contents])
        say(
            "got",
            (await client.get_prompt("inspect", {"imo": "7", "kind": "tanker"}))
            .messages[0]
            .content.model_dump()["text"],
        )
        prompt = PromptReference(type="ref/prompt", name="inspect")
        say("completed", (await client.complete(prompt, {"name": "kind", "value": "t"})).completion.values)
        say("cancelled", await cancel_call(client))
        await asyncio.to_thread(sys.stdin.readline)
        say("called again", await get_ship(client))
    async with connect(target) as client:
        say("reconnected", await get_ship(client))


asyncio.run(main())
