"""Documents as data, and their plans."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import Loaded, load_source
from naftiko_runtime.plan import Call, McpServer, RestServer, SkillServer, TermObject
from naftiko_runtime.source import parse_source

if TYPE_CHECKING:
    from naftiko_runtime.plan import Operation, Plan, Request, Tree

BASE = "https://registry.example/v1"


def make_document(
    consumed: dict[str, Any] | None = None,
    exposes: list[dict[str, Any]] | None = None,
    *,
    path: str = "/ships",
    binds: dict[str, str] | None = None,
    **api: Any,
) -> dict[str, Any]:
    """A document with one consumed operation ``registry.op``.

    Args:
        consumed: Keys of that operation.
        exposes: What is exposed.
        path: Of its resource.
        binds: Bound variables of the namespace ``env``.
        api: More keys of the consumed API.
    """
    resource = {"path": path, "operations": [{"name": "op", **(consumed or {})}]}
    capability: dict[str, Any] = {
        "consumes": [{"namespace": "registry", "baseUri": BASE, "resources": [resource], **api}],
        "exposes": exposes or [make_rest_expose()],
    }
    if binds:
        capability["binds"] = [{"namespace": "env", "keys": binds}]
    return {"naftiko": "1.0.0-alpha2", "capability": capability}


def _present(inputs: list[Any] | None, bind: dict[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (("inputParameters", inputs), ("with", bind)) if value is not None}


def make_rest_expose(
    route: str = "/ships",
    *,
    inputs: list[Any] | None = None,
    bind: dict[str, Any] | None = None,
    port: int = 8080,
    **operation: Any,
) -> dict[str, Any]:
    """A REST expose ``ships`` with one operation that calls ``registry.op``."""
    more = _present(inputs, bind)
    resource = {"path": route, "operations": [{"call": "registry.op", **more, **operation}]}
    return {"type": "rest", "namespace": "ships", "port": port, "resources": [resource]}


def make_mcp_expose(
    *, inputs: list[Any] | None = None, bind: dict[str, Any] | None = None, port: int = 9090, **tool: Any
) -> dict[str, Any]:
    """An MCP expose ``fleet`` with one tool that calls ``registry.op``."""
    more = _present(inputs, bind)
    tools = [{"name": "tool", "call": "registry.op", **more, **tool}]
    return {"type": "mcp", "namespace": "fleet", "port": port, "tools": tools}


def load_document(data: Any, overrides: Overrides | None = None) -> Loaded:
    """Load a document in which each value is on its own line."""
    raw = json.dumps(data, indent=1, ensure_ascii=False).encode()
    return load_source(parse_source(raw, "x.yml"), overrides or Overrides())


def link_plan(data: Any, overrides: Overrides | None = None, *, warns: tuple[str, ...] = ()) -> Plan:
    """The plan of a document, with exactly these findings."""
    found = load_document(data, overrides)
    assert tuple(sorted({d.rule.slug for d in found.diagnostics})) == tuple(sorted(warns)), found.diagnostics
    assert found.plan is not None
    return found.plan


def link_operation(data: Any, *, warns: tuple[str, ...] = ()) -> Operation:
    """The first operation of the first server of a document."""
    server = link_plan(data, warns=warns).servers[0]
    match server:
        case RestServer():
            return server.routes[0].operation
        case McpServer():
            return server.tools[0].operation
        case SkillServer():
            raise AssertionError("skills have no operations")


def get_request(found: Operation) -> Request:
    """The request of an operation that calls."""
    assert isinstance(found.execution, Call)
    return found.execution.request


def make_tree(fields: dict[str, Tree]) -> TermObject:
    """An object with a tree of terms in each field."""
    return TermObject(tuple(fields.items()))


def list_problems(data: Any, overrides: Overrides | None = None) -> list[tuple[str, str]]:
    """Rule and message of each finding of a document."""
    return [(d.rule.slug, d.message) for d in load_document(data, overrides).diagnostics]
