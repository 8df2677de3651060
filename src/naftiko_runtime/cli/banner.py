"""What ``naftiko run`` says when it has started: a table for people, log lines for machines."""

from __future__ import annotations

import json
import logging
import shlex
from itertools import accumulate
from textwrap import shorten
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from naftiko_runtime import limits
from naftiko_runtime.plan import Argument, McpServer, RestServer, Route
from naftiko_runtime.telemetry.log_writer import installed_writers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.plan import Operation, Tool
    from naftiko_runtime.server.ports import OpenPort

log = logging.getLogger("naftiko_runtime")
_LABELS_MAX: Final = 8
_LABEL_CHARACTERS_MAX: Final = 100
_ANYWHERE: Final = ("0.0.0.0", "::", "")


def url(opened: OpenPort) -> str:
    """Where a listener is reached from this machine."""
    host = "localhost" if opened.address in _ANYWHERE else opened.address
    path = ""
    if isinstance(opened.server, McpServer):  # where several share a port, /mcp is all of them
        path = f"/{quote(opened.server.namespace)}/mcp" if opened.shared else "/mcp"
    return f"http://{f'[{host}]' if ':' in host else host}:{opened.port}{path}"


def entries(opened: OpenPort) -> list[tuple[str, str]]:
    """What a listener serves, each with its target: ``GET /v1/x`` → ``namespace.operation``."""
    match opened.server:
        case RestServer(routes=routes, forwards=forwards):
            served = [(f"{r.method} {r.path}", _target(r.operation)) for r in routes]
            return served + [(f"* {f.path}", f"all of {f.namespace}") for f in forwards]
        case McpServer(tools=tools):
            return [(tool.name, _target(tool.operation)) for tool in tools]
        case _:
            return [
                ("GET /health/live", "the process answers"),
                ("GET /health/ready", "it wants traffic"),
                ("GET /metrics", "what was counted, for Prometheus"),
            ]


def _target(operation: Operation) -> str:
    targets = [f"{target.operation}  ({target.method} {target.url})" for target in operation.execution.targets]
    return ", ".join(targets) or "an answer of the document's own"


def kind(opened: OpenPort) -> str:
    """``rest``, ``mcp`` or ``control``."""
    match opened.server:
        case RestServer():
            return "rest"
        case McpServer():
            return "mcp"
        case _:
            return "control"


def log_lines(label: str, listeners: Sequence[OpenPort], *, sandbox: bool, workers: int = 1) -> None:
    """The start as structured log lines, one a listener."""
    for opened in listeners:
        served = [f"{name} -> {target}" for name, target in entries(opened)]
        shown = bounded(served)
        extra: dict[str, object] = {
            "capability": label,
            "kind": kind(opened),
            "url": url(opened),
            "address": opened.address,
            "serves": shown,
        }
        if left := len(served) - len(shown):
            extra["serves_more"] = left
        if opened.server is not None:
            extra["namespace"] = opened.server.namespace
        log.info("listening", extra=extra)
    many = {"workers": workers} if workers > 1 else {}
    log.info("started", extra={"capability": label, "sandbox": sandbox, "try": bounded(commands(listeners)), **many})


def bounded(texts: Sequence[str]) -> Sequence[str]:
    """The first of several texts, as many as a log line has room for."""
    ends = accumulate(len(json.dumps(text)) for text in texts)
    return texts[: sum(1 for end in ends if end <= limits.LOG_LIST_BYTES_MAX)]


def joined_labels(labels: Sequence[str]) -> str:
    """What is served, by name; of many the first few."""
    shown = [shorten(label, _LABEL_CHARACTERS_MAX, placeholder=" …") for label in labels[:_LABELS_MAX]]
    more = f" and {len(labels) - len(shown)} more" if len(labels) > len(shown) else ""
    return ", ".join(shown) + more


def table(label: str, listeners: Sequence[OpenPort], *, sandbox: bool, workers: int = 1) -> None:
    """The start for people."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(stderr=True, highlight=False)
    console.begin_capture()
    console.print(f"\n[bold]{escape(label)}[/]" + ("  [yellow]sandbox: no upstream is called[/]" if sandbox else ""))
    for opened in listeners:
        where = " on all interfaces" if opened.address in _ANYWHERE else ""
        console.print(f"\n[bold cyan]{kind(opened).upper()}[/]  {escape(url(opened))}[dim]{where}[/]")
        grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
        for name, target in entries(opened):
            grid.add_row(f"  {escape(name)}", f"[dim]→ {escape(target)}[/]")
        console.print(grid)
    console.print("\n[bold]Try[/]")
    for command in commands(listeners):
        console.print(f"  {escape(command)}", soft_wrap=True)
    many = f"{workers} workers. " if workers > 1 else ""
    console.print(f"\n[dim]{many}Ctrl-C stops.[/]\n")
    text = console.end_capture()
    for writer in installed_writers():  # which does not wait for a terminal that is held
        writer.write(text)


def commands(listeners: Sequence[OpenPort]) -> list[str]:
    """A command to try for a route and one for a tool, where there are any."""
    found: dict[str, str] = {}
    for opened in listeners:
        match opened.server:
            case RestServer(routes=routes) if routes:
                found.setdefault("rest", _curl(url(opened), min(routes, key=_effort)))
            case McpServer(tools=tools) if tools:
                found.setdefault("mcp", _mcp_curl(url(opened), tools))
    return list(found.values())


def _effort(route: Route) -> tuple[bool, int]:
    return route.method != "GET", sum(spec.required for spec in route.operation.contract.inputs)


def _curl(base: str, route: Route) -> str:
    path = "".join(p if isinstance(p, str) else quote(p.name) for p in route.pattern)
    placed = {p.name for p in route.pattern if isinstance(p, Argument)}
    required = [
        s.name
        for s in route.operation.contract.inputs
        if s.required and s.name not in placed and s.place in ("query", "path")
    ]
    query = "&".join(f"{quote(name)}=1" for name in required)
    method = "" if route.method == "GET" else f" -X {route.method}"
    body = " --json '{}'" if route.operation.execution.open_body is not None else ""
    return f"curl -i{method}{body} {shlex.quote(base + path + (f'?{query}' if query else ''))} --output -"


def _mcp_curl(target: str, tools: Sequence[Tool]) -> str:
    tool = tools[0]
    samples = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    arguments = {s.name: samples.get(s.type or "", "1") for s in tool.operation.contract.inputs if s.required}
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": tool.name, "arguments": arguments},
    }
    headers = "-H 'content-type: application/json' -H 'accept: application/json, text/event-stream'"
    return f"curl -s {target} {headers} -d {shlex.quote(json.dumps(message))}"
