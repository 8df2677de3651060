"""``naftiko validate``: load, parse, link; no environment, no network, no servers."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from naftiko_runtime.cli.files import capability_files
from naftiko_runtime.cli.findings import count, show
from naftiko_runtime.cli.options import ALLOW_IMPORT, STRICT
from naftiko_runtime.diagnostics import Severity
from naftiko_runtime.link.overrides import Overrides
from naftiko_runtime.load import load

if TYPE_CHECKING:
    from naftiko_runtime.diagnostics import Diagnostic


@click.command()
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@ALLOW_IMPORT
@STRICT
def validate(paths: tuple[Path, ...], allowed_imports: tuple[Path, ...], strict: bool) -> None:
    """Check capability FILEs, or those of folders: says what cannot run, where, and what to write instead.

    Exit status: 0 when there is no error, 1 when there is one, 2 for wrong usage.
    """
    found: dict[Diagnostic, None] = {}  # what is wrong in a file that several import is told once
    files = capability_files(paths, shared=True)
    for file in files:
        loaded = load(file, Overrides(allowed_imports=allowed_imports, strict=strict))
        show(replace(loaded, diagnostics=tuple(d for d in loaded.diagnostics if d not in found)), sys.stdout)
        found |= dict.fromkeys(loaded.diagnostics)
    click.echo(f"{len(files)} file{'s' * (len(files) != 1)} checked: {count(found)}")
    sys.exit(any(diagnostic.severity is Severity.ERROR for diagnostic in found))
