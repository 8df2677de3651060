"""The invariant through the whole server: no byte of one caller's exchange is ever part of another one's.

Callers, a gateway with every kind of expose, and an upstream, driven step by step: see docs/adr/0015.
"""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final, Self

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.exposes.app_services import AppServices
from naftiko_runtime.exposes.kinds import get_kind
from naftiko_runtime.http_client import ClientOptions, HttpClient, open_client
from naftiko_runtime.http_server.app_config import AppConfig
from naftiko_runtime.http_server.listener import Listener
from naftiko_runtime.http_server.listening_sockets import open_socket
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load_source
from naftiko_runtime.plan import RestServer
from naftiko_runtime.server.listeners import SERVER_LIMITS
from naftiko_runtime.source import parse_source
from support.exchange_scripts import (
    ALL,
    GO_ON,
    MORE,
    ODD,
    PICKS,
    READ,
    READ_RESPONSES,
    RESPOND,
    SIZES,
    STEPS,
    CallerSteps,
    Step,
    UpstreamSteps,
    at_once,
    scripts_of,
    step,
)
from support.exchange_streams import Foreign, Message, in_two_chunks, make_request, request_body, response_body
from support.silent_logs import silence_logs
from support.stepped_sockets import Caller, StepSocket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.plan import Plan

CALLERS_MAX: Final = 3
WAITING_MAX: Final = 4
DOCUMENT: Final = """
naftiko: 1.0.0-alpha2
info: {{label: Exchanges}}
capability:
  consumes:
    - type: http
      namespace: api
      baseUri: http://127.0.0.1:{port}
      resources:
        - path: /exchange/{{number}}
          operations:
            - {{name: send, method: POST}}
            - name: tell
              method: PUT
              inputParameters: [{{name: number, in: path}}, {{name: text, in: body}}]
              body: {{type: json, data: {{text: "{{{{text}}}}"}}}}
  exposes:
    - type: rest
      namespace: web
      port: 0
      address: 127.0.0.1
      resources:
        - path: /call/exchange/{{number}}
          operations: [{{method: POST, call: api.send}}]
        - path: /forward/{{path}}
          forward: {{targetNamespace: api}}
    - type: mcp
      namespace: tools
      port: 0
      address: 127.0.0.1
      tools:
        - {{name: tell, description: Tells, call: api.tell,
           inputParameters: [{{name: number, type: string}}, {{name: text, type: string}}],
           with: {{number: tools.number, text: tools.text}}}}
"""


def plan_for(port: int) -> Plan:
    loaded = load_source(parse_source(DOCUMENT.format(port=port).encode(), "exchanges.yml"), Overrides())
    assert loaded.plan is not None, [str(one) for one in loaded.diagnostics]
    return loaded.plan


