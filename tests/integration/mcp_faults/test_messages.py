"""Messages that are invalid, and methods and parameters that are not served."""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.caller import RawConnection, Response, call
from support.mcp_faults import ERAS, FOREIGN, LEGACY, META, MODERN, error, headers, request, send, send_on

if TYPE_CHECKING:
    from support.upstream import Upstream
BATCHED = "2025-03-26"
CLIENT = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}


# -- the message ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize(
    ("identity", "kind"),
    [(None, "null"), (1.5, "a number"), (1e300, "a number"), (True, "a boolean"), ({}, "an object"), ([1], "an array")],
)
def test_an_id_of_another_type(tools: str, version: str, identity: Any, kind: str) -> None:
    response = send(tools, version, request(version, "tools/list", id=identity))
    error(response, 400, -32600, "'id' must be a string or an integer", kind, identity=None)


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize("identity", [2**64, -(2**70), 10**400, "", "é\u2028", "x" * 5000])
def test_an_odd_id_is_given_back(tools: str, version: str, identity: Any) -> None:
    response = send(tools, version, request(version, "tools/list", id=identity))
    assert (response.status, response.json["id"]) == (200, identity)
    assert response.json["result"]["tools"]


@pytest.mark.parametrize("version", ERAS)
def test_an_id_of_thousands_of_digits_is_no_json(tools: str, version: str) -> None:
    body = b'{"jsonrpc":"2.0","method":"ping","id":' + b"9" * 10_000 + b"}"
    error(send(tools, version, body), 400, -32700, "too many digits", identity=None)


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the body is empty"),
        (b" \n", "the body is empty"),
        (b'{"jsonrpc": "2.0",', "line 1, column"),
        (b'{"a": NaN}', "it contains NaN"),
        (b"\xff\xfe", "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"[" * 200_000, "nested more than 128 levels deep"),
        (b'{"jsonrpc":"2.0","id":"\\uD800","method":"ping"}', "an unpaired surrogate"),
    ],
)
def test_what_is_no_json(tools: str, version: str, body: bytes, words: str) -> None:
    error(send(tools, version, body), 400, -32700, "the body", words, identity=None)


@pytest.mark.parametrize("version", ERAS)
def test_a_byte_order_mark_is_skipped(tools: str, version: str) -> None:
    message = request(version, "tools/list")
    routed = headers(version, "tools/list")
    assert call(tools, "/mcp", "POST", routed, b"\xef\xbb\xbf" + json.dumps(message).encode()).json["result"]["tools"]


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"jsonrpc": "1.0"}, "'jsonrpc' must be"),
        ({"jsonrpc": None}, "'jsonrpc' must be"),
        ({"method": 1}, "'method' must be a string"),
        ({"result": {}}, "either 'method', or"),
        ({"error": {"code": 1, "message": "x"}}, "either 'method', or"),
    ],
)
def test_what_is_no_json_rpc(tools: str, version: str, change: dict[str, Any], words: str) -> None:
    error(send(tools, version, request(version, "tools/list") | change), 400, -32600, words)


@pytest.mark.parametrize("version", ERAS)
def test_a_message_without_a_method_or_with_parameters_that_are_no_object(tools: str, version: str) -> None:
    error(send(tools, version, {"jsonrpc": "2.0", "id": 7}), 400, -32600, "'method' is missing")
    odd: list[Any] = [[], "x", 1, False]
    for params in odd:
        error(send(tools, version, request(version, "tools/list", params)), 400, -32602, "'params' must be an object")
    for body in (b"1", b'"x"', b"null", b"true"):
        error(send(tools, version, body), 400, -32600, "a message is a JSON object", identity=None)


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize("method", ["tools/list", "tools/call", "ping", "nope"])
def test_a_request_without_an_id(tools: str, api: Upstream, version: str, method: str) -> None:
    message = request(version, method, {"name": "list-things"})
    del message["id"]
    error(send(tools, version, message), 400, -32600, f"'{method}' is not a notification", "'id'", identity=None)
    assert api.received == []


