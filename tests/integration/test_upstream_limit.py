"""An upstream that stalls holds only the allowed number of requests. Others get Retry-After, over REST and MCP."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from support.caller import call
from support.gateway import Gateway
from support.upstream import Gate, Reply

if TYPE_CHECKING:
    from pathlib import Path

    from support.upstream import Upstream


@pytest.mark.parametrize("client", ["native", "httpx2"])
def test_a_request_over_the_limit_gets_retry_after(documents: Path, api: Upstream, client: str) -> None:
    gate, port = Gate(), str(urlsplit(api.url).port)
    api.on("GET", "/data", Reply(headers={"content-type": "application/json"}, chunks=[b'{"a":', gate.wait, b"1}"]))
    options = ("--base-uri", f"api={api.url}", "--http-client", client)
    limit = {"NAFTIKO_UPSTREAM_CONNECTIONS": "1"}
    held: list[int] = []
    with Gateway(documents / "deadlines.yaml", ["web", "tools"], *options, environment=limit) as gateway:
        web = gateway.urls["web"]
        caller = threading.Thread(target=lambda: held.append(call(web, "/held").status))
        caller.start()
        try:
            api.wait_received(1)
            for path in ("/streamed", "/held", "/all/data"):
                response = call(web, path)
                assert (response.status, response.headers["retry-after"]) == (503, "1")
                assert response.json["type"] == "urn:naftiko:problem:upstream-overloaded"
                assert "is overloaded: 1 requests to it are in progress" in response.json["detail"]
                assert port not in response.body.decode()
            message = {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": "get-data", "arguments": {}},
            }
            headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
            result = call(gateway.urls["tools"], "/mcp", "POST", headers, json.dumps(message).encode()).json["result"]
            assert result["isError"]
            assert "'api.get-data' is overloaded" in result["content"][0]["text"]
            assert "try again in 1 s" in result["content"][0]["text"]
            assert port in gateway.wait_log_line("upstream failed")["reason"]
        finally:
            gate.open()
            caller.join()
        assert held == [200]
        assert call(web, "/held").status == 200
    assert len(api.received) == 2
