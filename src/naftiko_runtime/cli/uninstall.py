"""``naftiko uninstall``: removes a server from the configuration of an MCP client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from naftiko_runtime.cli.edit_client_file import CLIENT, CONFIG, PRINT, PROJECT, YES, edit_file, find_file
from naftiko_runtime.client_configuration.clients import CLIENTS
from naftiko_runtime.client_configuration.edit_text import list_keys, remove_value
from naftiko_runtime.suggest import suggest_text

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@CLIENT
@click.argument("name", metavar="NAME")
@PROJECT
@CONFIG
@PRINT
@YES
def uninstall(client: str, name: str, project: bool, file: Path | None, only_print: bool, yes: bool) -> None:
    """Remove the server NAME from the configuration of an MCP CLIENT.

    The edit is shown first; the rest of the configuration stays as it is.

    Exit status: 0 if it is removed or was not there, 1 if the configuration cannot be edited, 2 for wrong usage.
    """
    chosen = CLIENTS[client]

    def edit(text: str) -> str:
        names = list_keys(text, chosen.form, chosen.section)
        if name not in names and (advice := suggest_text(name, names)) is not None:
            click.echo(f"{chosen.title} has no server '{name}'; {advice}", err=True)
        return remove_value(text, chosen.form, (chosen.section, name))

    edit_file(chosen, find_file(chosen, file, project=project), edit, only_print=only_print, yes=yes)
