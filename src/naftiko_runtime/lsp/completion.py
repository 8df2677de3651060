"""Completion: the words that fit at a place."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from naftiko_runtime.lsp.cursor import CURSOR
from naftiko_runtime.lsp.name_index import list_inputs, list_own_names
from naftiko_runtime.lsp.schema_index import make_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from naftiko_runtime.lsp.cursor import CursorPlace
    from naftiko_runtime.lsp.name_index import Outline

CompletionKind: TypeAlias = Literal["key", "value", "namespace", "operation", "parameter", "input", "variable"]


class Word(NamedTuple):
    """A word that fits.

    Attributes:
        text: The text that replaces the typed one.
        kind: The kind of the word.
        detail: Its description.
    """

    text: str
    kind: CompletionKind
    detail: str = ""


def list_completions(place: CursorPlace, outline: Outline) -> list[Word]:
    """List the words that fit at a place.

    Args:
        place: The place, with the beginning of a word.
        outline: The names of the document.
    """
    if place.template:
        return [*_iter_inputs(place), *_iter_variables(outline)]
    *above, key = place.key_path
    holder = above[-1] if above else ""
    match ("with" if holder == "with" else key), place.on_key:
        case "with", True:
            return _list_parameters(place, outline)
        case "with", False:
            return [word for name in _list_caller_prefixes(place) for word in _iter_inputs(place, f"{name}.")]
        case _, True:
            return _list_keys(place)
        case _:
            return _list_values(place, outline)


def _list_values(place: CursorPlace, outline: Outline) -> list[Word]:
    match place.key_path[-1]:
        case "call":
            sent = {name: f"{operation.method} {operation.url}" for name, operation in outline.operations.items()}
            return _list_qualified(sent, place.typed)
        case "ref":
            return _list_qualified(dict.fromkeys(outline.functions, ""), place.typed)
        case "targetNamespace":
            return [Word(name, "namespace") for name in outline.namespaces]
        case _:
            return [
                Word(value, "value")
                for value in make_vocabulary(place.source).list_values(place.source, place.key_path)
            ]


def _list_qualified(names: Mapping[str, str], typed: str) -> list[Word]:
    """List namespaces until one is written (or there is only one), then the names in it.

    Args:
        names: The names with their descriptions.
        typed: The typed text.
    """
    spaces = list(dict.fromkeys(name.partition(".")[0] for name in names))
    if "." not in typed and len(spaces) > 1:
        return [Word(f"{space}.", "namespace") for space in spaces]
    chosen = typed.partition(".")[0] if "." in typed else "".join(spaces)
    return [
        Word(name, "operation", description) for name, description in names.items() if name.partition(".")[0] == chosen
    ]


def _list_parameters(place: CursorPlace, outline: Outline) -> list[Word]:
    """List the parameters of the called operation that the ``with`` at the place does not set yet."""
    given = place.holder
    part = place._replace(key_path=place.key_path[:-1]).holder
    called = outline.operations.get(str(part.get("call")))
    return [Word(name, "parameter") for name in (called.parameters if called else ()) if name not in given]


def _list_keys(place: CursorPlace) -> list[Word]:
    if CURSOR not in str(place.key_path[-1]):
        return []
    known = make_vocabulary(place.source).list_keys(place.source, place.key_path[:-1])
    return [Word(key, "key", str(of.get("description", ""))) for key, of in known.items() if key not in place.holder]


def _list_caller_prefixes(place: CursorPlace) -> list[str]:
    """List the prefixes for inputs of the caller: the namespaces of the expose."""
    return list_own_names(place.source, place.key_path)[:1]


def _iter_inputs(place: CursorPlace, prefix: str = "") -> Iterator[Word]:
    return (
        Word(f"{prefix}{name}", "input") for name in list_inputs(place.source, place.key_path) if CURSOR not in name
    )


def _iter_variables(outline: Outline) -> Iterator[Word]:
    """Yield bound variables by their short names, or by full names if two binds share one."""
    short = {full: full.partition(".")[2] for full in outline.variables}
    counts = Counter(short.values())
    for full, name in short.items():
        yield Word(name if counts[name] == 1 else full, "variable", full)
