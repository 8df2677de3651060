"""A document that is sound, and what of it is served when it is spoilt."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from naftiko_runtime.diagnostic import describe_reason
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import Loaded, load_source
from naftiko_runtime.plan import McpServer, RestServer
from naftiko_runtime.source import parse_source as parsed

if TYPE_CHECKING:
    from naftiko_runtime.plan import Plan

SOUND = dedent("""\
    naftiko: 1.0.0-alpha2
    info: {label: Ships, description: Where they are.}
    binds:
      - {namespace: env, keys: {TOKEN: REGISTRY_TOKEN, FLEET: REGISTRY_FLEET}}
      - {namespace: more, keys: {OTHER: OTHER}}
    capability:
      consumes:
        - type: http
          namespace: ships
          baseUri: https://ships.acme.io
          authentication: {type: bearer, token: "{{TOKEN}}"}
          resources:
            - path: /ships
              operations:
                - {name: list, method: GET, inputParameters: [{name: fleet, in: query, value: "{{FLEET}}"}]}
                - {name: add, method: POST, body: {type: json, data: {name: "{{name}}"}}}
            - path: /ships/{imo}
              inputParameters: [{name: imo, in: path}]
              operations:
                - {name: get, method: GET}
        - type: http
          namespace: ports
          baseUri: https://ports.acme.io
          resources:
            - {path: /ports, operations: [{name: ports, method: GET}]}
      exposes:
        - type: rest
          namespace: web
          port: 8080
          resources:
            - path: /ships
              operations:
                - {method: GET, call: ships.list}
                - {method: POST, call: ships.add, inputParameters: [{name: name, in: body, type: string}]}
            - path: /ships/{imo}
              operations: [{method: GET, call: ships.get}]
            - path: /ports
              operations: [{method: GET, call: ports.ports}]
              forward: {targetNamespace: ports}
            - path: /ping
              operations: [{method: GET, outputParameters: [{type: string, value: pong}]}]
        - type: mcp
          namespace: tools
          port: 9090
          tools:
            - {name: list-ships, call: ships.list, hints: {readOnly: true}}
            - name: get-ship
              call: ships.get
              with: {imo: tools.number}
              inputParameters: [{name: number, type: string}]
            - {name: list-ports, call: ports.ports}
    """)
ALL = (
    *("GET /ships", "POST /ships", "GET /ships/{imo}", "GET /ports", "GET /ping", "* /ports"),
    *("list-ships", "get-ship", "list-ports"),
)
OF_SHIPS = {"GET /ships", "POST /ships", "GET /ships/{imo}", "list-ships", "get-ship"}
OF_PORTS = {"GET /ports", "* /ports", "list-ports"}


def served(plan: Plan | None) -> list[str]:
    """What is served, in order."""
    names: list[str] = []
    for server in plan.servers if plan is not None else ():
        match server:
            case RestServer():
                names += [f"{route.method} {route.path}" for route in server.routes]
                names += [f"* {forward.path}" for forward in server.forwards]
            case McpServer():
                names += [tool.name for tool in server.tools]
    return names


def refused(plan: Plan | None) -> dict[str, str]:
    """Return the responses of the parts that are not served, by what is called."""
    broken: dict[str, str] = {}
    for server in plan.servers if plan is not None else ():
        match server:
            case RestServer():
                broken |= {f"{route.method} {route.path}": describe_reason(route.reason) for route in server.broken}
            case McpServer():
                broken |= {one.key[1]: describe_reason(one.reason) for one in server.broken}
    return broken


def skipping(text: str) -> Loaded:
    return load_source(parsed(text.encode(), "x.yml"), Overrides(skip_broken=True))


def spoilt(*edits: tuple[str, str]) -> Loaded:
    text = SOUND
    for before, after in edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return skipping(text)
