"""Reads the front matter of ``SKILL.md``, and writes the file where there is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from naftiko_runtime.decoding_irregularities import Irregularities
from naftiko_runtime.formats.yaml import decode
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.plan import DerivedTool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from naftiko_runtime.plan import InstructionTool

SKILL_FILE: Final = "SKILL.md"
_FRONT_MATTER: Final = compile_lazily(r"(?sm)\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$")
_UNPRINTABLE: Final = compile_lazily("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that JSON allows in a text, and YAML does not."""


class NoFrontMatterError(Exception):
    """A text does not begin with front matter."""


def read_front_matter(content: bytes) -> dict[str, Any]:
    """Return the front matter of a file.

    Raises:
        UnicodeDecodeError: The file is not UTF-8.
        NoFrontMatterError: It has none.
        ValueError: It is not a mapping in YAML, or irregular: programs would read it in several ways.
    """
    found = _FRONT_MATTER.match(content.decode())
    if found is None:
        raise NoFrontMatterError
    notes = Irregularities()
    value = decode(found[1].encode(), None, notes)
    if not isinstance(value, dict) or notes.count:
        raise ValueError("not a mapping")
    return value


def write_skill_file(
    fields: Mapping[str, Any], tools: Sequence[DerivedTool | InstructionTool], paths: Iterable[str]
) -> bytes:
    """Return a ``SKILL.md``. Equal arguments give equal bytes.

    Args:
        fields: Its front matter.
        tools: The tools of the skill.
        paths: The paths of its other files.
    """
    lines = ["---", *_list_fields(fields), "---", "", f"# {fields['name']}", "", str(fields["description"]).strip(), ""]
    if tools:
        lines += ["## Tools", "", *(_describe_tool(tool) for tool in tools), ""]
    if links := [f"- [{path}]({quote(path)})" for path in paths]:
        lines += ["## Files", "", *links, ""]
    return "\n".join(lines).encode()


def _list_fields(fields: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for key, value in fields.items():
        name = key if key.replace("-", "").isalpha() and key.isascii() and not indent else _write_text(key)
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _list_fields(value, f"{indent}  ")
        else:
            yield f"{indent}{name}: {_write_text(value) if isinstance(value, str) else json.dumps(value)}"


def _write_text(text: str) -> str:
    """Return a text in double quotes, as YAML and JSON read it."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _describe_tool(tool: DerivedTool | InstructionTool) -> str:
    about = " ".join(tool.description.split())
    if isinstance(tool, DerivedTool):
        noun = "the tool" if tool.mode == "mcp" else "the operation"
        kind = "MCP" if tool.mode == "mcp" else "REST"
        how = f"Call {noun} `{tool.action}` of the {kind} server `{tool.namespace}`."
    else:
        how = f"Follow [{tool.path}]({quote(tool.path)})."
    return f"- `{tool.name}`: {about} {how}" if about else f"- `{tool.name}`: {how}"
