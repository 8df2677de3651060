"""Errors of the command line, all in one form: ``error: message``, like findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from naftiko_runtime.errors import Problem

if TYPE_CHECKING:
    from naftiko_runtime.errors import BindError


def print_problems(error: BindError) -> None:
    """Write why something cannot be served."""
    click.echo(error, err=True)


def print_error(message: str, help: str | None = None) -> None:  # noqa: A002 - the field's name
    """Write an error that concerns no place of a document."""
    click.echo(Problem(message, help), err=True)


def show_click_error(error: click.ClickException) -> None:
    """Write an error of click as click does, but in our form."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # its message is the whole help
        click.echo(error.format_message(), err=True)
        return
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f"Try '{error.ctx.command_path} --help' for help.\n"
        click.echo(f"{error.ctx.get_usage()}\n{hint}", err=True)
    print_error(error.format_message())