class Gateway(CallerSteps, UpstreamSteps):
    """A gateway between callers and an upstream that do anything at any moment."""

    def __init__(self, client: HttpClient) -> None:
        super().__init__()
        self.callers: list[Caller] = []
        self._number = 0
        self._ports: dict[str, int] = {}
        self._listeners: list[Listener] = []
        self._stack = AsyncExitStack()
        self.stepping.run(self._open(client))

    async def _open(self, client: HttpClient) -> None:
        binding = bind(plan_for(self.upstream.port), {}, lambda: open_client(ClientOptions(client)))
        bound = await self._stack.enter_async_context(binding)
        for server in bound.servers:
            app = await self._stack.enter_async_context(
                get_kind(server.server).open_app([server], AppServices(CallerPolicy()))
            )
            listener = Listener(open_socket("127.0.0.1", 0, "the test"), AppConfig(app), SERVER_LIMITS)
            await listener.start()
            self._listeners.append(listener)
            self._ports["rest" if isinstance(server.server, RestServer) else "mcp"] = listener.port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for caller in self.callers:
            caller.close()
        self.stepping.run(self._stop())
        self.settle()
        self.stepping.run(self._stack.aclose())
        self.end()

    async def _stop(self) -> None:
        for listener in self._listeners:
            listener.stop_accepting()
            listener.abort()

    async def _tick(self) -> None:
        for listener in self._listeners:
            listener.tick()

    # -- what callers do ------------------------------------------------------------------------------------------

    def _open_callers(self, kind: str) -> list[Caller]:
        return [one for one in self.callers if one.kind == kind and not (one.closed or one.ends or one.peer_ended)]

    def ask(self, pick: int, how: str, size: int, first: int) -> None:
        """Another request, on a connection that may have others in progress."""
        kind = "mcp" if how == "mcp" else "rest"
        callers = self._open_callers(kind)
        if len(callers) < CALLERS_MAX and pick >= len(callers):
            caller = Caller(self._ports[kind], self.check_message, kind)
            self.callers.append(caller)
        else:
            caller = callers[pick % len(callers)]
        if len(caller.asked) - len(caller.responses.messages) >= WAITING_MAX:
            return
        self._number += 1
        method, request, sent = _request(how, self._number, size)
        self.upstream.expected[self._number] = sent
        if method in ("GET", "HEAD", "PUT", "mcp"):
            self.upstream.repeatable.add(self._number)
        caller.ask(self._number, method, request)
        self.settle()
        caller.send_more(first)

    def time_passes(self, seconds: float) -> None:
        """Deadlines strike, and connections are closed that were idle for long."""
        self.stepping.skip(seconds)
        self.stepping.rounds()
        self.stepping.run(self._tick())

    # -- what holds -----------------------------------------------------------------------------------------------

    def _sockets(self) -> list[StepSocket]:
        return [*super()._sockets(), *self.callers]

    def check_message(self, response: Message, number: int, method: str) -> None:
        """A caller has the response of its own request, or one of the gateway."""
        etag = response.headers.get(b"etag")
        if method == "mcp":
            self._check_result(response, number)
        elif etag is not None:
            if etag.strip(b'"') not in (b"%06d" % number, b"W/%06d" % number):
                raise Foreign(f"exchange {number} got the response of {etag!r}")
            self.check_response(number, method, response.body, complete=response.complete)
        elif method != "HEAD" and (b"foreign" in response.body or b"smuggled" in response.body):
            raise Foreign(f"exchange {number} got {bytes(response.body[:200])!r}")

    def _check_result(self, response: Message, number: int) -> None:
        if not response.complete or response.headers[b"content-type"] == b"application/problem+json":
            return
        result = json.loads(response.body)
        if result["id"] != number:
            raise Foreign(f"exchange {number} got the result of {result['id']}")
        text = result["result"]["content"][0]["text"] if result["result"].get("content") else ""
        expected = response_body(number, self.responses.get(number, 0)).decode()
        if "foreign" in text and expected[:60] not in text:
            raise Foreign(f"exchange {number} got {text[:200]!r}")
        others = [
            line for line in text.splitlines() if line.startswith("etag: ") and int(line[6:] or 0) not in (number, 0)
        ]
        if any(len(line) == 12 for line in others):
            raise Foreign(f"exchange {number} got {others[0]!r}")

    def check(self) -> None:
        assert not self.stepping.problems

    def check_that_it_goes_on(self) -> None:
        """Whatever happened before, new callers get their own responses."""
        for caller in self.callers:
            caller.close()
        self.settle()
        for how in ("forward", "chunks", "call", "mcp"):
            kind = "mcp" if how == "mcp" else "rest"
            caller = Caller(self._ports[kind], self.check_message, kind)
            self.callers.append(caller)
            self._number += 1
            method, request, sent = _request(how, self._number, 100)
            self.upstream.expected[self._number] = sent
            caller.ask(self._number, method, request)
            caller.send_more(ALL)
            self.finish_exchanges()
            caller.read(ALL)
            assert [response.status for response in caller.responses.messages] == [200], how
            assert caller.responses.messages[0].complete


