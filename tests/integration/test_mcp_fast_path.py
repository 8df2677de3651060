"""The fast path gives the same JSON value as the SDK: every message here is sent to both."""

from __future__ import annotations

import asyncio
import json
import threading
from base64 import b64encode
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.exposes.app_services import AppServices
from naftiko_runtime.exposes.kinds import get_kind
from naftiko_runtime.http_client import ClientOptions, open_client
from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from naftiko_runtime.plan import McpServer
from naftiko_runtime.secret import make_placeholders
from support.caller import call
from support.listeners import start_listener
from support.upstream import GIF, Reply, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.caller import Response

DOCUMENTS = Path(__file__).parent / "documents"
ROOT = Path(__file__).parent.parent.parent
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
        shown = [(a.status, {**a.headers, "date": "", "content-length": ""}, a.body and a.json) for a in responses]
        assert shown[0] == shown[1], f"{headers}\n{body!r}"
        return responses[0]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        odd = {"a": 'é"\\/\u2028\x7f', "n": [1, 1.5, 1e15, -0.0, 123456789012345678901234567890, None, True], "e": {}}
        for name, reply in {
            "json": Reply(headers={"content-type": "application/json"}, body=json.dumps(odd).encode()),
            "plain": Reply(headers={"content-type": "application/json"}, body=json.dumps(PLAIN).encode()),
            "numbers": Reply(headers={"content-type": "application/json"}, body=DIGITS),
            "yaml": Reply(
                headers={"content-type": "application/yaml"}, body=b"a: .nan\nb: [-.inf, 1.25, 0x1F, .inf]\n"
            ),
            "list": Reply(headers={"content-type": "application/json"}, body=b"[1, 2.5]"),
            "text": Reply(headers={"content-type": "text/plain"}, body="é\r\n\x01 </script>".encode()),
            "gif": Reply(headers={"content-type": "image/gif"}, body=GIF),
            "audio": Reply(headers={"content-type": "audio/wav"}, body=b"\xff"),
            "blob": Reply(headers={"content-type": "application/x"}, body=b"\xff\0"),
            "empty": Reply(204),
            "missing": Reply(404, {"content-type": "application/json"}, b'{"why": "\xc3\xa9"}'),
        }.items():
            server.on("GET", f"/{name}", reply)
        yield server


@pytest.fixture(scope="module")
def both(upstream: Upstream, server: str) -> Iterator[Both]:
    with served(server, FILE, Overrides({"api": upstream.url}, host="127.0.0.1")) as found:
        yield found


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


TOOLS = [
    "json",
    "plain",
    "numbers",
    "yaml",
    "list",
    "text",
    "gif",
    "audio",
    "blob",
    "empty",
    "missing",
    "shaped",
    "typed",
    "mock",
]


@pytest.mark.parametrize("version", [MODERN, *LEGACY])
def test_every_kind_of_response(both: Both, version: str | None) -> None:
    for name in TOOLS:
        for arguments in (
            {},
            {"limit": 3},
            {"limit": "x"},
            {"unknown": [1, {"a": None}]},
            {"limit": 1.5, "id": "9e-2E"},
        ):
            response = both.ask(headers(version, name), encoded(message(version, name, arguments)))
            assert (response.status, both.to_sdk) == (200, 1), f"{name}: the fast path was not taken"


@pytest.mark.parametrize("version", [MODERN, *LEGACY])
def test_numbers_keep_their_digits(both: Both, version: str | None) -> None:
    response = both.ask(headers(version, "numbers"), encoded(message(version, "numbers")))
    assert b'"structuredContent":' + DIGITS in response.body
    assert json.dumps(DIGITS.decode()).encode() in response.body


@pytest.mark.parametrize("version", [MODERN, *LEGACY])
@pytest.mark.parametrize("identity", [0, -7, "", "a", "é\u2028", "1"])
def test_identities(both: Both, version: str | None, identity: Any) -> None:
    response = both.ask(headers(version), encoded(message(version, id=identity)))
    assert response.json["id"] == identity
    assert both.to_sdk == 1


