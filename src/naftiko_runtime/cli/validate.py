"""``naftiko validate``: load, parse, link; no environment, no network, no servers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from naftiko_runtime.cli.files import capability_files
from naftiko_runtime.cli.findings import count, show
from naftiko_runtime.cli.fixing import Fixing
from naftiko_runtime.cli.options import ALLOW_IMPORT
from naftiko_runtime.diagnostics import Severity
from naftiko_runtime.link.overrides import Overrides
from naftiko_runtime.load import load

if TYPE_CHECKING:
    from naftiko_runtime.diagnostics import Diagnostic


@click.command()
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@ALLOW_IMPORT
@click.option("--fix", is_flag=True, help="Rewrite what is mechanically certain, and nothing else in the files.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and write nothing.")
def validate(paths: tuple[Path, ...], allowed_imports: tuple[Path, ...], fix: bool, diff: bool) -> None:
    """Check capability FILEs, or those of folders: says what cannot run, where, and what to write instead.

    Exit status: 0 when there is no error, 1 when there is one, 2 for wrong usage.
    """
    found: list[Diagnostic] = []
    files = capability_files(paths)
    fixing, stream = Fixing(diff=diff), sys.stderr if diff else sys.stdout
    for file in files:
        overrides = Overrides(allowed_imports=allowed_imports)
        loaded = fixing.load(file, overrides) if fix or diff else load(file, overrides)
        show(loaded, stream)
        found += loaded.diagnostics
    click.echo(f"{len(files)} file{'s' * (len(files) != 1)} checked: {count(found)}", file=stream)
    if fix or diff:
        click.echo(fixing.summary(), file=stream)
    sys.exit(any(diagnostic.severity is Severity.ERROR for diagnostic in found))