@pytest.mark.parametrize("version", [LEGACY, BATCHED, None])
def test_notifications_and_responses_of_clients_are_accepted(tools: str, version: str | None) -> None:
    cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    for message in (
        cancelled,
        {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"},
        {"jsonrpc": "2.0", "method": "notifications/nonsense", "params": {"a": 1}},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        {"jsonrpc": "2.0", "id": 1, "error": {"code": "x"}},
    ):
        response = send(tools, version, message)
        assert (response.status, response.body) == (202, b"")


def test_a_response_is_refused_where_clients_send_none(tools: str) -> None:
    error(send(tools, MODERN, {"jsonrpc": "2.0", "id": 7, "result": {}}), 400, -32600, "can only send requests")


# -- batches ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [MODERN, LEGACY, "2025-06-18", "2024-11-05"])
@pytest.mark.parametrize("batch", [[], [{"jsonrpc": "2.0", "id": 1, "method": "ping"}], [1]])
def test_a_batch_is_refused_where_there_are_none(tools: str, version: str, batch: list[Any]) -> None:
    error(
        send(tools, version, batch),
        400,
        -32600,
        f"{version} has no batches",
        "each message in its own POST",
        identity=None,
    )


@pytest.mark.parametrize("version", [BATCHED, None])
def test_a_batch_gets_responses_in_the_revision_with_batches(tools: str, api: Upstream, version: str | None) -> None:
    batch = [
        {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": "b", "method": "tools/call", "params": {"name": "list-things", "arguments": {"n": 2}}},
        {"jsonrpc": "2.0", "id": 3, "method": "nope"},
        {"jsonrpc": "2.0", "id": 4, "method": "initialize", "params": CLIENT},
        7,
    ]
    response = send(tools, version, batch)
    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    ping, called, unknown, handshake, number = response.json
    assert ping == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert (called["id"], called["result"]["isError"], api.last.target) == ("b", False, "/things?n=2")
    assert (unknown["id"], unknown["error"]["code"]) == (3, -32601)
    assert (handshake["id"], handshake["error"]["code"]) == (4, -32600)
    assert (number["id"], number["error"]["code"]) == (None, -32600)
    only = [{"jsonrpc": "2.0", "method": "notifications/initialized"}] * 2
    assert send(tools, version, only).status == 202
    error(send(tools, version, []), 400, -32600, "the batch is empty", identity=None)
    error(send(tools, version, batch[:1] * 101), 400, -32600, "101 messages", "100 are allowed", identity=None)


# -- methods ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("tools/lst", "did you mean 'tools/list'?"),
        ("resources/list", "this server has no resources"),
        ("prompts/get", "this server has no prompts"),
        ("nope", "known: "),
        ("", "known: "),
        ("x" * 100_000, "unknown method 'xxx"),
    ],
)
def test_a_method_that_is_not_served(tools: str, version: str, method: str, words: str) -> None:
    response = send(tools, version, request(version, method), mcp_method=method if len(method) < 100 else None)
    error(response, 404 if version == MODERN else 200, -32601, words)


def test_a_method_of_the_other_era(tools: str) -> None:
    for method in ("initialize", "ping"):
        error(send(tools, MODERN, request(MODERN, method)), 404, -32601, f"'{method}'", "with a handshake only")
    error(send(tools, LEGACY, request(LEGACY, "server/discover")), 200, -32601, "2026-07-28 only")


