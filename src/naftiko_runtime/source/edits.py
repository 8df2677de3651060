"""Edits of a document's text at exact places. The rest of the text does not change.

A function returns no edits at a place that it does not fully understand: in an imported file,
after an anchor or a tag, over several lines, with escapes. No edit is always a safe result.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.diagnostic import Edit, Span
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.source.scalars import resolve_plain
from naftiko_runtime.source.source import LINE_BREAK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from naftiko_runtime.source.source import KeyPath, Source

Edits = tuple[Edit, ...]
Field = tuple[str, str]

_WORD: Final = compile_lazily(r"[A-Za-z_$][\w.$-]*")
_PROPERTIES: Final = compile_lazily(r"^([&!]\S*\s*)+")
_AMBIGUOUS: Final = frozenset({"y", "n", "yes", "no", "on", "off"})
"""Text for YAML 1.2, truth values for the 1.1 of other tools."""
_ESCAPED: Final = frozenset("'\"\\")


def replace_text(source: Source, key_path: KeyPath, old: str, new: str, *, key: bool = False) -> Edits:
    """Return the edit that replaces a value (or its key) with the text ``old`` by ``new``, and keeps its quotes."""
    span = source.find_span(key_path, key=key)
    quote = _find_quote(source, span, old)
    if quote is None or not new.isprintable() or _ESCAPED & set(new):
        return ()
    if key and new in _find_siblings(source, key_path):
        return ()
    if not quote and not _stays_plain(old, new):
        quote = '"'
    return (Edit(span, f"{quote}{new}{quote}"),)


def replace_stretches(
    source: Source, key_path: KeyPath, old: str, stretches: Iterable[tuple[int, int]], new: str
) -> Edits:
    """Return the edits that replace stretches of a value with the text ``old`` by a word."""
    span = source.find_span(key_path)
    quote = _find_quote(source, span, old)
    if quote is None or not re.fullmatch(r"[\w.-]+", new):
        return ()
    first = span.column + len(quote)
    line = span.line
    return tuple(Edit(Span(span.file, line, first + start, line, first + end), new) for start, end in stretches)


def _find_quote(source: Source, span: Span, text: str) -> str | None:
    """Return the quote around a text at a span. Empty for plain text; None if the file writes the text differently."""
    if span.file != source.file:
        return None
    raw = get_raw_text(source, span)
    quote = raw[:1] if raw[:1] in ("'", '"') else ""
    return quote if raw == f"{quote}{text}{quote}" else None


def _find_siblings(source: Source, key_path: KeyPath) -> set[str]:
    """Return the keys of the mapping that contains a key, as the file writes them."""
    holder = source.get(key_path[:-1])
    spans = [source.find_span((*key_path[:-1], key), key=True) for key in holder]
    return {*holder, *(get_raw_text(source, span).strip("'\"") for span in spans if span.file == source.file)}


def _stays_plain(old: str, new: str) -> bool:
    """Return whether a text needs no quotes at the place of another unquoted text."""
    if _is_word(new):
        return True
    foreign = set(re.sub(r"[\w./$-]", "", new)) - set(old)
    return not foreign and new[:1] == old[:1] and resolve_plain(new) == new and not re.search(r":(\s|$)|\s#", new)


def _is_word(text: str) -> bool:
    return bool(_WORD.fullmatch(text)) and resolve_plain(text) == text and text.lower() not in _AMBIGUOUS


def format_scalar(text: str) -> str | None:
    """Return a text as a YAML scalar that is valid at any place. None if it needs escapes."""
    if _is_word(text):
        return text
    return f'"{text}"' if text.isprintable() and not _ESCAPED & set(text) else None


def add_key(source: Source, key_path: KeyPath, name: str, value: str) -> Edits:
    """Return the edit that adds an entry at the end of the mapping at a path."""
    key, shown = format_scalar(name), format_scalar(value)
    if key is None or shown is None or _is_foreign(source, key_path):
        return ()
    return _add_entry(source, key_path, [f"{key}: {shown}"], f"{key}: {shown}")


def add_parameters(
    source: Source, key_path: KeyPath, names: Sequence[str], fields: Sequence[Field], *, maps: bool
) -> Edits:
    """Return the edit that adds parameters to the mapping at a path. The list is created if needed.

    Args:
        source: The document.
        key_path: The path of the mapping that has, or gets, ``inputParameters``.
        names: The names of the parameters.
        fields: The other keys and values of each parameter, as plain words.
        maps: Whether to write a new list as a mapping by name, as in later versions.
    """
    shown = [scalar for name in names if (scalar := format_scalar(name)) is not None]
    if len(shown) != len(names) or _is_foreign(source, key_path):
        return ()
    parameters = (*key_path, "inputParameters")
    if "inputParameters" not in source.get(key_path):
        return _add_new_list(source, key_path, shown, fields, maps=maps)
    if not source.get(parameters):
        maps = _get_opening(source, source.find_span(parameters)) == "{"
        return _add_entry(source, parameters, [], ", ".join(_format_flow(name, fields, maps=maps) for name in shown))
    first = _get_opening(source, source.find_span(parameters))
    in_braces = _get_opening(source, source.find_span((*parameters, 0))) == "{"
    maps = first not in ("-", "[")
    lines = [line for name in shown for line in _format_block(name, fields, maps=maps, flow=in_braces and not maps)]
    return _add_entry(
        source, parameters, lines, ", ".join(_format_flow(name, fields, maps=first == "{") for name in shown)
    )


def _add_new_list(
    source: Source, key_path: KeyPath, names: Sequence[str], fields: Sequence[Field], *, maps: bool
) -> Edits:
    """Insert the list after the key before ``operations``, or else after ``path``."""
    holder = source.get(key_path)
    flow = ", ".join(_format_flow(name, fields, maps=maps) for name in names)
    braces = f"inputParameters: {{{flow}}}" if maps else f"inputParameters: [{flow}]"
    if _get_opening(source, source.find_span(key_path)) == "{":
        return _insert_after(source, (*key_path, "path"), f", {braces}")
    lines = ["inputParameters:", *(f"  {line}" for name in names for line in _format_block(name, fields, maps=maps))]
    in_order = sorted(holder, key=lambda key: _get_start(source.find_span((*key_path, key), key=True)))
    at = in_order.index("operations") if "operations" in in_order else 0
    before = in_order[at - 1] if at else "path"
    margin = " " * (source.find_span((*key_path, before), key=True).column - 1)
    return _insert_lines_after(source, (*key_path, before), [margin + line for line in lines])


def _add_entry(source: Source, key_path: KeyPath, lines: Sequence[str], flow: str) -> Edits:
    """Return the edit that adds an entry to the mapping or list at a path: as lines, or between its brackets."""
    holder, span = source.get(key_path), source.find_span(key_path)
    opening = _get_opening(source, span)
    if opening in ("{", "["):
        if holder:
            return _insert_after(source, (*key_path, _find_last_key(source, key_path)), f", {flow}")
        if not get_raw_text(source, span).startswith(opening):
            return ()
        inside = Span(span.file, span.line, span.column + 1, span.line, span.column + 1)
        return (Edit(inside, flow),)
    if not holder or opening == "*":
        return ()
    margin = " " * (_find_column(source, key_path, opening) - 1)
    return _insert_lines_after(source, key_path, [margin + line for line in lines])


def _find_column(source: Source, key_path: KeyPath, opening: str) -> int:
    """Return where the entries of a block begin: at the dash of a list, at the key of a mapping."""
    span = source.find_span(key_path)
    if opening == "-":
        return span.column
    return source.find_span((*key_path, _find_last_key(source, key_path)), key=True).column


def _format_flow(name: str, fields: Sequence[Field], *, maps: bool) -> str:
    pairs = ", ".join(f"{key}: {value}" for key, value in fields)
    return f"{name}: {{{pairs}}}" if maps else f"{{name: {name}, {pairs}}}"


def _format_block(name: str, fields: Sequence[Field], *, maps: bool, flow: bool = False) -> list[str]:
    if flow:
        return [f"- {_format_flow(name, fields, maps=False)}"]
    head = f"{name}:" if maps else f"- name: {name}"
    return [head, *(f"  {key}: {value}" for key, value in fields)]


def _insert_after(source: Source, key_path: KeyPath, text: str) -> Edits:
    """Return the edit that inserts a text right after the value at a path."""
    span = source.find_span(key_path)
    raw = get_raw_text(source, span)
    if not raw and span.line == span.end_line:  # a key without a value has no end
        return ()
    end = Span(span.file, span.end_line, span.end_column, span.end_line, span.end_column)
    return (Edit(end, text),)


def _insert_lines_after(source: Source, key_path: KeyPath, lines: Sequence[str]) -> Edits:
    """Return the edit that inserts lines after the last line of the value at a path."""
    if not lines:
        return ()
    number = _find_last_line(source, key_path)
    end = len(source.get_line(number)) + 1
    breaks = LINE_BREAK.search(source.text)
    line_break = breaks[0] if breaks is not None else "\n"
    return (Edit(Span(source.file, number, end, number, end), "".join(line_break + line for line in lines)),)


def _find_last_line(source: Source, key_path: KeyPath) -> int:
    """Return the line on which a value ends; a block ends with its last scalar, before the comments that follow."""
    while isinstance(source.get(key_path), dict | list) and source.get(key_path):
        span = source.find_span(key_path)
        if _get_opening(source, span) in ("{", "[", "*"):
            return span.end_line
        key_path = (*key_path, _find_last_key(source, key_path))
    return source.find_span(key_path).end_line


def _find_last_key(source: Source, key_path: KeyPath) -> str | int:
    """Return the last entry of a non-empty mapping or list in the text."""
    holder: Any = source.get(key_path)
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    last: str | int = max(keys, key=lambda key: _get_start(source.find_span((*key_path, key), key=True)))
    return last


def _get_start(span: Span) -> tuple[int, int]:
    return span.line, span.column


def _is_foreign(source: Source, key_path: KeyPath) -> bool:
    return source.find_span(key_path).file != source.file


def get_raw_text(source: Source, span: Span) -> str:
    """Return the text at a span of one line. For a longer span: the rest of its first line."""
    line = source.get_line(span.line)
    return line[span.column - 1 : span.end_column - 1] if span.line == span.end_line else line[span.column - 1 :]


def _get_opening(source: Source, span: Span) -> str:
    """Return the first character at a span, after anchors and tags. Empty if the value begins on the next line."""
    return _PROPERTIES.sub("", source.get_line(span.line)[span.column - 1 :])[:1]
