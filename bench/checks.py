"""Checks of a contender: its responses, and what the upstream received, are compared with what is expected.

The checks run before the first round and after the last, so that no figure is from a server that is fast but wrong.
"""

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.client import Request, Response, send_request
from bench.upstream import Upstream

SENT = {
    "User-Agent": "Mozilla/5.0 (bench; naftiko)",
    "Referer": "https://shop.example/cart?step=2",
    "Accept-Language": "de-CH, fr;q=0.7",
}
# Cookies and credentials of the caller: no contender may pass them on.
PRIVATE = {"Cookie": "a=b", "Authorization": "Bearer none"}


def keep_bytes(body: bytes) -> object:
    return body


def parse_json(body: bytes) -> object:
    return json.loads(body)


def parse_tool_result(body: bytes) -> object:
    """Return the text's value, whether the tool failed, and the structured content (by default the text's value)."""
    result: dict[str, Any] = _parse_message(body)["result"]
    text = json.loads(result["content"][0]["text"])
    return {"failed": result.get("isError", False), "text": text, "structured": result.get("structuredContent", text)}


def make_tool_result(value: object) -> object:
    """Return what :func:`parse_tool_result` returns for a correct result."""
    return {"failed": False, "text": value, "structured": value}


def parse_success(body: bytes) -> object:
    """Return whether a tool did not fail: for results that servers return as different kinds of content."""
    return not _parse_message(body)["result"].get("isError", False)


def _parse_message(body: bytes) -> Any:
    """Decode a JSON-RPC message, also from a stream with one event."""
    if body.startswith((b"event:", b"data:")):
        body = next(line for line in body.splitlines() if line.startswith(b"data:")).removeprefix(b"data:")
    return json.loads(body)


@dataclass(frozen=True, slots=True)
class Check:
    """A request, and what is expected of it.

    Attributes:
        request: The request.
        uri: The URI that the upstream must receive, byte for byte.
        expected: What `read` must return for the body.
        read: Decodes the body for the comparison.
        headers: The headers that the response must have.
        calls: How many times the upstream must receive it.
        passes_on: Whether User-Agent, Referer and Accept-Language must reach the upstream, with X-Forwarded-*.
    """

    request: Request
    uri: str
    expected: object
    read: Callable[[bytes], object] = keep_bytes
    headers: tuple[tuple[str, str], ...] = ()
    passes_on: bool = False
    calls: int = 1

    def find_faults(self, port: int, upstream: Upstream) -> list[str]:
        """Describe everything that is not as expected; empty if all is."""
        upstream.clear_record()
        try:
            response = send_request(port, self.request, {**SENT, **PRIVATE})
        except (OSError, http.client.HTTPException) as error:
            return [f"no response: {error!r}"]
        found = self._compare_response(response)
        seen = upstream.wait_records(self.calls)
        if len(seen) != self.calls:
            return [*found, f"the upstream received it {len(seen)} times"]
        received = self._read_received(port)
        return found + [fault for each in seen for fault in _list_differences("the upstream's", received, each)]

    def _compare_response(self, response: Response) -> list[str]:
        try:
            body = self.read(response.body)
        except (ValueError, KeyError, IndexError, TypeError, StopIteration):
            body = response.body
        expected: dict[str, object] = {"status": 200, "body": self.expected, **dict(self.headers)}
        return _list_differences(
            "the response's", expected, {"status": response.status, "body": body, **response.headers}
        )

    def _read_received(self, port: int) -> dict[str, object]:
        received: dict[str, object] = {"uri": self.uri, "Cookie": "", "Authorization": ""}
        if not self.passes_on:
            return received
        return {
            **SENT,
            **received,
            "X-Forwarded-For": "127.0.0.1",
            "X-Forwarded-Proto": "http",
            "X-Forwarded-Host": f"127.0.0.1:{port}",
        }


@dataclass(frozen=True, slots=True)
class Checks:
    """The request of the load, what the upstream receives of it, and the checks."""

    load: Request
    uri: str
    checks: tuple[Check, ...]

    @property
    def calls(self) -> int:
        """How many times the upstream receives each request of the load."""
        return self.checks[0].calls

    def find_wrong_responses(self, port: int, upstream: Upstream) -> list[str]:
        """Describe what the first failing check finds; empty if all pass."""
        for check in self.checks:
            if faults := check.find_faults(port, upstream):
                return [f"{check.request.method} {check.request.target}: {fault}" for fault in faults]
        return []


def _list_differences(whose: str, expected: Mapping[str, object], actual: Mapping[str, object]) -> list[str]:
    return [
        f"{whose} {name} is {_shorten(actual.get(name))}, not {_shorten(value)}"
        for name, value in expected.items()
        if actual.get(name) != value
    ]


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"  # noqa: PLR2004
