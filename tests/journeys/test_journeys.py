"""Every journey of this folder, over REST and over MCP in both families of revisions."""

from __future__ import annotations

import asyncio
import pickle
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from journeys.story import (
    RestResponse,
    Story,
    check_response,
    check_result,
    check_sent,
    get_content_type,
    make_content,
    read_story,
)
from naftiko_runtime.bind_plan import bind
from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.exposes.app_services import AppServices
from naftiko_runtime.exposes.kinds import get_kind
from naftiko_runtime.http_client import ClientOptions, open_client
from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.secret import resolve
from support.caller import call
from support.listeners import start_listener
from support.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from mcp.types import Tool

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.yml"))
DEADLINE_SECONDS = 20
MODES: tuple[Literal["2026-07-28", "legacy"], ...] = ("2026-07-28", "legacy")
BOTH_SERVERS = pytest.mark.parametrize("server", ["own", pytest.param("uvicorn", marks=pytest.mark.no_cover)])


@pytest.fixture(scope="module")
def api() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Story:
    return read_story(request.param, tmp_path)


@asynccontextmanager
async def serve_story(story: Story, url: str, kind: str, server: str) -> AsyncIterator[str]:
    """The story's expose of that kind, on a real socket; gives its URL."""
    plan = pickle.loads(pickle.dumps(story.plan(url)))  # noqa: S301 - as workers get theirs
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(asyncio.timeout(DEADLINE_SECONDS))
        secrets = resolve(plan, story.variables(url))
        bound = await stack.enter_async_context(bind(plan, secrets, lambda: open_client(ClientOptions())))
        bound_server = next(one for one in bound.servers if one.server.kind == kind)
        app = await stack.enter_async_context(
            get_kind(bound_server.server).open_app([bound_server], AppServices(CallerPolicy()))
        )
        listener = await start_listener(server, AppConfig(app), story.name)
        try:
            yield f"http://127.0.0.1:{listener.port}"
        finally:
            listener.stop_accepting()
            listener.abort()  # the stream of a client that has left, but might have half-closed its connection
            await listener.wait_closed()


def list_steps(story: Story, wire: str) -> list[dict[str, Any]]:
    """The steps that a wire takes part in."""
    steps = [step for step in story.steps if wire in step]
    assert steps, f"{story.name} has no steps for {wire}"
    return steps


def run_checks(step: dict[str, Any], checks: Callable[[], None], *seen: object) -> Iterator[str]:
    """What is wrong with a step; all steps run, and their failures are reported together."""
    try:
        checks()
    except (AssertionError, ValueError) as error:
        yield "\n  ".join([step["step"], str(error), *map(str, seen)])


@BOTH_SERVERS
async def test_over_rest(story: Story, api: Upstream, server: str) -> None:
    story.script(api)
    failures: list[str] = []
    async with serve_story(story, api.url, "rest", server) as url:
        for step in list_steps(story, "rest"):
            api.received.clear()
            given = await send_rest_request(url, step["rest"], story.caller)
            failures += run_checks(step, partial(_check_rest, step, given, api), given, api.received)
    assert not failures, "\n\n".join(failures)


def _check_rest(step: dict[str, Any], given: RestResponse, api: Upstream) -> None:
    check_response(given, step.get("response", {}))
    check_sent(api.received, step.get("sent"))


async def send_rest_request(url: str, rest: dict[str, Any], caller: dict[str, str]) -> RestResponse:
    """The REST response to a caller who sends these headers."""
    method, target = rest["request"].split(" ")
    given = {**caller, **rest.get("headers", {})}
    headers = {name: value.encode().decode("latin-1") for name, value in given.items()}
    body = None
    if rest.keys() & {"json", "text"}:
        body = make_content(rest)
        headers["content-type"] = get_content_type(rest) or "text/plain"
    response = await asyncio.to_thread(call, url, target, method, headers, body)
    return RestResponse(response.status, response.headers, response.body)


@asynccontextmanager
async def open_mcp_client(story: Story, url: str, mode: Literal["2026-07-28", "legacy"]) -> AsyncIterator[Client]:
    """The official client, sending the headers of the story's caller."""
    async with httpx2.AsyncClient(headers=story.caller) as http:
        transport = streamable_http_client(f"{url}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


@BOTH_SERVERS
@pytest.mark.parametrize("mode", MODES)
async def test_over_mcp(story: Story, api: Upstream, mode: Literal["2026-07-28", "legacy"], server: str) -> None:
    story.script(api)
    failures: list[str] = []
    async with serve_story(story, api.url, "mcp", server) as url, open_mcp_client(story, url, mode) as client:
        tools = (await client.list_tools()).tools
        check_schemas(story, tools)
        schemas = {tool.name: tool.output_schema for tool in tools}
        for step in list_steps(story, "tool"):
            api.received.clear()
            schema = schemas.get(step["tool"]["name"])
            result = await client.call_tool(step["tool"]["name"], step["tool"].get("arguments", {}))
            failures += run_checks(step, partial(_check_mcp, step, result, api, schema), result, api.received)
    assert not failures, "\n\n".join(failures)


def _check_mcp(step: dict[str, Any], result: Any, api: Upstream, schema: dict[str, Any] | None) -> None:
    check_result(result, step.get("tool-response", step.get("response", {})), schema)
    check_sent(api.received, step.get("tool-sent", step.get("sent")))


def check_schemas(story: Story, tools: list[Tool]) -> None:
    """Check that every tool has object schemas, and that of the story, if it has one."""
    listed = {tool.name: tool.input_schema for tool in tools}
    outputs = [tool.output_schema for tool in tools if tool.output_schema is not None]
    assert {schema["type"] for schema in (*listed.values(), *outputs)} == {"object"}
    assert "$ref" not in str(outputs)
    assert {name: listed[name] for name in story.schemas} == story.schemas


def test_every_step_is_for_both_sides_or_says_why_not(story: Story) -> None:
    """What only one side can do says so in its name."""
    for step in story.steps:
        if "rest" not in step:
            assert "MCP only" in step["step"]
        if "tool" not in step:
            assert "REST only" in step["step"]
