"""Shows an edit of a client's configuration file, and writes it if the user agrees."""

from __future__ import annotations

import os
import sys
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import click

from naftiko_runtime.cli.print_errors import print_error
from naftiko_runtime.client_configuration.clients import CLIENTS, Client, Machine
from naftiko_runtime.client_configuration.replace_file import read_text, replace_file
from naftiko_runtime.client_configuration.unreadable import UnreadableConfigurationError
from naftiko_runtime.redact_document import redact

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    EditText: TypeAlias = Callable[[str], str]

EXIT_FAILED = 1
CLIENT = click.argument("client", metavar="CLIENT", type=click.Choice(list(CLIENTS)))


PROJECT = click.option("--project", is_flag=True, help="Edit the project's configuration in the working directory.")
CONFIG = click.option(
    "--config",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Edit this file instead of the client's own.",
)
PRINT = click.option("--print", "only_print", is_flag=True, help="Print the edit, and write nothing.")
YES = click.option("-y", "--yes", is_flag=True, help="Write without asking.")


def find_file(client: Client, file: Path | None, *, project: bool) -> Path:
    """Return the configuration file to edit."""
    if file is not None:
        return file
    if not project:
        return client.find_file(Machine(sys.platform, Path.home(), os.environ))
    if client.project_file is None:
        raise click.UsageError(f"{client.title} has no configuration for a project. Omit --project.")
    return Path.cwd() / client.project_file


def edit_file(client: Client, file: Path, edit: EditText, *, only_print: bool, yes: bool) -> None:
    """Edit a file: show the changed lines, ask, and write. Exit if that is not possible."""
    before = _read_or_exit(file)
    try:
        after = edit(before)
    except UnreadableConfigurationError as error:
        print_error(f"{file} cannot be edited: {error}", "nothing was written")
        sys.exit(EXIT_FAILED)
    if after == before:
        click.echo(f"{file} is unchanged: nothing is to do")
        return
    click.echo(_render_diff(file, before, after), nl=False)
    if only_print or not (yes or _ask(file)):
        return
    try:
        backup = replace_file(file, after)
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from None
    click.echo(f"Wrote {file}." + ("" if backup is None else f" The old file is {backup}."))
    click.echo(client.advice)


def _ask(file: Path) -> bool:
    """Ask whether to write a file. Exit if nobody answers."""
    try:
        return click.confirm(f"Write {file}?", err=True)
    except click.Abort:
        click.echo(err=True)
        print_error("nothing was written", "--yes writes without asking")
        sys.exit(EXIT_FAILED)


def _read_or_exit(file: Path) -> str:
    try:
        return read_text(file)
    except UnicodeDecodeError:
        print_error(f"{file} cannot be edited: it is not UTF-8", "nothing was written")
        sys.exit(EXIT_FAILED)
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from None


def _render_diff(file: Path, before: str, after: str) -> str:
    """Return the changed lines. Others are not shown, because they may have secrets of other servers."""
    lines = unified_diff(before.splitlines(), after.splitlines(), str(file), str(file), n=0, lineterm="")
    return "".join(f"{redact(line)}\n" for line in lines)
