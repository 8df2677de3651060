"""The requests of the instruction counts, their caller, and the upstream behind the counted server.

Caller and upstream send a message in one piece, and only while the server between them sleeps. So the event loop of the
server turns equally often in every run, however the machine shares its cores.
"""

import http.client
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

from bench.payloads import GIF
from bench.process import Process

RESPONSE_SECONDS = 60.0
POLL_SECONDS = 0.0002
HOST = "127.0.0.1"
FIELDS = {
    "imo": "9074729",
    "name": "Aurora",
    "flag": "NO",
    "tonnage": 51200,
    "active": True,
    "crew": [f"Sailor {number}" for number in range(12)],
}
JSON_BYTES = 1024


def _make_ship() -> bytes:
    """Return 1 KB of JSON that contains the six fields."""
    ship: dict[str, Any] = {
        "imo": FIELDS["imo"],
        "name": FIELDS["name"],
        "registry": {"flag": FIELDS["flag"], "port": "Bergen"},
        "tonnage": {"gross": FIELDS["tonnage"], "net": 30100},
        "active": FIELDS["active"],
        "crew": [{"name": f"Sailor {number}", "rank": "able", "since": 2001 + number} for number in range(12)],
        "log": "",
    }
    ship["log"] = "x" * (JSON_BYTES - len(json.dumps(ship, separators=(",", ":"))))
    return json.dumps(ship, separators=(",", ":")).encode()


def _make_response(content_type: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nCache-Control: no-store\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


RESPONSES = {
    "/v1/pixel/track": _make_response("image/gif", GIF),
    "/v1/ships/9074729": _make_response("application/json", _make_ship()),
}


PROTECTED = ("jwt", "jwt-tool")
"""The names of the cases with authentication."""


def await_idle(process: Process) -> None:
    """Wait until a process sleeps or has ended."""
    while not process.sleeping() and not process.exited():
        time.sleep(POLL_SECONDS)


class _Upstream(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    requests = 0
    counted: Process | None = None

    def __init__(self, address: tuple[str, int], handler: type[socketserver.BaseRequestHandler]) -> None:
        self.one_at_a_time = threading.Lock()
        super().__init__(address, handler)


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Upstream

    def handle(self) -> None:
        while line := self.rfile.readline():
            while self.rfile.readline().strip():
                pass
            with self.server.one_at_a_time:  # so three concurrent calls wake the server three times in every run
                self.server.requests += 1
                if self.server.counted is not None:
                    await_idle(self.server.counted)
                self.wfile.write(RESPONSES[line.split()[1].partition(b"?")[0].decode()])


@dataclass(frozen=True, slots=True)
class Upstream:
    """An upstream in threads of this process: GIF and JSON over keep-alive connections."""

    server: _Upstream

    @property
    def base(self) -> str:
        """The base URI of the consumed API."""
        return f"http://{HOST}:{self.server.server_address[1]}/v1"

    def requests(self) -> int:
        """Return the number of requests so far."""
        return self.server.requests

    def respond_only_while_idle(self, process: Process) -> None:
        """Respond only while this process is idle, from now on."""
        self.server.counted = process

    @classmethod
    @contextmanager
    def run(cls) -> Iterator[Self]:
        """For the time of a block."""
        with _Upstream((HOST, 0), _Connection) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield cls(server)
            finally:
                server.shutdown()
                thread.join()


@dataclass(frozen=True, slots=True)
class Case:
    """A request that is repeated, the check of a response's body, and the calls of the upstream for each request.

    Attributes:
        base: A case that does the same with less around it. The bare pair is not counted again.
        bound: How many times as much as that one it may cost.
    """

    name: str
    request: bytes
    right: Callable[[bytes], bool]
    calls: int = 1
    base: "Case | None" = None
    bound: float = 1.0


def _make_request(line: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{line} HTTP/1.1", f"Host: {HOST}", "User-Agent: bench", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join([*lines, "\r\n"]).encode() + body


def _make_tool_call() -> bytes:
    meta = "io.modelcontextprotocol/"
    parameters = {
        "name": "get-ship",
        "arguments": {"imo": FIELDS["imo"]},
        "_meta": {
            f"{meta}protocolVersion": "2026-07-28",
            f"{meta}clientInfo": {"name": "bench", "version": "1"},
            f"{meta}clientCapabilities": {},
        },
    }
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": parameters}).encode()
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": "get-ship",
        "Content-Length": str(len(body)),
    }
    return _make_request("POST /mcp", headers, body)


PIXEL = Case("pixel", _make_request("GET /v1/pixel/track?data=e30%3D", {"Accept": "*/*"}), lambda body: body == GIF)
MAPPED = Case("mapped", _make_request("GET /ships/9074729", {"Accept": "*/*"}), lambda body: json.loads(body) == FIELDS)
TOOL = Case(
    "tool", _make_tool_call(), lambda body: json.loads(body).get("result", {}).get("structuredContent") == FIELDS
)
ONE_STEP = replace(MAPPED, name="one-step", request=_make_request("GET /one-step/9074729", {"Accept": "*/*"}))
THREE_STEPS = replace(
    MAPPED, name="three-steps", request=_make_request("GET /three-steps/9074729", {"Accept": "*/*"}), calls=3
)
MANY_TOOLS = replace(TOOL, name="many-tools", base=TOOL, bound=1.1)
CASES = (PIXEL, MAPPED, TOOL, ONE_STEP, THREE_STEPS, MANY_TOOLS)


def make_protected_cases(token: str) -> tuple[Case, Case]:
    """Return the route and the tool with a caller's token, which is checked once and then known."""
    authorization = b"\r\nAuthorization: Bearer %s\r\nAccept:" % token.encode()
    route, tool = (
        replace(
            base,
            name=name,
            request=base.request.replace(b"\r\nAccept:", authorization, 1),
            base=base,
            bound=1.15,
        )
        for name, base in zip(PROTECTED, (MAPPED, TOOL), strict=True)
    )
    return route, tool


class WrongResponseError(Exception):
    """The server responded wrongly, so its count would mean nothing."""


@dataclass(slots=True)
class Caller:
    """One keep-alive connection, which sends a request after the response to the last one."""

    case: Case
    connection: socket.socket
    upstream: Upstream
    server: Process
    body: bytes | None = field(default=None, init=False)

    @classmethod
    @contextmanager
    def connect(cls, case: Case, port: int, upstream: Upstream, server: Process) -> Iterator[Self]:
        """For the time of a block."""
        with socket.create_connection((HOST, port), RESPONSE_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield cls(case, connection, upstream, server)

    def send_requests(self, times: int) -> None:
        """Raise `WrongResponseError` if a response is wrong, or not the upstream's."""
        before = self.upstream.requests()
        for _ in range(times):
            self._ask()
        if (arrived := self.upstream.requests() - before) != times * self.case.calls:
            raise WrongResponseError(f"{self.case.name}: the upstream received {arrived} requests for {times}")

    def _ask(self) -> None:
        await_idle(self.server)
        self.connection.sendall(self.case.request)
        response = http.client.HTTPResponse(self.connection)
        response.begin()
        body = response.read()
        if response.status != http.HTTPStatus.OK or not self._is_right(body):
            raise WrongResponseError(f"{self.case.name}: got {response.status} {body[:300]!r}")

    def _is_right(self, body: bytes) -> bool:
        """Check the first body; all others must be the same."""
        if self.body is None and self.case.right(body):
            self.body = body
        return body == self.body
