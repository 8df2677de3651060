"""Whether a contender does its work: its answers, and what the upstream received, compared with what must be.

Checked before the first round and again after the last, so that no figure stands for a server that
is fast at being wrong.
"""

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.client import Answer, Request, send_request
from bench.upstream import Upstream

SENT = {
    "User-Agent": "Mozilla/5.0 (bench; naftiko)",
    "Referer": "https://shop.example/cart?step=2",
    "Accept-Language": "de-CH, fr;q=0.7",
}
# Cookies and credentials are the caller's own: sent to see that no contender passes them on.
PRIVATE = {"Cookie": "a=b", "Authorization": "Bearer none"}


def as_bytes(body: bytes) -> object:
    return body


def as_json(body: bytes) -> object:
    return json.loads(body)


def as_tool_result(body: bytes) -> object:
    """The value of a tool's text, whether it failed, and the structured content, which may be left out."""
    result: dict[str, Any] = _message(body)["result"]
    text = json.loads(result["content"][0]["text"])
    return {"failed": result.get("isError", False), "text": text, "structured": result.get("structuredContent", text)}


def tool_result(value: object) -> object:
    """What :func:`as_tool_result` finds where all is well."""
    return {"failed": False, "text": value, "structured": value}


def as_success(body: bytes) -> object:
    """Only whether a tool did not fail: for what servers give as different kinds of content."""
    return not _message(body)["result"].get("isError", False)


def _message(body: bytes) -> Any:
    """A JSON-RPC message, also out of a stream with one event."""
    if body.startswith((b"event:", b"data:")):
        body = next(line for line in body.splitlines() if line.startswith(b"data:")).removeprefix(b"data:")
    return json.loads(body)


@dataclass(frozen=True, slots=True)
class Check:
    """A request, and what must come of it.

    Attributes:
        send_request: What is sent.
        uri: What the upstream must receive, byte for byte.
        expected: What `read` must find in the body.
        read: The body as what is compared.
        headers: That the answer must have.
        passes_on: Whether User-Agent, Referer and Accept-Language must come to the upstream, with X-Forwarded-*.
    """

    send_request: Request
    uri: str
    expected: object
    read: Callable[[bytes], object] = as_bytes
    headers: tuple[tuple[str, str], ...] = ()
    passes_on: bool = False

    def faults(self, port: int, upstream: Upstream) -> list[str]:
        """Everything that is not as it must be, in words; empty when all is."""
        upstream.forget()
        try:
            answer = send_request(port, self.send_request, {**SENT, **PRIVATE})
        except (OSError, http.client.HTTPException) as error:
            return [f"no answer: {error!r}"]
        found = self._answer_faults(answer)
        seen = upstream.seen(1)
        if len(seen) != 1:
            return [*found, f"the upstream received it {len(seen)} times"]
        return found + _differences("the upstream's", self._received(port), seen[0])

    def _answer_faults(self, answer: Answer) -> list[str]:
        try:
            body = self.read(answer.body)
        except (ValueError, KeyError, IndexError, TypeError, StopIteration):
            body = answer.body
        expected: dict[str, object] = {"status": 200, "body": self.expected, **dict(self.headers)}
        return _differences("the answer's", expected, {"status": answer.status, "body": body, **answer.headers})

    def _received(self, port: int) -> dict[str, object]:
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
    """What a contender is asked under load, what the upstream receives of that, and the checks."""

    load: Request
    uri: str
    checks: tuple[Check, ...]

    def wrong_answers(self, port: int, upstream: Upstream) -> list[str]:
        """What is not as it must be in the first check that finds something, in words; empty when all is well."""
        for check in self.checks:
            if faults := check.faults(port, upstream):
                return [f"{check.send_request.method} {check.send_request.target}: {fault}" for fault in faults]
        return []


def _differences(whose: str, expected: Mapping[str, object], actual: Mapping[str, object]) -> list[str]:
    return [
        f"{whose} {name} is {_short(actual.get(name))}, not {_short(value)}"
        for name, value in expected.items()
        if actual.get(name) != value
    ]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"  # noqa: PLR2004