@pytest.mark.parametrize("version", [MODERN, LEGACY[0]])
def test_a_trace_that_is_another_one_in_every_call_is_nothing_odd(both: Both, version: str, upstream: Upstream) -> None:
    sent = message(version)
    for number in range(1, 4):
        parent = f"00-{number:032x}-{number:016x}-01"
        sent["params"]["_meta"] = {**(META if version == MODERN else {}), "traceparent": parent, "tracestate": "a=1"}
        both.ask(headers(version), encoded(sent))
        assert both.to_sdk == 1, "the fast path was not taken"
        assert [one.header("traceparent") for one in upstream.received[-2:]] == [parent, parent]
        assert upstream.last.header("tracestate") == "a=1"


@pytest.mark.parametrize("version", [MODERN, LEGACY[0]])
def test_envelopes(both: Both, version: str) -> None:
    base: dict[str, Any] = META if version == MODERN else {}
    envelopes: list[Any] = [
        {**base, "progressToken": 1},
        {**base, "progressToken": "x"},
        {**base, "progressToken": None},
        {**base, "progressToken": [1]},
        {**base, "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "a=1"},
        {**base, "traceparent": "nonsense", "tracestate": "\r\n", "baggage": "é"},
        {**base, "traceparent": 1, "tracestate": [], "baggage": {}, "progressToken": True},
        {**base, "x/y": {"a": [1]}},
        {**base, "x/y": "too long to be remembered " * 50},
        {**base, "io.modelcontextprotocol/clientCapabilities": {"sampling": {}, "elicitation": {"form": {}}}},
        {**base, "io.modelcontextprotocol/clientCapabilities": []},
        {**base, "io.modelcontextprotocol/clientInfo": {"name": 1}},
        {**base, "io.modelcontextprotocol/protocolVersion": "2025-06-18"},
        {**base, "io.modelcontextprotocol/protocolVersion": None},
        {},
        None,
        [],
        "x",
    ]
    for meta in envelopes:
        sent = message(version)
        sent["params"]["_meta"] = meta
        for _ in range(2):  # the first one must not change what becomes of the second
            both.ask(headers(version), encoded(sent))
    sent["params"].pop("_meta")
    both.ask(headers(version), encoded(sent))


RICH: list[Any] = [
    {"progressToken": 7, "com.example/turn": 3, "com.example/ids": ["a", {"b": None}]},
    {"traceparent": 1, "tracestate": [], "baggage": {}},
    {"io.modelcontextprotocol/clientInfo": META["io.modelcontextprotocol/clientInfo"]},
    {
        "io.modelcontextprotocol/clientInfo": {
            "name": "c",
            "version": "1",
            "title": None,
            "description": "d",
            "websiteUrl": "https://example.com",
            "icons": [{"src": "data:,", "mimeType": "image/png", "sizes": ["any"], "theme": "dark"}, {"src": ""}],
            "more": 1,
        }
    },
    {"io.modelcontextprotocol/clientInfo": None},
    {
        "io.modelcontextprotocol/clientCapabilities": {
            "experimental": {"a": {"b": 1}},
            "extensions": {"x/y": {"z": []}},
            "roots": {"listChanged": None},
            "unknown": [1],
        }
    },
]


@pytest.mark.parametrize("meta", RICH, ids=str)
@pytest.mark.parametrize("version", [MODERN, LEGACY[0], None])
def test_the_shape_of_an_envelope_decides_and_not_what_came_before(both: Both, version: str | None, meta: Any) -> None:
    sent = message(version)
    sent["params"]["_meta"] = (META if version == MODERN else {}) | meta
    both.ask(headers(version), encoded(sent))
    assert both.to_sdk == 1, "the fast path was not taken"
    sent["params"]["_meta"]["progressToken"] = [1]
    for _ in range(2):
        both.ask(headers(version), encoded(sent))
        assert both.to_sdk == 0, "a message with a fault is neither the SDK's nor the fast path's"


ODD: list[Any] = [
    {},
    [],
    "x",
    {"jsonrpc": "1.0"},
    {"jsonrpc": None},
    {"id": None},
    {"id": 1.5},
    {"id": True},
    {"id": [1]},
    {"id": 2**70},
    {"method": "tools/list"},
    {"method": "ping"},
    {"method": "nope"},
    {"method": 1},
    {"params": None},
    {"params": []},
    {"params": {}},
    {"params": {"name": "json"}},
    {"params": {"name": "nope", "arguments": {}}},
    {"params": {"name": 1, "arguments": {}}},
    {"params": {"name": "json", "arguments": []}},
    {"params": {"name": "json", "arguments": None}},
    {"params": {"name": "json", "arguments": {}, "task": {"ttl": 1}}},
    {"params": {"name": "json", "arguments": {"limit": 10**30}}},
    {"params": {"name": "json", "arguments": {"limit": 0.1 + 0.2}}},
    {"more": 1},
    {"result": {}},
    {"error": {"code": 1, "message": "x"}},
]


@pytest.mark.parametrize("version", [MODERN, LEGACY[0], None])
@pytest.mark.parametrize("odd", ODD, ids=str)
def test_odd_messages(both: Both, version: str | None, odd: Any) -> None:
    whole = odd if not isinstance(odd, dict) or not odd else message(version) | odd
    if isinstance(odd, dict) and isinstance(odd.get("params"), dict) and version == MODERN:
        whole["params"] = {"_meta": META, **odd["params"]}
    both.ask(headers(version), encoded(whole))


@pytest.mark.parametrize("version", [MODERN, LEGACY[0], None])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"\xff",
        b"NaN",
        b'{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":{"name":"json"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"json","arguments":{"a":1e999}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"json","arguments":{"a":NaN}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"json","arguments":{"a":"\\ud800"}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"json","arguments":{"a":'
        + b"[" * 500
        + b"]" * 500
        + b"}}}",
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"json"}}'.encode("utf-16"),
        b"\xef\xbb\xbf" + encoded(message(None)),
        encoded(message(None)) + b" " * BODY_BYTES_MAX,
    ],
    ids=lambda body: body[:20],
)
def test_odd_bodies(both: Both, version: str | None, body: bytes) -> None:
    both.ask(headers(version), body)


