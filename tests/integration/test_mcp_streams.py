"""Changes, progress and cancellation over HTTP: with one process and with workers, in both protocol eras."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client
from mcp.shared.subscriptions import ToolsListChanged

from support.gateway import SERVERS, Gateway
from support.mcp_streams import initialize, listen, open_notifications, send_legacy, send_modern
from support.upstream import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.upstream import Upstream

JSON = {"content-type": "application/json"}
TRIES = 12
"""Connections enough for both of two workers to get some."""
pytestmark = pytest.mark.own_server


@pytest.fixture(
    scope="module",
    params=[
        ("1", "fast", "own"),
        ("2", "fast", "own"),
        ("1", "sdk", "own"),
        pytest.param(("1", "fast", "uvicorn"), marks=pytest.mark.no_cover),
    ],
    ids="-".join,
)
def gateway(
    request: pytest.FixtureRequest, documents: Path, module_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    workers, path, server = request.param
    file = tmp_path_factory.mktemp("streams") / "streams.yaml"
    file.write_text((documents / "streams.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    options = ("--workers", workers, f"--{'no-' if path == 'sdk' else ''}mcp-fast-path", "--grace", "5")
    base_uri, command = ("--base-uri", f"api={module_upstream.url}"), SERVERS[server]
    with Gateway(file, ["tools"], *base_uri, *options, command=command) as running:
        running.file = file  # type: ignore[attr-defined]
        yield running


@pytest.fixture
def url(gateway: Gateway) -> str:
    return gateway.urls["tools"]


def reload(gateway: Gateway, before: str, after: str) -> None:
    """Change the document, and reload it."""
    file: Path = gateway.file  # type: ignore[attr-defined]
    file.write_text(file.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    count = sum(line.get("event") == "reloaded" for line in gateway.lines)
    gateway.process.send_signal(signal.SIGHUP)
    gateway.wait_until(lambda: sum(line.get("event") == "reloaded" for line in gateway.lines) > count)


def list_descriptions(url: str) -> set[str]:
    with send_modern(url, "tools/list") as exchange:
        return {tool["description"] for tool in exchange.body["result"]["tools"]}


# -- changes ----------------------------------------------------------------------------------------------------------


def test_all_clients_are_told_of_a_change_when_all_workers_serve_it(gateway: Gateway, url: str) -> None:
    streams = [listen(url, toolsListChanged=True) for _ in range(TRIES)]
    for stream in streams:
        assert stream.response.headers["content-type"] == "text/event-stream"
        acknowledged = stream.read_message()
        assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
        meta = {"io.modelcontextprotocol/subscriptionId": "sub"}
        assert acknowledged["params"] == {"_meta": meta, "notifications": {"toolsListChanged": True}}
    older = [open_notifications(url, initialize(url)) for _ in range(TRIES)]
    reload(gateway, "description: All things.", "description: All the things.")
    for stream in streams:
        assert stream.read_message() == {
            "jsonrpc": "2.0",
            "method": "notifications/tools/list_changed",
            "params": {"_meta": meta},
        }
        assert "All the things." in list_descriptions(url)
    for stream in older:
        assert stream.read_message() == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    reload(gateway, "description: All the things.", "description: All things.")
    for stream in (*streams, *older):
        assert stream.read_message()["method"] == "notifications/tools/list_changed"
        stream.close()


def test_only_changes_that_were_asked_for_are_told(gateway: Gateway, url: str) -> None:
    with (
        listen(url, promptsListChanged=True, resourceSubscriptions=["x://y"]) as other,
        listen(url, toolsListChanged=True) as stream,
    ):
        assert other.read_message()["params"]["notifications"] == {"promptsListChanged": True}
        stream.read_message()
        reload(gateway, "grace: 1", "grace: 1")  # nothing changes for clients
        reload(gateway, "description: All pages.", "description: Every page.")
        assert stream.read_message()["method"] == "notifications/tools/list_changed"
        reload(gateway, "description: Every page.", "description: All pages.")
        assert stream.read_message()["method"] == "notifications/tools/list_changed"
        other.close()


@pytest.mark.parametrize("lists", [{"toolsListChanged": "yes"}, 5])
def test_invalid_parameters_are_refused(url: str, lists: Any) -> None:
    with send_modern(url, "subscriptions/listen", notifications=lists) as exchange:
        assert (exchange.response.status, exchange.body["error"]["code"]) == (400, -32602)


def test_a_newer_stream_of_a_session_replaces_the_older(gateway: Gateway, url: str) -> None:
    if "--workers 2" in " ".join(map(str, gateway.process.args)):  # type: ignore[arg-type]  # a list
        pytest.skip("each worker knows its own streams only")
    session = initialize(url)
    with open_notifications(url, session) as older, open_notifications(url, session):
        assert older.read_message() is None


async def test_the_official_client_is_told(gateway: Gateway, url: str) -> None:
    async with Client(url) as client, client.listen(tools_list_changed=True) as changes:
        assert changes.honored.tools_list_changed
        await asyncio.to_thread(reload, gateway, "description: All pages.", "description: The pages.")
        assert isinstance(await anext(changes), ToolsListChanged)
        listed = await client.list_tools()
        assert "The pages." in [tool.description for tool in listed.tools]
    await asyncio.to_thread(reload, gateway, "description: The pages.", "description: All pages.")


# -- progress ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_a_workflow_tells_the_end_of_each_step(url: str, api: Upstream, era: str) -> None:
    api.on("GET", "/things", Reply(headers=JSON, body=b'{"a": 1}'))
    asked: Any = {"name": "count-things", "arguments": {}, "_meta": {"progressToken": "p1"}}
    send = send_modern if era == "modern" else send_legacy
    with send(url, "tools/call", identity=3, **asked) as exchange:
        assert exchange.response.headers["content-type"].startswith("text/event-stream")
        for number, step in enumerate(["first", "second", "third"], 1):
            message = exchange.read_message()
            assert message["method"] == "notifications/progress"
            expected = {"progressToken": "p1", "progress": number, "total": 3, "message": f"step '{step}' has ended"}
            assert message["params"] == expected
        result = exchange.read_message()
        assert (result["id"], result["result"]["isError"]) == (3, False)
        assert exchange.read_message() is None


def test_a_list_tells_each_page(url: str, api: Upstream) -> None:
    for number in (1, 2):
        api.on("GET", f"/pages?page={number}", Reply(headers=JSON, body=b'{"items": [%d]}' % number))
    api.on("GET", "/pages?page=3", Reply(headers=JSON, body=b'{"items": []}'))
    asked: Any = {"name": "list-pages", "arguments": {}, "_meta": {"progressToken": 7}}
    with send_modern(url, "tools/call", **asked) as exchange:
        told = [exchange.read_message()["params"] for _ in range(3)]
        assert [(one["progress"], one["message"]) for one in told] == [(n, f"page {n} was read") for n in (1, 2, 3)]
        assert exchange.read_message()["result"]["structuredContent"] == {"result": [1, 2]}


def test_other_calls_get_json(url: str, api: Upstream) -> None:
    api.on("GET", "/things", Reply(headers=JSON, body=b"{}"))
    with send_modern(url, "tools/call", name="list-things", arguments={}, _meta={"progressToken": 1}) as exchange:
        assert exchange.body["result"]["isError"] is False
    with send_modern(url, "tools/call", name="count-things", arguments={}) as exchange:
        assert exchange.body["result"]["isError"] is False


async def test_the_official_client_gets_progress(url: str, api: Upstream) -> None:
    api.on("GET", "/things", Reply(headers=JSON, body=b'{"a": 1}'))
    told: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001 - as its type has it
        told.append(progress)

    async with Client(url) as client:
        await client.call_tool("count-things", {}, progress_callback=note)
    assert told == [1, 2, 3]


# -- cancellation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["list-things", "count-things"])
def test_a_closed_response_cancels_a_stateless_call(gateway: Gateway, url: str, api: Upstream, name: str) -> None:
    if "uvicorn" in " ".join(map(str, gateway.process.args)):  # type: ignore[arg-type]  # a list
        pytest.skip("uvicorn does not cancel an application whose caller has gone")
    api.on("GET", "/things", Reply(until_gone=True))
    exchange = send_modern(url, "tools/call", name=name, arguments={}, _meta={"progressToken": 1})
    api.wait_received(1)
    exchange.close()
    assert api.wait(lambda upstream: upstream.gone == 1)


def has_lost(number: int, upstream: Upstream) -> bool:
    return upstream.gone == number


@pytest.mark.parametrize("name", ["list-things", "count-things"])
def test_a_message_cancels_a_call_of_any_worker(url: str, api: Upstream, name: str) -> None:
    session = initialize(url)
    for number in range(1, 5):
        api.on("GET", "/things", Reply(until_gone=True))
        asked: Any = {"name": name, "arguments": {}, "_meta": {"progressToken": 1}}
        with send_legacy(url, "tools/call", 1, session, **asked) as exchange:
            api.wait_received(number)
            for stranger, identity in ((initialize(url), 1), (None, 1), (session, "1"), (session, 2)):
                with send_legacy(url, "notifications/cancelled", None, stranger, requestId=identity) as message:
                    assert (message.response.status, message.body) == (202, None)
            assert api.gone == number - 1
            with send_legacy(url, "notifications/cancelled", None, session, requestId=1) as message:
                assert message.response.status == 202
            assert api.wait(partial(has_lost, number))
            assert exchange.read_message() is None


def test_a_stateless_cancellation_has_no_effect(url: str, api: Upstream) -> None:
    """The other workers may learn of it after the next call began, so that call has another identifier."""
    api.on("GET", "/things", Reply(headers=JSON, body=b"{}"))
    session = initialize(url)
    with send_legacy(url, "notifications/cancelled", None, session, requestId=1) as message:
        assert message.response.status == 202
    with send_legacy(url, "tools/call", 2, session, name="list-things", arguments={}) as exchange:
        assert exchange.body["result"]["isError"] is False


# -- the end ----------------------------------------------------------------------------------------------------------


def test_streams_end_with_the_process(documents: Path) -> None:
    with Gateway(documents / "streams.yaml", ["tools"], "--sandbox", "--grace", "20") as running:
        url = running.urls["tools"]
        with listen(url, toolsListChanged=True) as stream, open_notifications(url, initialize(url)) as older:
            stream.read_message()
            running.process.send_signal(signal.SIGTERM)
            result = stream.read_message()
            assert (result["id"], result["result"]["resultType"]) == ("sub", "complete")
            assert result["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"] == "sub"
            assert stream.read_message() is None
            assert older.read_message() is None
        assert running.wait() == 0