def _request(how: str, number: int, size: int) -> tuple[str, bytes, bytes]:
    """A method, a request to the gateway, and the body that the upstream is to get."""
    body = request_body(number, size)
    match how:
        case "get" | "head":
            method = how.upper()
            return method, make_request(method, f"/forward/exchange/{number}", []), b""
        case "chunks":
            head = make_request("POST", f"/forward/exchange/{number}", ["transfer-encoding: chunked"])
            return "POST", head + in_two_chunks(body), body
        case "mcp":
            return "mcp", *_tool_call(number, body.decode())
        case _:
            return "POST", make_request("POST", f"/{how}/exchange/{number}", [f"content-length: {size}"]) + body, body


def _tool_call(number: int, text: str) -> tuple[bytes, bytes]:
    arguments = {"number": str(number), "text": text}
    message = {
        "jsonrpc": "2.0",
        "id": number,
        "method": "tools/call",
        "params": {"name": "tell", "arguments": arguments},
    }
    body = json.dumps(message).encode()
    lines = [
        "content-type: application/json",
        "accept: application/json, text/event-stream",
        "mcp-protocol-version: 2025-06-18",
        f"content-length: {len(body)}",
    ]
    return make_request("POST", "/mcp", lines) + body, json.dumps({"text": text}, separators=(",", ":")).encode()


HOWS = st.sampled_from(["forward", "chunks", "call", "mcp", "get", "head"])
ASK = step("ask", pick=PICKS, how=HOWS, size=SIZES, first=STEPS)
RARE = st.one_of(
    step("caller_leaves", pick=PICKS, how=st.sampled_from(["close", "reset", "half"])),
    step("time_passes", seconds=st.sampled_from([1.0, 5.0, 31.0, 100.0])),
    ODD,
)
SINGLE = st.one_of(ASK, READ, RESPOND, MORE, READ_RESPONSES, GO_ON, RARE)
MEANWHILE = st.one_of(MORE, READ_RESPONSES, GO_ON, READ)
RESPONDING = st.one_of(at_once(RESPOND, MORE), RESPOND)
EXCHANGE = st.tuples(ASK, READ, RESPONDING, MEANWHILE, at_once(MORE, GO_ON), READ_RESPONSES).map(list)
SCRIPTS = scripts_of(SINGLE, EXCHANGE)


def asked(how: str, size: int, first: int, pick: int = 0) -> Step:
    return Step("ask", {"pick": pick, "how": how, "size": size, "first": first})


def early(how: str, body: int, first: int, response: int) -> Iterator[Step]:
    """A response before the body was sent, on a connection that is kept; then somebody else's request."""
    refused = {"pick": 0, "size": response, "framing": "length", "status": 403, "keeps": True, "first": ALL}
    more = Step("send_more", {"pick": 0, "more": ALL})
    yield asked(how, body, first)
    yield Step("upstream_reads", {"pick": 0, "size": ALL})
    yield Step("at_once", {"steps": (more, Step("upstream_responds", refused))})
    yield more
    yield Step("upstream_goes_on", {"pick": 0, "size": ALL})
    for _ in range(20):
        yield Step("read_responses", {"pick": 0, "size": ALL})
    yield asked("forward", 70, ALL, pick=1)
    yield Step("upstream_reads", {"pick": 0, "size": ALL})


@pytest.fixture(autouse=True, scope="module")
def _without_logs() -> Iterator[None]:
    """Thousands of requests fail, each with a line, and an error of the application with a traceback."""
    with silence_logs():
        yield


@pytest.mark.parametrize("client", ["native", "httpx2"])
@settings(max_examples=50)
@given(script=SCRIPTS)
@example(script=list(early("forward", 5_000, 300, 5)))
@example(script=list(early("chunks", 5_000, 300, 5)))
@example(script=list(early("call", 5_000, 300, 300_000)))
@example(script=list(early("call", 600_000, 300, 5)))
@example(script=list(early("mcp", 600_000, ALL, 5)))
def test_no_byte_of_one_callers_exchange_is_part_of_another(client: HttpClient, script: list[Step]) -> None:
    with Gateway(client) as gateway:
        gateway.run_script(script)
