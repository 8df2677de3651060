"""Hover texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from naftiko_runtime.lsp.schema_index import make_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from naftiko_runtime.lsp.cursor import CursorPlace
    from naftiko_runtime.lsp.name_index import Outline
    from naftiko_runtime.rules import Rule


def describe_place(place: CursorPlace | None, outline: Outline, rules: Iterable[Rule]) -> str:
    """Return Markdown: the meaning of findings, of a key, or of a ``call``; empty if there is none.

    Args:
        place: The place, if it is one of the document.
        outline: The names of the document.
        rules: The rules of the findings there.
    """
    return "\n\n---\n\n".join([*map(_describe_rule, dict.fromkeys(rules)), *_iter_descriptions(place, outline)])


def _describe_rule(rule: Rule) -> str:
    return f"**{rule.slug}** ({rule.code}, {rule.severity})\n\n{rule.summary}\n\n{rule.remedy}"


def _iter_descriptions(place: CursorPlace | None, outline: Outline) -> Iterator[str]:
    if place is None:
        return
    if not place.on_key:
        if place.key_path[-1] == "call":
            yield from _describe_operation(str(place.value), outline)
        return
    meaning = make_vocabulary(place.source).find_meaning(place.source, place.key_path)
    if meaning is not None and "description" in meaning:
        example = json.dumps(meaning.get("examples", [None])[0], ensure_ascii=False)
        yield f"**{place.key_path[-1]}**: {meaning['description']}\n\nFor example `{example}`"


def _describe_operation(name: str, outline: Outline) -> Iterator[str]:
    operation = outline.operations.get(name)
    if operation is None:
        return
    takes = ", ".join(f"`{parameter}`" for parameter in operation.parameters)
    parts = (f"`{operation.method} {operation.url}`", operation.description, takes and f"Takes {takes}")
    yield "\n\n".join(part for part in parts if part)
