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
from naftiko_runtime.render.checked_files import below, distinct
from naftiko_runtime.render.json import dumped
from naftiko_runtime.render.rule_pages import page_online, project_urls, read_page
from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from naftiko_runtime.diagnostic import Diagnostic, Span
    from naftiko_runtime.render.checked_files import Checked
    from naftiko_runtime.rules import Rule

_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT: Final = "%SRCROOT%"


def sarif(files: Iterable[Checked], *, root: str) -> str:
    """One run with every finding, and the rules that they are of.

    Args:
        files: What was checked.
        root: The repository's folder, which the URIs of files are relative to.
    """
    told = list(distinct(files))
    rules = sorted({d.rule.code: d.rule for c in told for d in c.diagnostics}.items())
    run = {
        "tool": {
            "driver": {"name": "naftiko", "version": __version__, "rules": [_rule(rule) for _, rule in rules]},
        },
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": list(_results(told, [code for code, _ in rules], root)),
    }
    return dumped({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    online = page_online(rule, project_urls())
    return {
        "id": rule.code,
        "name": rule.slug,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.summary} {rule.remedy}"},
        "help": {
            "text": f"{rule.remedy} Examples: naftiko rule {rule.slug}",
            "markdown": read_page(rule),
        },
        **({"helpUri": online} if online is not None else {}),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _results(files: Iterable[Checked], codes: list[str], root: str) -> Iterator[dict[str, Any]]:
    seen: dict[str, int] = {}
    for checked in files:
        for diagnostic in checked.diagnostics:
            span = diagnostic.span
            uri = _uri(below(root, span.file if span else checked.file))
            mark = _fingerprint(diagnostic, uri, checked.line_of(span) if span else "")
            seen[mark] = seen.get(mark, 0) + 1
            yield {
                "ruleId": diagnostic.rule.code,
                "ruleIndex": codes.index(diagnostic.rule.code),
                "level": _LEVELS[diagnostic.severity],
                "message": {"text": "\n".join(text for text in (diagnostic.message, diagnostic.help) if text)},
                "locations": [{"physicalLocation": _location(uri, span)}],
                **_related_locations(diagnostic, root),
                "partialFingerprints": {"naftikoLine/v2": f"{mark}:{seen[mark]}"},
            }


def _related_locations(diagnostic: Diagnostic, root: str) -> dict[str, Any]:
    """Return the property for the other place of a finding, if it has one."""
    related = diagnostic.related
    if related is None:
        return {}
    place = {"physicalLocation": _location(_uri(below(root, related.file)), related)}
    return {"relatedLocations": [{"id": 1, **place, "message": {"text": RELATED_PLACE}}]}


def _location(uri: str, span: Span | None) -> dict[str, Any]:
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


def _uri(path: str) -> str:
    return PurePath(path).as_uri() if PurePath(path).is_absolute() else quote(os.fsencode(path))


def _fingerprint(diagnostic: Diagnostic, uri: str, line: str) -> str:
    """The same for a finding whose line has only moved, and whatever words it is told in."""
    arguments = json.dumps(diagnostic.statement.arguments, default=lambda said: said.arguments)
    parts = (diagnostic.rule.code, uri, line.strip(), arguments)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