@pytest.mark.parametrize("version", [MODERN, *LEGACY])
@pytest.mark.parametrize(
    "more",
    [
        {"content_type": None},
        {"content_type": "text/plain"},
        {"content_type": "application/json; charset=utf-8"},
        {"content_type": "Application/JSON"},
        {"accept": None},
        {"accept": "application/json"},
        {"accept": "*/*;q=0.5"},
        {"accept": "text/event-stream"},
        {"accept": "APPLICATION/JSON;q=0"},
        {"accept": "application/json" + ", text/x" * 200},
        {"mcp_method": "tools/list"},
        {"mcp_method": None},
        {"mcp_name": "nope"},
        {"mcp_name": "json "},
        {"mcp_name": "=?base64?" + b64encode(b"json").decode() + "?="},
        {"mcp_name": None},
        {"mcp_param_limit": "3"},
        {"mcp_session_id": "x"},
        {"mcp_protocol_version": "1999-01-01"},
        {"mcp_protocol_version": "2026-07-28 "},
        {"mcp_protocol_version": "2025-06-18"},
        {"origin": "http://localhost:1"},
        {"origin": "https://evil.example"},
    ],
    ids=str,
)
def test_odd_headers(both: Both, version: str | None, more: dict[str, str | None]) -> None:
    both.ask(headers(version, more=more), encoded(message(version)))


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
        *(path for path in sorted(ROOT.glob("capabilities/*.yaml")) if ".sandbox." not in path.name),
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


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150)
@given(
    version=st.sampled_from([MODERN, *LEGACY]),
    name=st.sampled_from(TOOLS) | st.text(max_size=4),
    arguments=st.dictionaries(st.sampled_from(["limit", "a", "é"]) | st.text(max_size=3), VALUES, max_size=3),
    identity=st.integers(-10, 10) | st.text(max_size=3) | VALUES,
    extra=st.dictionaries(st.sampled_from(["task", "_meta", "name"]), VALUES, max_size=1),
)
def test_any_message(
    both: Both, version: str | None, name: str, arguments: dict[str, Any], identity: Any, extra: dict[str, Any]
) -> None:
    sent = message(version, name, arguments, id=identity)
    sent["params"] |= extra
    header = name if name.isascii() and name.isprintable() else "json"
    both.ask(headers(version, header), encoded(sent))
