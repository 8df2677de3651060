"""``naftiko schema``: the JSON Schema of documents, for editors."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from naftiko_runtime.document.normalize import LATER_VERSIONS, VERSIONS
from naftiko_runtime.schema.write import write_schema


@click.command()
@click.option(
    "--version",
    type=click.Choice([*VERSIONS, *LATER_VERSIONS]),
    default=VERSIONS[-1],
    show_default=True,
    help="The version of the specification.",
)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The output file.")
def schema(version: str, output: Path | None) -> None:
    """Print a JSON Schema of capability files, for completion and checks in editors."""
    written = orjson.dumps(write_schema(version), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if output is None:
        click.echo(written.decode(), nl=False)
        return
    try:
        output.write_bytes(written)
    except OSError as error:
        raise click.FileError(str(output), error.strerror) from None
