"""A mapping that looks at too much is an error that names it, on both sides."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.caller import call
from support.gateway import Gateway
from support.upstream import Reply, Upstream

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = """
naftiko: 1.0.0-alpha2
info: {label: Bounds, description: Searches}
capability:
  consumes:
    - {type: http, namespace: api, baseUri: "URL", resources: [{path: /deep, operations: [{name: deep}]}]}
  exposes:
    - type: rest
      namespace: rest
      port: 8080
      resources:
        - path: /deep
          operations: [{method: GET, call: api.deep, outputParameters: &outputs [{type: array, mapping: $..a..b}]}]
    - type: mcp
      namespace: tools
      port: 9090
      tools: [{name: deep, description: Searches, call: api.deep, outputParameters: *outputs}]
"""


@pytest.mark.no_cover
def test_a_mapping_that_looks_at_too_much_is_an_error(tmp_path: Path) -> None:
    value: Any = {"b": [1] * 30_000}
    for _ in range(900):
        value = {"a": value}
    with Upstream() as upstream:
        upstream.on(
            "GET", "/deep", Reply(headers={"content-type": "application/json"}, body=json.dumps(value).encode())
        )
        file = tmp_path / "bounds.yml"
        file.write_text(DOCUMENT.replace("URL", upstream.url))
        with Gateway(file, ["rest", "tools"]) as gateway:
            response = call(gateway.urls["rest"], "/deep")
            assert response.status == 502
            assert "looks at more than 10,000,000 values" in response.json["detail"]
            message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "deep", "arguments": {}}}
            headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
            result = call(gateway.urls["tools"], "/mcp", "POST", headers, json.dumps(message).encode()).json["result"]
            assert result["isError"]
            assert "the mapping of 'tools.deep' looks at more than" in result["content"][0]["text"]
