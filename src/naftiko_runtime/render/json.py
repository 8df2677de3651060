"""A JSON list of findings, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from naftiko_runtime.render.checked_files import iter_findings
from naftiko_runtime.render.rule_pages import find_page_url
from naftiko_runtime.rules import NounPhrase, Statement, render_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.render.checked_files import CheckedFile
    from naftiko_runtime.rules import MessageArgument


def render_json(files: Iterable[CheckedFile]) -> str:
    """Render a list of objects; ``line``, ``column`` and their ends are null if a finding has no place."""
    return dump_json([_make_entry(file, diagnostic) for file, diagnostic in iter_findings(files)])


def dump_json(value: Any) -> str:
    """Dump JSON text that can be written as UTF-8: an invalid byte of a file name becomes a question mark."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"


def _make_entry(file: str, diagnostic: Diagnostic) -> dict[str, Any]:
    rule, span, related = diagnostic.rule, diagnostic.span, diagnostic.related
    return {
        "file": file,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "end_line": span.end_line if span else None,
        "end_column": span.end_column if span else None,
        "code": rule.code,
        "slug": rule.slug,
        "severity": str(diagnostic.severity),
        "message": diagnostic.message,
        "help": diagnostic.help,
        "arguments": {name: _convert_argument(value) for name, value in diagnostic.arguments.items()},
        "related": None if related is None else {"file": related.file, "line": related.line, "column": related.column},
        "url": find_page_url(rule),
    }


def _convert_argument(argument: MessageArgument) -> Any:
    """Convert an argument to JSON; a sentence, or a part of one, to its text."""
    match argument:
        case Statement() | NounPhrase():
            return render_text(argument)
        case _:
            return argument
