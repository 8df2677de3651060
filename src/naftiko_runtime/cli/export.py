"""``naftiko export``: writes another form of a file; needs no environment, network or servers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from naftiko_runtime.authentication.kinds import get_kind as get_authentication
from naftiko_runtime.cli.export_mcp import mcp_registry, mcpb
from naftiko_runtime.cli.option_types import ALLOW_IMPORT, PUBLIC_URL
from naftiko_runtime.cli.print_errors import print_error
from naftiko_runtime.cli.print_findings import print_findings
from naftiko_runtime.exposes.kinds import get_kind
from naftiko_runtime.link.check_shared_ports import group_by_port
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from naftiko_runtime.openapi import write_openapi
from naftiko_runtime.public_urls import PublicUrls
from naftiko_runtime.suggest import suggest_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.plan import Plan, RestServer

_EXIT_FAILED = 1
_LINE_CHARACTERS_MAX = 120


@click.group()
def export() -> None:
    """Export a capability file in another form."""


@export.command(short_help="Write the REST side of a file as OpenAPI 3.1.")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "json"]),
    help="The format; JSON if the name of the output ends in .json, otherwise YAML.",
)
@click.option("--namespace", help="The namespace of the REST expose, if the file has several.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The output file.")
@click.option(
    "--public-url",
    "public_urls",
    type=PUBLIC_URL,
    multiple=True,
    envvar="NAFTIKO_PUBLIC_URLS",
    help="Callers reach the exposes (the expose NAMESPACE) at URL; repeatable.",
)
@ALLOW_IMPORT
@click.option(
    "--skip-broken",
    is_flag=True,
    envvar="NAFTIKO_SKIP_BROKEN",
    help="Write a file with errors as 'run --skip-broken' serves it; omitted parts respond with 501.",
)
def openapi(
    file: Path,
    form: str | None,
    namespace: str | None,
    output: Path | None,
    public_urls: tuple[tuple[str, str], ...],
    allowed_imports: tuple[Path, ...],
    skip_broken: bool,
) -> None:
    """Write the REST side of a capability FILE as an OpenAPI 3.1 document.

    Exit status: 0 if it is written, 1 if the file has errors or no REST expose, 2 for wrong usage.
    """
    if output is not None and output.resolve() == file.resolve():
        raise click.UsageError(f"-o would overwrite {file} itself.")
    loaded = load(file, Overrides(allowed_imports=allowed_imports, skip_broken=skip_broken))
    print_findings(loaded, sys.stderr)
    if loaded.plan is None:
        sys.exit(_EXIT_FAILED)
    _check_known(loaded.plan, public_urls)
    servers = _choose_servers(loaded.plan, namespace)
    public_url = PublicUrls(dict(public_urls)).find_shared(server.namespace for server in servers)
    document = write_openapi(loaded.plan, servers, public_url)
    for server in servers:
        if server.guard is not None and get_authentication(server.guard).lacks_token_url(server.guard):
            note = f"note: 'oauth2' of '{server.namespace}' has no constant 'tokenEndpoint'"
            click.echo(f"{note}: OpenAPI describes it as a bearer token, without where to get one", err=True)
    in_json = form == "json" or (form is None and output is not None and output.suffix == ".json")
    _write(_dump_json(document) if in_json else _dump_yaml(document), output)


for command in (mcp_registry, mcpb):
    export.add_command(command)


def _check_known(plan: Plan, public_urls: Sequence[tuple[str, str]]) -> None:
    """Check that the file has the exposes that public URLs name."""
    known = [server.namespace for server in plan.servers]
    for namespace, _ in public_urls:
        if namespace and namespace not in known:
            advice = suggest_text(namespace, known, "the file has") or ""
            raise click.BadParameter(f"no expose '{namespace}'; {advice}", param_hint="--public-url")


def _choose_servers(plan: Plan, namespace: str | None) -> list[RestServer]:
    """Choose the REST servers to write: the one of a namespace, or all of a plan if one port serves them."""
    described = (get_kind(server).find_routes(server) for server in plan.servers)
    servers = [server for server in described if server is not None]
    if not servers:
        print_error(f"{plan.file} has no REST expose: there is nothing to export")
        sys.exit(_EXIT_FAILED)
    if namespace is not None:
        if found := [server for server in servers if server.namespace == namespace]:
            return found[:1]
        advice = suggest_text(namespace, [server.namespace for server in servers], "the file has") or ""
        raise click.BadParameter(f"no REST expose '{namespace}'; {advice}", param_hint="--namespace")
    if len(group_by_port(servers, lambda server: server)) > 1:
        places = ", ".join(f"'{server.namespace}' (port {server.port})" for server in servers)
        raise click.UsageError(f"Several REST exposes on different ports: {places}. Choose one with --namespace.")
    return servers


def _write(content: bytes, output: Path | None) -> None:
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise click.FileError(str(output), error.strerror) from None


def _dump_json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def _dump_yaml(document: dict[str, Any]) -> bytes:
    text: str = yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=_LINE_CHARACTERS_MAX)
    return text.encode()


class _Plain(yaml.SafeDumper):
    """Writes no aliases, because few OpenAPI tools support them."""

    def ignore_aliases(self, _: Any) -> bool:
        return True
