"""Selects the expose that is served over standard input and output: ``transport: stdio``, and ``--stdio``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
from msgspec.structs import replace

from naftiko_runtime.cli.run_options import ONLY_MCP_EXPOSE
from naftiko_runtime.link.credentials import list_apis_of_callers
from naftiko_runtime.link.narrow_plan import keep_servers, move_to_stdio
from naftiko_runtime.suggest import suggest_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from naftiko_runtime.cli.run_options import DocumentOptions
    from naftiko_runtime.loading import Loaded
    from naftiko_runtime.plan import Plan, Server

UNCALLABLE: Final = "calls of these APIs will fail: they are called in the name of the caller, and stdio has none"
CALLABLE_BY_HTTP: Final = (
    "serve the expose over HTTP with its authentication (run without --stdio), "
    "or let the server call the API with a secret of its own, as with 'grant: client-credentials'"
)


def select_stdio(loaded: Sequence[Loaded], documents: DocumentOptions) -> list[Loaded]:
    """Return the files as they are served: at most one expose over standard input and output.

    With ``--stdio`` and without ``--http``, nothing else is served, and what only the others use need not be set.
    A file of which nothing is left is not returned.

    Raises:
        click.UsageError: It is not clear which expose is meant.
    """
    servers = [server for one in loaded if one.plan is not None for server in one.plan.servers]
    chosen = _choose(servers, documents.stdio)
    if chosen is None:
        return list(loaded)
    kept = (_keep_servers(one, chosen, http=documents.opens_ports) for one in loaded)
    return [one for one in kept if one.plan is None or one.plan.servers]


def list_stdio(plans: Iterable[Plan]) -> list[Server]:
    """Return the servers that are served over standard input and output."""
    servers = (server for plan in plans for server in plan.servers)
    return [server for server in servers if server.transport == "stdio"]


def list_uncallable_apis(plans: Iterable[Plan]) -> list[str]:
    """Return the APIs whose calls over standard input fail: they are called in the name of an authenticated caller."""
    operations = (operation for server in list_stdio(plans) for operation in server.operations)
    return sorted({namespace for operation in operations for namespace in list_apis_of_callers(operation)})


def _choose(servers: Sequence[Server], stdio: str | None) -> Server | None:
    every = [server for server in servers if server.kind == "mcp"]
    declared = [server for server in every if server.transport == "stdio"]
    if stdio is None:
        found = declared
    elif stdio == ONLY_MCP_EXPOSE:
        found = declared or every
    else:
        found = [server for server in every if server.namespace == stdio]
        if not found:
            advice = suggest_text(stdio, [server.namespace for server in every], "there are") or "there is none"
            raise click.BadParameter(f"no MCP expose '{stdio}'; {advice}", param_hint="--stdio")
    if len(found) > 1:
        names = ", ".join(f"'{server.namespace}'" for server in found)
        raise click.UsageError(f"several exposes could be served over standard input: {names}; name one with --stdio.")
    if stdio is not None and not found:
        raise click.UsageError("--stdio serves an MCP expose, and there is none.")
    return found[0] if found else None


def _keep_servers(loaded: Loaded, chosen: Server, *, http: bool) -> Loaded:
    """Return a file with the servers that are served."""
    if loaded.plan is None:
        return loaded
    servers: list[Server] = []
    for server in loaded.plan.servers:
        if http and server.transport == "http":
            servers.append(server)
        if server is chosen:
            servers.append(move_to_stdio(server))
    return replace(loaded, plan=keep_servers(loaded.plan, servers))
