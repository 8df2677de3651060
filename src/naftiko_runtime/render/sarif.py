"""SARIF 2.1.0, for code scanning services."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from naftiko_runtime._version import __version__
from naftiko_runtime.diagnostic import RELATED_PLACE
from naftiko_runtime.render.checked_files import make_relative, merge_repeated_files
from naftiko_runtime.render.json import dump_json
from naftiko_runtime.render.rule_pages import find_online_page, read_page, read_project_urls
from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from naftiko_runtime.diagnostic import Diagnostic, Span
    from naftiko_runtime.render.checked_files import CheckedFile
    from naftiko_runtime.rules import Rule

_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT: Final = "%SRCROOT%"


def render_sarif(files: Iterable[CheckedFile], *, root: str) -> str:
    """Render one run with every finding and its rules.

    Args:
        files: The checked files.
        root: The repository's folder, which the URIs of files are relative to.
    """
    checked_files = list(merge_repeated_files(files))
    rules = sorted({d.rule.code: d.rule for c in checked_files for d in c.diagnostics}.items())
    run = {
        "tool": {
            "driver": {"name": "naftiko", "version": __version__, "rules": [_describe_rule(rule) for _, rule in rules]},
        },
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": list(_iter_results(checked_files, [code for code, _ in rules], root)),
    }
    return dump_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _describe_rule(rule: Rule) -> dict[str, Any]:
    online = find_online_page(rule, read_project_urls())
    return {
        "id": rule.code,
        "name": rule.slug,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.summary} {rule.remedy}"},
        "help": {
            "text": f"{rule.remedy} Examples: naftiko explain {rule.slug}",
            "markdown": read_page(rule),
        },
        **({"helpUri": online} if online is not None else {}),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _iter_results(files: Iterable[CheckedFile], codes: list[str], root: str) -> Iterator[dict[str, Any]]:
    seen: dict[str, int] = {}
    for checked in files:
        for diagnostic in checked.diagnostics:
            span = diagnostic.span
            uri = _make_uri(make_relative(root, span.file if span else checked.file))
            mark = _compute_fingerprint(diagnostic, uri, checked.line_of(span) if span else "")
            seen[mark] = seen.get(mark, 0) + 1
            yield {
                "ruleId": diagnostic.rule.code,
                "ruleIndex": codes.index(diagnostic.rule.code),
                "level": _LEVELS[diagnostic.severity],
                "message": {"text": "\n".join(text for text in (diagnostic.message, diagnostic.help) if text)},
                "locations": [{"physicalLocation": _make_location(uri, span)}],
                **_make_related_locations(diagnostic, root),
                "partialFingerprints": {"naftikoLine/v2": f"{mark}:{seen[mark]}"},
            }


def _make_related_locations(diagnostic: Diagnostic, root: str) -> dict[str, Any]:
    """Return the property for the other place of a finding, if it has one."""
    related = diagnostic.related
    if related is None:
        return {}
    place = {"physicalLocation": _make_location(_make_uri(make_relative(root, related.file)), related)}
    return {"relatedLocations": [{"id": 1, **place, "message": {"text": RELATED_PLACE}}]}


def _make_location(uri: str, span: Span | None) -> dict[str, Any]:
    base = {} if uri.startswith("file:") else {"uriBaseId": _ROOT}
    place: dict[str, Any] = {"artifactLocation": {"uri": uri, **base}}
    if span is not None:
        place["region"] = {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        }
    return place


def _make_uri(path: str) -> str:
    return PurePath(path).as_uri() if PurePath(path).is_absolute() else quote(os.fsencode(path))


def _compute_fingerprint(diagnostic: Diagnostic, uri: str, line: str) -> str:
    """Compute a fingerprint that does not depend on the line number and the wording of a finding."""
    arguments = json.dumps(diagnostic.statement.arguments, default=lambda value: value.arguments)
    parts = (diagnostic.rule.code, uri, line.strip(), arguments)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
