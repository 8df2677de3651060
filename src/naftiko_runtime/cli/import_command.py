"""``naftiko import``: writes a capability from what an author already has."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from naftiko_runtime.cli.print_errors import print_error
from naftiko_runtime.openapi_import.document_files import UnreadableDocument
from naftiko_runtime.openapi_import.import_openapi import ImportOptions, import_openapi
from naftiko_runtime.openapi_import.select_operations import KEYS, OperationSelection, OperationSelector

if TYPE_CHECKING:
    from naftiko_runtime.openapi_import.import_openapi import ImportedDocument
    from naftiko_runtime.openapi_import.report import Report

_EXIT_FAILED = 1


class _SelectorType(click.ParamType[Any]):
    """``KEY=PATTERN``."""

    name = "KEY=PATTERN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> OperationSelector:
        if isinstance(value, OperationSelector):
            return value
        key, _, pattern = str(value).partition("=")
        if key not in KEYS or not pattern:
            self.fail(f"'{value}' is not KEY=PATTERN, with a KEY of {', '.join(KEYS)}", param, ctx)
        return OperationSelector(key, pattern)


@click.group("import")
def import_command() -> None:
    """Write a capability file from what you already have."""


@import_command.command(short_help="Import an OpenAPI or Swagger document.")
@click.argument("spec", metavar="SPEC", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The output file; with --split, the folder.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@click.option(
    "--include",
    type=_SelectorType(),
    multiple=True,
    help="Only operations whose tag, path, operation (its operationId) or method is like PATTERN; repeatable.",
)
@click.option("--exclude", type=_SelectorType(), multiple=True, help="Without such operations; repeatable.")
@click.option("--rest", "sides", flag_value="rest", help="Expose REST routes only.")
@click.option("--mcp", "sides", flag_value="mcp", help="Expose MCP tools only.")
@click.option("--both", "sides", flag_value="both", default=True, help="Expose both, the default.")
@click.option("--split", is_flag=True, help="Write a file for each tag, and one that they share.")
@click.option("--base-uri", metavar="URL", help="The URL of the API, instead of the document's.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as JSON too.")
@click.option(
    "--allow-import",
    "allowed",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Allow references to files below this folder, besides the folder of SPEC; repeatable.",
)
def openapi(
    spec: Path,
    output: Path | None,
    force: bool,
    include: tuple[OperationSelector, ...],
    exclude: tuple[OperationSelector, ...],
    sides: str,
    split: bool,
    base_uri: str | None,
    report: Path | None,
    allowed: tuple[Path, ...],
) -> None:
    """Write a capability that calls the API of an OpenAPI 3 or Swagger 2.0 document.

    Exit status: 0 if it is written, 1 if the document is refused or the output cannot be written, 2 for wrong usage.
    """
    if split and output is None:
        raise click.UsageError("--split writes several files: name their folder with -o.")
    options = ImportOptions(
        selection=OperationSelection(include, exclude),
        sides="rest" if sides == "rest" else "mcp" if sides == "mcp" else "both",
        split=split,
        base_uri=base_uri,
        allowed=allowed,
    )
    gc.disable()  # a document is one large tree without circles: collecting takes a third of the time
    try:
        imported = import_openapi(spec, options)
    except UnreadableDocument as error:
        print_error(f"{spec} is not imported: {error}")
        sys.exit(_EXIT_FAILED)
    finally:
        gc.enable()
    _write_files(_place_files(imported, output, split=split), force=force)
    _print_report(imported.report)
    if report is not None:
        _write_file(report, json.dumps(imported.report.write_data(), indent=2, ensure_ascii=False) + "\n")


def _place_files(imported: ImportedDocument, output: Path | None, *, split: bool) -> dict[Path | None, str]:
    """Return the texts by their files. None is standard output."""
    if not split:
        return dict.fromkeys([output], *imported.files.values())
    return {(output or Path()) / f"{name}.yaml": text for name, text in imported.files.items()}


def _write_files(files: dict[Path | None, str], *, force: bool) -> None:
    for path in files:
        if path is not None and path.exists() and not force:
            print_error(f"{path} exists", "write to another file, or overwrite it with --force")
            sys.exit(_EXIT_FAILED)
    for path, text in files.items():
        if path is None:
            click.echo(text, nl=False)
        else:
            _write_file(path, text)


def _write_file(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from None


def _print_report(report: Report) -> None:
    for line in report.lines:
        click.echo(line, err=True)
    click.echo(f"{report.imported} of {report.operations} operations imported", err=True)
