"""The documents that contenders serve: those beside this file, generated ones, and their addresses."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(__file__).with_name("documents")
PIXEL = ROOT / "capabilities/pixel-tracking.yaml"
SHIP = ROOT / "bench/ship.yaml"
UPSTREAMS = ("http://127.0.0.1:18080/v1", "https://api.segment.io/v1")
SINK = "http://127.0.0.1:18081/v1"
REST_PORT = 8080
MCP_PORT = 9090


def read_committed(name: str) -> str:
    """Return a document beside this file, with the place of its scripts."""
    return (FOLDER / name).read_text().replace("SCRIPTS", (FOLDER / "scripts").as_uri())


def replace_addresses(text: str, rest: int, mcp: int, upstream: str, sink: str = SINK) -> str:
    """Return a document with the addresses of a run in place of those in its text."""
    for written in UPSTREAMS:
        text = text.replace(written, upstream)
    text = text.replace(SINK, sink)
    return text.replace(f"port: {REST_PORT}", f"port: {rest}").replace(f"port: {MCP_PORT}", f"port: {mcp}")


def generate_capability(count: int, *, tools: bool) -> str:
    """Generate a document with `count` consumed and exposed operations, in the style of real-world files."""
    lines = ["naftiko: 1.0.0-alpha2", "info: {label: Big}", "capability:", "  consumes:", "    - type: http"]
    lines += ["      namespace: api", f"      baseUri: {UPSTREAMS[0]}", "      resources:"]
    for number in range(count):
        lines += [
            f"        - name: things-{number}",
            f"          path: /things-{number}/{{id}}",
            "          operations:",
            f"            - name: get-{number}",
            "              method: GET",
            f"              description: Gets thing {number} of all the things there are",
            "              inputParameters:",
            "                - {name: id, in: path}",
            "                - name: fields",
            "                  in: query",
        ]
    lines += ["  exposes:", "    - type: rest", "      namespace: web", f"      port: {REST_PORT}", "      resources:"]
    for number in range(count):
        lines += [
            f"        - path: /things-{number}/{{id}}",
            "          operations:",
            "            - method: GET",
            f"              call: api.get-{number}",
            "              with:",
            "                id: rest.id",
            *_write_two_fields("              "),
        ]
    return "\n".join(lines + (_generate_tools(count) if tools else [])) + "\n"


def _generate_tools(count: int) -> list[str]:
    lines = ["    - type: mcp", "      namespace: tools", f"      port: {MCP_PORT}", "      description: Things."]
    lines += ["      tools:"]
    for number in range(count):
        lines += [
            f"        - name: get_{number}",
            f"          description: Gets thing {number} of all the things there are",
            "          inputParameters:",
            "            - {name: id, type: string, description: Its number.}",
            f"          call: api.get-{number}",
            *_write_two_fields("          "),
        ]
    return lines


def _write_two_fields(indent: str) -> list[str]:
    lines = ["outputParameters:", "  - type: object", "    properties:"]
    lines += ["      name: {type: string, mapping: $.name}", "      size: {type: number, mapping: $.size.value}"]
    return [indent + line for line in lines]


def generate_openapi(operations: Mapping[str, str], parameters: Mapping[str, str]) -> str:
    """Generate an OpenAPI document: paths of GET operations by name, and places of parameters by name."""
    listed = [
        {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}
        for name, place in parameters.items()
    ]
    response = {"description": "It.", "content": {"application/json": {"schema": {"type": "object"}}}}
    paths: dict[str, Any] = {
        path: {"get": {"operationId": name, "parameters": listed, "responses": {"200": response}}}
        for name, path in operations.items()
    }
    return json.dumps({"openapi": "3.1.0", "info": {"title": "Bench", "version": "1"}, "paths": paths})


def _rename(text: str, name: str) -> str:
    """Return a document of `ship.yaml` whose namespaces begin with another name, so that both can be served."""
    renamed = text.replace("namespace: ship-", f"namespace: {name}-").replace("label: Ship\n", f"label: {name}\n")
    return renamed.replace("namespace: registry", f"namespace: {name}").replace("registry.get-ship", f"{name}.get-ship")


def protect_ship(issuer: str, resource: str) -> str:
    """Return `ship.yaml` as `protected`: its callers need a token of an issuer."""
    checks = f"authentication: {{type: oauth2, authorizationServerUri: '{issuer}', resource: '{resource}'}}"
    lines = _rename(SHIP.read_text(), "protected").splitlines(keepends=True)
    return "".join(f"{line}      {checks}\n" if line.startswith("      port:") else line for line in lines)


def repeat_ship_tool(count: int) -> str:
    """Return `ship.yaml` as `many`, with this number of tools; the last one has the name of the only one."""
    before, tools, tool = _rename(SHIP.read_text(), "many").partition("      tools:\n")
    others = (tool.replace("name: get-ship\n", f"name: get-ship-{number}\n", 1) for number in range(1, count))
    return "".join((before, tools, *others, tool))
