"""The ``naftiko`` command: thin commands, each importing what it needs when it is called."""

from __future__ import annotations

import gc
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from naftiko_runtime._version import __version__
from naftiko_runtime.startup_signals import INTERRUPTED, raise_on_interrupt

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = {
    "run": "Serve capability files.",
    "validate": "Check capability files without running them.",
    "explain": "Explain a rule that a finding names.",
    "export": "Export a capability file in another form.",
    "import": "Write a capability file from an OpenAPI document.",
    "install": "Add a capability file or URL to an MCP client.",
    "uninstall": "Remove a server from an MCP client.",
    "lsp": "Serve an editor: findings, completion, definitions, quick fixes.",
    "schema": "Print a JSON Schema of capability files, for editors.",
    "health": "Check whether a running instance is ready.",
    "completion": "Print the completion script of a shell.",
}
PROGRAM: Final = "naftiko"
COMPLETE_VARIABLE: Final = "_NAFTIKO_COMPLETE"
"""The environment variable by which the script of a shell asks for completions."""
_MODULES: Final = {"import": "import_command"}
"""Where a command is that has the name of a keyword."""


class _Lazy(click.Group):
    """Imports the module of a command when it is called, so that ``validate`` does not import the servers."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        name = _MODULES.get(name, name)
        module = importlib.import_module(f"naftiko_runtime.cli.{name}")
        if not gc.isenabled():  # see __main__
            gc.freeze()
            gc.enable()
        raise_on_interrupt()
        command: Any = getattr(module, name)
        return command if isinstance(command, click.Command) else None

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; errors have the form of findings."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            status = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.ClickException as error:
            from naftiko_runtime.cli.print_errors import show_click_error

            show_click_error(error)
            status = error.exit_code
        except click.Abort:
            status = INTERRUPTED
        sys.exit(status)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C ends it with the status that shells expect."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest a command for an unknown one."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from naftiko_runtime.suggest import suggest_text

            ctx.fail(f"No such command '{args[0]}'; {suggest_text(args[0], _COMMANDS, 'there are')}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Lazy, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=PROGRAM)
@click.pass_context
def main(context: click.Context) -> None:
    """Serve Naftiko capability files as REST routes and MCP tools."""
    if context.invoked_subcommand is None:
        from naftiko_runtime.cli.first_steps import format_first_steps

        click.echo(format_first_steps(Path()), nl=False)
