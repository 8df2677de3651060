"""Imports an OpenAPI document: from its file to the text of capability files that are valid."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load_source
from naftiko_runtime.openapi_import import report as reasons
from naftiko_runtime.openapi_import.document_files import DocumentFiles, UnreadableDocument
from naftiko_runtime.openapi_import.import_api import import_api
from naftiko_runtime.openapi_import.read_api import read_api
from naftiko_runtime.openapi_import.report import Report, ReportPlace
from naftiko_runtime.openapi_import.select_operations import OperationSelection
from naftiko_runtime.openapi_import.write_capability import CapabilityWriter
from naftiko_runtime.openapi_import.write_yaml import write_yaml
from naftiko_runtime.rules import Severity
from naftiko_runtime.rules.rule import render_text
from naftiko_runtime.source import SourceError
from naftiko_runtime.source.reading import parse_source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.openapi_import.import_api import ImportedApi
    from naftiko_runtime.openapi_import.write_capability import Sides

_ERRORS_ONLY: Final = Overrides(lint=False)
_YAML_FACTOR: Final = 1.2
"""How much longer than JSON the YAML is, at most."""
_FULL_BYTES_MAX: Final = 6 * 1024 * 1024
"""Of a file with all descriptions. A longer one has short ones: it would take long to load."""
_ROUNDS_MAX: Final = 50
"""How often operations with errors are left out: a run reports a bounded number of them."""


class ImportOptions(Struct, frozen=True):
    """What a user wants.

    Attributes:
        selection: Which operations.
        sides: What is exposed.
        split: Whether each tag has a file of its own.
        base_uri: The URL of the API. None for that of the document.
        allowed: Folders of neighbouring files, besides the document's own.
    """

    selection: OperationSelection = OperationSelection()
    sides: Sides = "both"
    split: bool = False
    base_uri: str | None = None
    allowed: tuple[Path, ...] = ()


class ImportedDocument(Struct, frozen=True):
    """The result of an import.

    Attributes:
        files: The texts of the capability files by their names without suffix.
        report: What is left out or changed.
    """

    files: dict[str, str]
    report: Report


def import_openapi(path: Path, options: ImportOptions) -> ImportedDocument:
    """Import a document.

    Raises:
        UnreadableDocument: It cannot be read, or nothing of it can be imported. The message gives the reason.
    """
    report = Report()
    api = read_api(DocumentFiles(path, options.allowed), report)
    wanted = [operation for operation in api.operations if options.selection.wants(operation)]
    if not wanted:
        reason = (
            "it has no operations" if not report.operations else "none of its operations is chosen or can be called"
        )
        raise UnreadableDocument(reason)
    apis = import_api(api, wanted, options.base_uri, report)
    writer = CapabilityWriter(api, apis, options.sides, report)
    text = _write_valid(writer, report)
    report.imported = sum(len(group.operations) for group in writer.apis)
    if options.split:
        files = {name: write_yaml(document) for name, document in writer.write_split().items()}
        return ImportedDocument(files, report)
    return ImportedDocument({writer.apis[0].namespace: text}, report)


def _write_valid(writer: CapabilityWriter, report: Report) -> str:
    """Write a capability, and leave out the operations that would be errors in it.

    Raises:
        UnreadableDocument: Nothing is left, or an error belongs to no operation.
    """
    for _ in range(_ROUNDS_MAX):
        writer.apis = [group for group in writer.apis if group.operations]
        if not writer.apis:
            raise UnreadableDocument("none of its operations can be called: " + _show_first(report))
        document = writer.write_one()
        if not writer.brief and len(json.dumps(document)) * _YAML_FACTOR > _FULL_BYTES_MAX:
            writer.brief = True
            report.add(ReportPlace(pointer="#/paths"), reasons.BRIEF, most=f"{_FULL_BYTES_MAX:,}")
            document = writer.write_one()
        text = write_yaml(document)
        errors = _find_errors(text)
        if not errors:
            return text
        broken = _find_broken(document, errors)
        if not broken:
            raise UnreadableDocument(f"its capability is not valid: {render_text(errors[0].statement)}")
        _leave_out(writer.apis, broken, report)
    raise UnreadableDocument("its capability has too many errors")


def _find_errors(text: str) -> list[Diagnostic]:
    try:
        source = parse_source(text.encode(), "capability.yaml")
    except SourceError as error:
        raise UnreadableDocument(
            f"its capability would be too large; choose operations with --include: {error}"
        ) from None
    return [one for one in load_source(source, _ERRORS_ONLY).diagnostics if one.severity is Severity.ERROR]


def _find_broken(document: dict[str, Any], errors: Iterable[Diagnostic]) -> dict[str, str]:
    """Find the names of the operations with errors, each with the message of its first one."""
    broken: dict[str, str] = {}
    for error in errors:
        for name in _list_names(document, error.part or ()):
            broken.setdefault(name, render_text(error.statement))
    return broken


def _list_names(document: dict[str, Any], part: tuple[str | int, ...]) -> list[str]:
    """Return the names of the operations that a part of a document belongs to."""
    value: Any = document
    names: list[str] = []
    for key in (*part, None):
        if isinstance(value, dict):
            names = _list_own_names(value) or names
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            break
    return names


def _list_own_names(part: dict[str, Any]) -> list[str]:
    """Return the name of an operation or a tool, or the names of all operations of a resource or an API."""
    if "name" in part and ("method" in part or "call" in part):
        return [part["name"]]
    resources = [part] if "operations" in part else part.get("resources", ())
    return [operation["name"] for resource in resources for operation in resource["operations"]]


def _leave_out(apis: Iterable[ImportedApi], broken: dict[str, str], report: Report) -> None:
    for group in apis:
        for operation in group.operations:
            if operation.name in broken:
                report.add(operation.api.place, reasons.INVALID, problem=broken[operation.name])
        group.operations = [operation for operation in group.operations if operation.name not in broken]


def _show_first(report: Report) -> str:
    return next((str(line) for line in report.lines if line.reason.effect == "left out"), "")
