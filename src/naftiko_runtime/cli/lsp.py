"""``naftiko lsp``: a language server for editors."""

from __future__ import annotations

import click


@click.command()
def lsp() -> None:
    """Serve an editor over standard input and output: findings, completion, definitions, quick fixes."""
    try:
        from naftiko_runtime.lsp.server import server
    except ImportError:
        raise click.ClickException("the language server needs more: pip install 'naftiko-runtime[lsp]'") from None
    server().start_io()