# -- parameters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ERAS)
@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("tools/call", {}, "params.name: is required"),
        ("tools/call", {"name": 1}, "params.name: must be a string"),
        ("tools/call", {"name": "list-things", "arguments": []}, "params.arguments: must be an object"),
        ("tools/call", {"name": None, "arguments": "x"}, "params.arguments: must be an object; params.name: must be a"),
        ("tools/list", {"cursor": 1}, "params.cursor: must be a string"),
        ("tools/list", {"cursor": "x"}, "params.cursor: unknown"),
        ("tools/list", {"_meta": {**META, "progressToken": [1]}}, "params._meta.progressToken: must be"),
    ],
)
def test_parameters_that_do_not_fit(tools: str, version: str, method: str, params: dict[str, Any], words: str) -> None:
    if version == LEGACY and "_meta" in params:
        params = {"_meta": {"progressToken": [1]}}
    response = send(tools, version, request(version, method, params))
    assert response.json["error"]["code"] == -32602
    error(response, response.status, -32602, words)
    assert response.status in (200, 400)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"protocolVersion": 1}, "params.protocolVersion: must be a string"),
        ({"capabilities": []}, "params.capabilities: must be an object"),
        ({"capabilities": {"roots": {"listChanged": "x"}}}, "params.capabilities.roots.listChanged: must be a boolean"),
        ({"clientInfo": {"name": "c"}}, "params.clientInfo.version: is required"),
        ({"clientInfo": None}, "params.clientInfo: must be an object"),
    ],
)
def test_a_handshake_that_does_not_fit(tools: str, change: dict[str, Any], words: str) -> None:
    for version in (LEGACY, None, MODERN, "1999-01-01"):
        message = {"jsonrpc": "2.0", "id": 7, "method": "initialize", "params": CLIENT | change}
        error(send(tools, version, message), 200, -32602, words)


@pytest.mark.parametrize("version", [None, MODERN, "1999-01-01"])
def test_a_handshake_negotiates_whatever_the_header_says(tools: str, version: str | None) -> None:
    message = {"jsonrpc": "2.0", "id": 7, "method": "initialize", "params": CLIENT}
    assert send(tools, version, message).json["result"]["protocolVersion"] == LEGACY


ODD: list[Any] = [None, True, 0, -1.5, "", "x", [], [1, [2]], {}, {"a": {"b": None}}, 10**30, "\ud800", "é\u2028"]
KEYS = ["name", "arguments", "cursor", "_meta", "task", "protocolVersion", "capabilities", "clientInfo", "uri", "ref"]
METHODS = [
    "initialize",
    "ping",
    "server/discover",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "resources/subscribe",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "logging/setLevel",
    "subscriptions/listen",
    "tasks/get",
    "notifications/cancelled",
    "notifications/progress",
    "nope",
]


@pytest.mark.parametrize("version", [MODERN, LEGACY, BATCHED, None, "1999-01-01"])
@pytest.mark.parametrize("method", METHODS)
def test_no_odd_parameter_shows_foreign_words(tools: str, api: Upstream, version: str | None, method: str) -> None:
    odd: list[Any] = [*ODD, *({key: value} for key, value in product(KEYS, ODD))]
    odd += [{"_meta": {**META, key: value}} for key in META for value in ODD]
    with RawConnection(tools) as connection:
        for params, numbered in product(odd, (True, False)):
            message = request(version, method, params)
            if not numbered:
                del message["id"]
            check_message(send_on(connection, version, message), message)
    assert api.received == []


def check_message(response: Response, message: Any) -> None:
    """A response is a whole one of JSON-RPC, and says nothing of the libraries behind it."""
    assert not FOREIGN.search(response.body), (message, response.body)
    assert response.status in (200, 202, 400, 404), (message, response.body)
    if response.status == 202:
        assert response.body == b""
        return
    body = response.json
    assert ("result" in body) != ("error" in body), message
    if "error" in body:
        assert body["error"]["message"] not in ("", "Invalid request parameters"), (message, body)
        assert body["error"]["code"] != -32603, (message, body)
    assert body["id"] in (message.get("id") if isinstance(message, dict) else None, None)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
META_VALUES = st.dictionaries(st.sampled_from([*META, "progressToken"]), VALUES, max_size=3).map(lambda m: META | m)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    version=st.sampled_from([MODERN, LEGACY, BATCHED, None]),
    method=st.sampled_from(METHODS),
    params=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4) | VALUES,
    meta=st.none() | META_VALUES | VALUES,
)
def test_no_parameters_show_foreign_words(tools: str, version: str | None, method: str, params: Any, meta: Any) -> None:
    message = request(version, method, params)
    if isinstance(params, dict) and meta is not None:
        message["params"] = {**params, "_meta": meta}
    response = send(tools, version, message)
    assert not FOREIGN.search(response.body), (message, response.body)
    assert response.status in (200, 202, 400, 404), (message, response.body)
