"""What ``naftiko run`` shows when it has started: a table for people, log lines for programs."""

from __future__ import annotations

import json
import logging
from itertools import accumulate
from textwrap import shorten
from typing import TYPE_CHECKING, Final

from naftiko_runtime import limits
from naftiko_runtime.caller_policy import is_loopback
from naftiko_runtime.cli.select_stdio import CALLABLE_BY_HTTP, UNCALLABLE
from naftiko_runtime.exposes.control.describe import CONTROL_ENTRIES
from naftiko_runtime.exposes.kinds import get_kind
from naftiko_runtime.telemetry.log_writer import list_writers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.server.open_ports import OpenPort

log = logging.getLogger("naftiko_runtime")
_LABELS_MAX: Final = 8
_LABEL_CHARACTERS_MAX: Final = 100
_ANYWHERE: Final = ("0.0.0.0", "::", "")


def make_url(opened: OpenPort) -> str:
    """Return the URL of a listener for callers on this machine; ``stdio`` for standard input and output."""
    if opened.server is not None and opened.server.transport == "stdio":
        return "stdio"
    host = "localhost" if opened.address in _ANYWHERE else opened.address
    server = opened.server
    path = "" if server is None else get_kind(server).get_url_path(server, shared=opened.shared)
    return f"http://{f'[{host}]' if ':' in host else host}:{opened.port}{path}"


def list_entries(opened: OpenPort) -> list[tuple[str, str]]:
    """List what a listener serves, each with its target: ``GET /v1/x`` → ``namespace.operation``."""
    return list(CONTROL_ENTRIES) if opened.server is None else get_kind(opened.server).list_entries(opened.server)


def name_kind(opened: OpenPort) -> str:
    """Return the kind of the expose, or ``control``."""
    return "control" if opened.server is None else opened.server.kind


def log_lines(label: str, listeners: Sequence[OpenPort], *, sandbox: bool, workers: int = 1) -> None:
    """Log the start, with one line for each listener."""
    for opened in listeners:
        served = [f"{name} -> {target}" for name, target in list_entries(opened)]
        shown = limit_texts(served)
        extra: dict[str, object] = {
            "capability": label,
            "kind": name_kind(opened),
            "url": make_url(opened),
            "address": opened.address,
            "serves": shown,
        }
        if left := len(served) - len(shown):
            extra["serves_more"] = left
        if opened.server is not None:
            extra["namespace"] = opened.server.namespace
        log.info("listening", extra=extra)
    if advice := advise_opening(listeners):
        log.info(advice)
    many = {"workers": workers} if workers > 1 else {}
    log.info(
        "started", extra={"capability": label, "sandbox": sandbox, "try": limit_texts(list_commands(listeners)), **many}
    )


def log_proxies(proxies: Mapping[str, str]) -> None:
    """Log which proxies requests to upstreams use, if any."""
    if proxies:
        log.info("upstreams are called through a proxy", extra=dict(proxies))


def log_ignored_variables(names: Sequence[str]) -> None:
    """Log which variables of OpenTelemetry have no effect, if any."""
    if names:
        log.warning("OpenTelemetry variables have no effect", extra={"variables": names})


def log_uncallable_apis(namespaces: Sequence[str]) -> None:
    """Log which APIs cannot be called over standard input, if any."""
    if namespaces:
        log.warning(UNCALLABLE, extra={"apis": namespaces, "help": CALLABLE_BY_HTTP})


def limit_texts(texts: Sequence[str]) -> Sequence[str]:
    """Return the first texts, as many as fit into a log line."""
    ends = accumulate(len(json.dumps(text)) for text in texts)
    return texts[: sum(1 for end in ends if end <= limits.LOG_LIST_BYTES_MAX)]


def join_labels(labels: Sequence[str]) -> str:
    """Join the names of what is served; of many, the first ones."""
    shown = [shorten(label, _LABEL_CHARACTERS_MAX, placeholder=" …") for label in labels[:_LABELS_MAX]]
    more = f" and {len(labels) - len(shown)} more" if len(labels) > len(shown) else ""
    return ", ".join(shown) + more


def print_table(label: str, listeners: Sequence[OpenPort], *, sandbox: bool, workers: int = 1) -> None:
    """Print the start as a table."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(stderr=True, highlight=False)
    console.begin_capture()
    console.print(f"\n[bold]{escape(label)}[/]" + ("  [yellow]sandbox: no upstream is called[/]" if sandbox else ""))
    for opened in listeners:
        where = " on all interfaces" if opened.address in _ANYWHERE else ""
        console.print(f"\n[bold cyan]{name_kind(opened).upper()}[/]  {escape(make_url(opened))}[dim]{where}[/]")
        grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
        for name, target in list_entries(opened):
            grid.add_row(f"  {escape(name)}", f"[dim]→ {escape(target)}[/]")
        console.print(grid)
    console.print("\n[bold]Try[/]")
    for command in list_commands(listeners):
        console.print(f"  {escape(command)}", soft_wrap=True)
    many = f"{workers} workers. " if workers > 1 else ""
    if advice := advise_opening(listeners):
        console.print(f"\n[dim]{advice}[/]", soft_wrap=True)
    console.print(f"\n[dim]{many}Ctrl-C stops.[/]\n")
    text = console.end_capture()
    for writer in list_writers():  # which does not wait for a terminal that is held
        writer.write(text)


def advise_opening(listeners: Sequence[OpenPort]) -> str | None:
    """Return how callers on other machines get access. None if every listener has them."""
    if not any(one.server is not None and is_loopback(one.address) for one in listeners):
        return None
    return "Only this machine can call. Start with --host 0.0.0.0 to listen on all interfaces."


def list_commands(listeners: Sequence[OpenPort]) -> list[str]:
    """Return an example command for each kind of expose."""
    found: dict[str, str] = {}
    for opened in listeners:
        if (server := opened.server) is not None and server.kind not in found:
            command = get_kind(server).make_example_command(server, make_url(opened))
            found |= {} if command is None else {server.kind: command}
    return list(found.values())
