"""The fast path gives the same JSON value as the SDK: every message here is sent to both."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.link.operator_overrides import Overrides
from support.mcp_fast_path import DIGITS, FILE, PLAIN, Both, served
from support.upstream import GIF, Reply, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator


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
