"""A JSON list of findings, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from naftiko_runtime.render.checked_files import each
from naftiko_runtime.render.rule_pages import page_url
from naftiko_runtime.rules import Statement, Term, render_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.render.checked_files import Checked
    from naftiko_runtime.rules import Argument


def as_json(files: Iterable[Checked]) -> str:
    """A list of objects; ``line``, ``column`` and their ends are null where a finding has no place."""
    return dumped([_entry(file, diagnostic) for file, diagnostic in each(files)])


def dumped(value: Any) -> str:
    """JSON text that can be written as UTF-8: a byte of a file name that is none becomes a question mark."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"


def _entry(file: str, diagnostic: Diagnostic) -> dict[str, Any]:
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
        "arguments": {name: _value(value) for name, value in diagnostic.arguments.items()},
        "related": None if related is None else {"file": related.file, "line": related.line, "column": related.column},
        "url": page_url(rule),
    }


def _value(argument: Argument) -> Any:
    """An argument as JSON; of one that is a sentence, or a part of one, its text."""
    match argument:
        case Statement() | Term():
            return render_text(argument)
        case _:
            return argument
