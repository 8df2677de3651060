"""The sections of a document: its own parts, and its import entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.lazy_import import compile_lazily

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.source import KeyPath


SECTIONS: Final = ("consumes", "binds", "exposes", "aggregates")

_NEEDED: Final = {"call": "consumes", "targetNamespace": "consumes", "ref": "aggregates"}
"""By key, the section that its value refers to. Keys inside ``with`` are names of parameters, not these keys."""

_WORD: Final = compile_lazily(r"[^\s{}.$]+")


def iter_lists(data: Any, section: str) -> Iterator[tuple[KeyPath, list[Any]]]:
    """Yield the lists of a section: the root's, and the capability's."""
    for key_path, holder in (((), data), (("capability",), data.get("capability") if isinstance(data, dict) else None)):
        if isinstance(holder, dict) and isinstance(entries := holder.get(section), list):
            yield (*key_path, section), entries


def iter_entries(data: Any, section: str) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """Yield the mappings of a section with their paths."""
    for key_path, listed in iter_lists(data, section):
        yield from (((*key_path, index), entry) for index, entry in enumerate(listed) if isinstance(entry, dict))


def iter_own_parts(data: Any, section: str) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """Return the parts that a document defines itself, with their paths."""
    return ((key_path, entry) for key_path, entry in iter_entries(data, section) if "import" not in entry)


def iter_imports(data: Any, section: str) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """Return the import entries of a document, with their paths."""
    return ((key_path, entry) for key_path, entry in iter_entries(data, section) if "import" in entry)


def get_name(entry: dict[str, Any]) -> str:
    """Return the name of a part or of an import entry in its document."""
    own = entry.get("as", entry["import"]) if "import" in entry else entry.get("namespace")
    return str(own)


def get_variables(bind: dict[str, Any]) -> dict[str, Any]:
    """Return the variables of a bind. Empty for an invalid bind, which the models report."""
    keys = bind.get("keys")
    return keys if isinstance(keys, dict) else {}


def find_references(part: dict[str, Any]) -> list[tuple[str, str]]:
    """Section and namespace of everything that an expose or an aggregate refers to."""
    texts = ((key, text) for key, text in _iter_texts(part) if key in _NEEDED)
    return list(dict.fromkeys((_NEEDED[key], text.partition(".")[0]) for key, text in texts))


def collect_words(part: dict[str, Any]) -> frozenset[str]:
    """Return every word of a part: in its templates, as a name, in prose."""
    return frozenset(word for _, text in _iter_texts(part, everywhere=True) for word in _WORD.findall(text))


def mentions(known: frozenset[str], name: str) -> bool:
    """Return whether all words of a name are among the words of a part."""
    return known.issuperset(_WORD.findall(name))


def _iter_texts(value: Any, key: str = "", *, everywhere: bool = False) -> Iterator[tuple[str, str]]:
    """Yield every text in a value, with its key."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if everywhere:
                yield "", name
            if everywhere or name != "with":
                yield from _iter_texts(inner, name, everywhere=everywhere)
    elif isinstance(value, list):
        for inner in value:
            yield from _iter_texts(inner, key, everywhere=everywhere)
