"""``naftiko completion``: the script by which a shell completes commands, options and rules."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from naftiko_runtime.cli import COMPLETE_VARIABLE, PROGRAM, main

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    r"""Print the completion script of a shell.

    \b
    bash: eval "$(naftiko completion bash)" in ~/.bashrc
    zsh:  eval "$(naftiko completion zsh)" in ~/.zshrc
    fish: naftiko completion fish > ~/.config/fish/completions/naftiko.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click has no completion for {shell}.")
    click.echo(kind(main, {}, PROGRAM, COMPLETE_VARIABLE).source())
