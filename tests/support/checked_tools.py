"""Tools whose every result is checked against the protocol's schemas and the tool's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from mcp_types import methods

from support.caller import call

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "spec"
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {label: Results}
capability:
  binds: [{namespace: env, keys: {KEY: KEY}}]
  consumes:
    - type: http
      namespace: api
      baseUri: https://api.example/v1
      authentication: {type: apikey, key: api_key, value: "{{KEY}}", placement: query}
      resources:
        - path: /x
          operations: [{name: read}]
        - path: /named
          operations: [{name: named, exposedHeaders: [X-Quota]}]
  exposes:
    - type: mcp
      namespace: tools
      port: 9090
      tools:
        - {name: plain, description: A, call: api.read}
        - {name: named, description: A, call: api.named}
        - name: object
          description: A
          call: api.read
          outputParameters:
            - {type: object, properties: {n: {type: number, mapping: $.n}, s: {type: string, mapping: $.s}}}
        - name: inside
          description: A
          call: api.read
          outputParameters: [{type: object, mapping: $.in, properties: {n: {type: number, mapping: $.n}}}]
        - name: list
          description: A
          call: api.read
          outputParameters: [{type: array, mapping: $.l, items: {type: number}}]
        - {name: scalar, description: A, call: api.read, outputParameters: [{type: integer, mapping: $.n}]}
        - name: keyed
          description: A
          call: api.read
          outputParameters: [{type: object, mapping: $.in, values: {type: number}}]
        - {name: untyped, description: A, call: api.read, outputParameters: [{type: object, mapping: $.in}]}
        - name: several
          description: A
          call: api.read
          outputParameters: [{type: string, mapping: $.none}, {type: number, mapping: $.n}]
        - {name: mock, description: A, outputParameters: [{name: greeting, type: string, value: hello}]}
        - name: mocks
          description: A
          inputParameters: [{name: n, type: integer, required: false}]
          outputParameters:
            - {name: n, type: integer, value: "{{n}}"}
            - {name: o, type: object, properties: {a: {type: string, value: b}}}
            - {name: c, const: [1, null]}
"""


class Tools:
    """The tools over both eras."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.schemas = {t["name"]: t.get("outputSchema") for t in self._ask(LEGACY, "tools/list", {})["tools"]}

    def _ask(self, version: str, method: str, params: dict[str, Any]) -> Any:
        modern = version == MODERN
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params | ({"_meta": META} if modern else {})}
        headers = {"content-type": "application/json", "mcp-protocol-version": version}
        if modern:
            headers |= {"mcp-method": method, "mcp-name": params.get("name", "")}
        response = call(self.url, "/mcp", "POST", headers, json.dumps(message).encode())
        assert response.status == 200, response.body
        return response.json["result"]

    def call(self, name: str, arguments: dict[str, Any] | None = None) -> Any:
        """The result of a call: the same on both eras but for what only one has, and it fits all schemas."""
        found: dict[str, Any] = {}
        for version in (LEGACY, MODERN):
            result = self._ask(version, "tools/call", {"name": name, "arguments": arguments or {}})
            methods.validate_server_result("tools/call", version, result)
            if PUBLISHED.is_dir():
                whole = json.loads((PUBLISHED / f"mcp-{version}.schema.json").read_text(encoding="utf-8"))
                Draft202012Validator({**whole, "$ref": "#/$defs/CallToolResult"}).validate(result)
            found[version] = {key: value for key, value in result.items() if key not in ("_meta", "resultType")}
        assert found[LEGACY] == found[MODERN]
        if (schema := self.schemas[name]) is not None and not result["isError"]:
            Draft202012Validator(schema).validate(result["structuredContent"])
        return found[LEGACY]
