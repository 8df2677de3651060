"""``naftiko install``: writes a server into the configuration of an MCP client."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from naftiko_runtime.cli.edit_client_file import CLIENT, CONFIG, EXIT_FAILED, PRINT, PROJECT, YES, edit_file, find_file
from naftiko_runtime.cli.find_program import find_program
from naftiko_runtime.cli.print_errors import print_error
from naftiko_runtime.cli.print_findings import print_findings
from naftiko_runtime.cli.select_stdio import CALLABLE_BY_HTTP, UNCALLABLE, list_uncallable_apis
from naftiko_runtime.client_configuration.clients import CLIENTS, Client, HttpServer, StdioServer, make_input
from naftiko_runtime.client_configuration.edit_text import append_item, set_value
from naftiko_runtime.client_configuration.needed_variables import list_variables
from naftiko_runtime.link.narrow_plan import keep_stdio_server
from naftiko_runtime.loading import load
from naftiko_runtime.public_urls import InvalidPublicUrlError, parse_public_url
from naftiko_runtime.suggest import suggest_text

if TYPE_CHECKING:
    from naftiko_runtime.plan import Plan

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@click.command(context_settings={"ignore_unknown_options": True})
@CLIENT
@click.argument("target", metavar="FILE|URL")
@click.argument("run_options", metavar="[-- RUN_OPTION…]", nargs=-1, type=click.UNPROCESSED)
@click.option("--name", help="The name of the server at the client; default: the namespace of the MCP expose.")
@click.option("--namespace", help="The namespace of the MCP expose, if the file has several.")
@click.option(
    "--env-file",
    "env_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Let the server read its variables from FILE, instead of getting them from the client; repeatable.",
)
@click.option("--token-variable", metavar="NAME", help="Send the bearer token in this environment variable to URL.")
@PROJECT
@CONFIG
@PRINT
@YES
def install(
    client: str,
    target: str,
    run_options: tuple[str, ...],
    name: str | None,
    namespace: str | None,
    env_files: tuple[Path, ...],
    token_variable: str | None,
    project: bool,
    file: Path | None,
    only_print: bool,
    yes: bool,
) -> None:
    """Add a capability FILE, or the server at a URL, to the configuration of an MCP CLIENT.

    The client starts 'naftiko run FILE --stdio', or calls the URL. The edit is shown first; the rest of the client's
    configuration stays as it is. Options for 'naftiko run' follow after '--'.

    Exit status: 0 if it is written or already there, 1 if the file has errors or the configuration cannot be edited, 2
    for wrong usage.
    """
    chosen = CLIENTS[client]
    if "://" in target:
        if run_options or env_files or namespace:
            raise click.UsageError("A server at a URL is not started: options for starting it have no effect.")
        called = _make_http_server(chosen, target, name, token_variable)
        section, entry = (chosen.section, called.name), _make_http_entry(chosen, called)
        asked: tuple[str, ...] = () if token_variable is None else (token_variable,)
    else:
        if token_variable:
            raise click.UsageError("--token-variable is for a URL.")
        started = _make_stdio_server(Path(target), name, namespace, env_files, run_options)
        _check_variables(chosen, started)
        section, entry = (chosen.section, started.name), chosen.make_stdio(started, chosen)
        asked = started.variables

    def edit(text: str) -> str:
        text = set_value(text, chosen.form, section, entry)
        for variable in asked if chosen.asks else ():
            text = append_item(text, "inputs", make_input(variable))
        return text

    edit_file(chosen, find_file(chosen, file, project=project), edit, only_print=only_print, yes=yes)


def _make_http_server(client: Client, url: str, name: str | None, token_variable: str | None) -> HttpServer:
    try:
        parsed = parse_public_url(url)
    except InvalidPublicUrlError as error:
        raise click.BadParameter(f"'{url}' {error}", param_hint="URL") from None
    if token_variable is not None and not _VARIABLE.fullmatch(token_variable):
        raise click.BadParameter(f"'{token_variable}' is not the name of a variable", param_hint="--token-variable")
    if token_variable is not None and not client.sends_tokens:
        raise click.UsageError(f"{client.title} cannot take the token from a variable; add the header in its settings.")
    host = parsed.split("/")[2].partition(":")[0]
    return HttpServer(_check_name(name or re.sub(r"[^A-Za-z0-9_-]", "-", host)), url, token_variable)


def _make_http_entry(client: Client, server: HttpServer) -> dict[str, Any]:
    if client.make_http is None:
        advice = "Add the URL in its settings (Connectors), or install a capability file."
        raise click.UsageError(f"{client.title} takes no URLs from its configuration file. {advice}")
    return client.make_http(server, client)


def _make_stdio_server(
    file: Path, name: str | None, namespace: str | None, env_files: tuple[Path, ...], run_options: tuple[str, ...]
) -> StdioServer:
    if not file.is_file():
        raise click.BadParameter(f"File '{file}' does not exist.", param_hint="FILE")
    loaded = load(file)
    print_findings(loaded, sys.stderr)
    if loaded.plan is None:
        sys.exit(EXIT_FAILED)
    servers = _list_names(loaded.plan)
    if namespace is None and len(servers) > 1:
        raise click.UsageError(f"Several MCP exposes: {', '.join(servers)}. Choose one with --namespace.")
    if namespace is not None and namespace not in servers:
        advice = suggest_text(namespace, servers, "the file has") or ""
        raise click.BadParameter(f"no MCP expose '{namespace}'; {advice}", param_hint="--namespace")
    command, *arguments = find_program()
    chosen = namespace or servers[0]
    arguments += ["run", str(file.resolve()), "--stdio", *([chosen] if len(servers) > 1 else [])]
    for env_file in env_files:
        arguments += ["--env-file", str(env_file.resolve())]
    started = next(server for server in loaded.plan.servers if (server.kind, server.namespace) == ("mcp", chosen))
    by_stdio = keep_stdio_server(loaded.plan, started)
    if uncallable := list_uncallable_apis([by_stdio]):
        click.echo(f"warning: {UNCALLABLE}: {', '.join(uncallable)}\n  help: {CALLABLE_BY_HTTP}", err=True)
    plan = loaded.plan if "--http" in run_options else by_stdio
    variables = () if env_files else list_variables(plan)
    return StdioServer(_check_name(name or chosen), command, (*arguments, *run_options), variables)


def _list_names(plan: Plan) -> list[str]:
    """Return the namespaces of the MCP exposes. Exit if there are none."""
    servers = [server.namespace for server in plan.servers if server.kind == "mcp"]
    if not servers:
        print_error(f"{plan.file} has no MCP expose: a client has nothing to call")
        sys.exit(EXIT_FAILED)
    return servers


def _check_variables(client: Client, server: StdioServer) -> None:
    """Reject a server whose variables the client cannot give it. Their values never go into its configuration."""
    if server.variables and not client.passes_variables:
        names = ", ".join(server.variables)
        raise click.UsageError(f"{client.title} gives servers no variables. Put {names} into a file for --env-file.")


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise click.BadParameter(f"'{name}' is not a name of letters, digits, '_' and '-'", param_hint="--name")
    return name
