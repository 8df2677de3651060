"""MCP over standard input and output: what a client sends, and what it gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from support.command import make_clean_environment
from support.gateway import NAFTIKO
from support.stdio_program import StdioProgram, make_enveloped, make_request
from support.upstream import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.upstream import Upstream

JSON = {"content-type": "application/json"}
TOKEN = "a-secret-of-the-api"
BOTH = pytest.mark.parametrize("make", [make_request, make_enveloped], ids=["handshake", "stateless"])


@pytest.fixture
def arguments(documents: Path, api: Upstream) -> list[str]:
    return [str(documents / "stdio.yaml"), "--stdio", "tools", "--base-uri", f"api={api.url}"]


@pytest.fixture
def program(arguments: list[str]) -> Iterator[StdioProgram]:
    with StdioProgram(*arguments, environment={"THINGS_TOKEN": TOKEN}) as running:
        yield running


@pytest.fixture(scope="module")
def stateless(documents: Path) -> Iterator[StdioProgram]:
    """One for the tests that neither do a handshake nor call the upstream."""
    file = str(documents / "stdio.yaml")
    with StdioProgram(file, "--stdio", "tools", environment={"THINGS_TOKEN": TOKEN}) as running:
        yield running


@BOTH
def test_a_call_has_a_result(program: StdioProgram, api: Upstream, make: Callable[..., Any]) -> None:
    api.on("GET", "/things", Reply(headers=JSON, body=b'["a\\nb"]'))
    if make is make_request:
        assert program.initialize()["serverInfo"]["name"] == "tools"
    else:
        found = program.ask(make(1, "server/discover"))["result"]
        assert found["supportedVersions"] == ["2026-07-28"]
    tools = program.ask(make("list", "tools/list"))
    assert tools["id"] == "list"
    assert [tool["name"] for tool in tools["result"]["tools"]] == ["list-things"]
    result = program.ask(make(2, "tools/call", name="list-things", arguments={}))["result"]
    assert result["structuredContent"] == {"result": ["a\nb"]}
    assert api.last.header("authorization") == f"Bearer {TOKEN}"
    assert api.last.header("x-forwarded-for") is None


@pytest.mark.parametrize("fast", [True, False])
@BOTH
def test_both_paths_respond_alike(arguments: list[str], make: Callable[..., Any], fast: bool) -> None:
    path = "--mcp-fast-path" if fast else "--no-mcp-fast-path"
    with StdioProgram(*arguments, path, environment={"THINGS_TOKEN": TOKEN}) as program:
        if make is make_request:
            program.initialize()
        assert [t["name"] for t in program.ask(make(1, "tools/list"))["result"]["tools"]] == ["list-things"]
        assert program.ask(make(2, "tools/call", name="list-things", arguments={}))["result"]["isError"] is False
        unknown = program.ask(make(3, "tools/call", name="näme", arguments={}))
        assert unknown["error"]["code"] == -32602
        assert program.ask(make(4, "nope/nope"))["error"]["code"] == -32601


def test_both_eras_are_served_at_the_same_time(program: StdioProgram) -> None:
    program.initialize("2025-06-18")
    assert "resultType" in program.ask(make_enveloped(1, "tools/list"))["result"]
    assert "resultType" not in program.ask(make_request(2, "tools/list"))["result"]


def test_a_batch_is_answered_where_the_revision_has_batches(program: StdioProgram) -> None:
    program.initialize("2025-03-26")
    answers = program.ask([make_request(1, "ping"), make_request(2, "tools/list")])
    assert [answer["id"] for answer in answers] == [1, 2]


@pytest.mark.parametrize("line", [b"{bad\n", b"\xff\xfe\n", b'{"id": NaN}\n'])
def test_a_line_that_is_not_json_gets_an_error_and_ends_nothing(stateless: StdioProgram, line: bytes) -> None:
    error = stateless.ask(line)
    assert (error["id"], error["error"]["code"]) == (None, -32700)
    assert stateless.ask(make_request(1, "ping"))["result"] == {}


@pytest.mark.parametrize(
    "message", [{"jsonrpc": "1.0", "id": 1, "method": "ping"}, {"jsonrpc": "2.0", "id": 1.5, "method": "ping"}, 5, []]
)
def test_an_invalid_message_gets_an_error(stateless: StdioProgram, message: Any) -> None:
    assert stateless.ask(message)["error"]["code"] == -32600


def test_notifications_and_replies_get_no_response(stateless: StdioProgram) -> None:
    stateless.send(
        {"jsonrpc": "2.0", "method": "notifications/unknown"},
        {"jsonrpc": "2.0", "method": "not-a-notification"},
        {"jsonrpc": "2.0", "id": 9, "result": {}},
        b"\n",
        b"  \r\n",
    )
    assert stateless.ask(make_request(1, "ping"))["id"] == 1


def test_an_unsupported_version_is_refused(stateless: StdioProgram) -> None:
    message = make_enveloped(1, "tools/list", _meta={"io.modelcontextprotocol/protocolVersion": "2099-01-01"})
    assert stateless.ask(message)["error"]["code"] == -32022


def test_a_line_that_is_too_long_gets_an_error(arguments: list[str]) -> None:
    with StdioProgram(*arguments, "--max-message", "1000", environment={"THINGS_TOKEN": TOKEN}) as program:
        error = program.ask(json.dumps(make_request(1, "ping", pad="x" * 200_000)).encode() + b"\n")
        assert error["error"] == {"code": -32600, "message": "the message is larger than 1,000 bytes"}
        assert program.ask(make_request(2, "ping"))["id"] == 2


def test_calls_run_at_the_same_time(program: StdioProgram, api: Upstream) -> None:
    api.on("GET", "/things", Reply(until_gone=True))
    program.send(make_request(1, "tools/call", name="list-things", arguments={}))
    api.wait_received(1)
    assert program.ask(make_request(2, "ping"))["id"] == 2


@pytest.mark.parametrize("path", ["--mcp-fast-path", "--no-mcp-fast-path"])
@BOTH
def test_a_cancelled_call_leaves_the_upstream_and_has_no_response(
    arguments: list[str], api: Upstream, make: Callable[..., Any], path: str
) -> None:
    with StdioProgram(*arguments, path, environment={"THINGS_TOKEN": TOKEN}) as program:
        if make is make_request:
            program.initialize()
        api.on("GET", "/things", Reply(until_gone=True))
        program.send(make("slow", "tools/call", name="list-things", arguments={}))
        api.wait_received(1)
        program.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "other"}})
        program.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "slow"}})
        assert api.wait(lambda upstream: upstream.gone == 1)
        assert program.ask(make(2, "tools/list"))["id"] == 2


def test_a_failed_call_shows_no_secret(program: StdioProgram, api: Upstream) -> None:
    api.on("GET", "/things", Reply(400, body=f"not {TOKEN}".encode()))
    result = program.ask(make_request(1, "tools/call", name="list-things", arguments={}))["result"]
    assert result["isError"] is True
    assert TOKEN not in json.dumps(result)
    program.end_input()
    assert TOKEN not in program.errors


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_official_client_lists_and_calls(arguments: list[str], api: Upstream, mode: str) -> None:
    api.on("GET", "/things", Reply(headers=JSON, body=b'{"a": 1}'))
    command, *rest = NAFTIKO
    environment = make_clean_environment({"THINGS_TOKEN": TOKEN})
    server = StdioServerParameters(command=command, args=[*rest, "run", *arguments], env=environment)
    async with Client(stdio_client(server), mode=mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["list-things"]
        result = await client.call_tool("list-things", {})
        assert result.structured_content == {"a": 1}
