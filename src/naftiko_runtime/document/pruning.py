"""A document's data without the values that its model rejects, so that the rest can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.source import KeyPath

_REMOVED: Final = object()
"""Stands in a list for a removed entry, so that the others keep their indices."""

_RESOURCE: Final = ("resources", int)
_OPERATION: Final = (*_RESOURCE, "operations", int)
_REQUIRED: Final[dict[tuple[object, ...], str | int]] = {
    ("naftiko",): "1.0.0-alpha2",
    ("consumes", int, "namespace"): "(unread {})",
    ("consumes", int, "baseUri"): "http://unread.invalid",
    ("consumes", int, *_RESOURCE, "path"): "/unread/{}",
    ("consumes", int, *_OPERATION, "name"): "(unread {})",
    ("exposes", int, "namespace"): "(unread {})",
    ("exposes", int, "port"): 0,
    ("exposes", int, *_RESOURCE, "path"): "/unread/{}",
    ("exposes", int, *_RESOURCE, "forward", "targetNamespace"): "(unread {})",
    ("exposes", int, "tools", int, "name"): "(unread {})",
    ("exposes", int, *_RESOURCE, "uri"): "unread:{}",
    ("exposes", int, *_RESOURCE, "name"): "(unread {})",
    ("exposes", int, "prompts", int, "name"): "(unread {})",
    ("exposes", int, "skills", int, "name"): "(unread {})",
    ("exposes", int, "skills", int, "description"): "(unread {})",
    ("aggregates", int, "functions", int, "name"): "(unread {})",
}
"""Keys without which a large part could not be read at all, with substitutes for their values."""


class PrunedData:
    """A copy of a document's data that parts are removed from.

    Args:
        data: The document as plain data; it is not changed.
    """

    def __init__(self, data: Any) -> None:
        self._data = _copy(data)
        self.unread: set[KeyPath] = set()
        """The places of what was removed, replaced or missing, in the original data."""

    def prune(self, key_path: KeyPath) -> bool:
        """Remove a wrong value, or add a missing required key. Return whether that changed anything.

        A value that a large part needs is replaced. For other required values, the part that needs them is removed.

        Args:
            key_path: The place in the original data, of a value or of a missing key.
        """
        above = self._get(key_path[:-1])
        if not key_path or not isinstance(above, dict | list):
            return False
        self.unread.add(key_path)
        key: Any = key_path[-1]
        stand_in = _find_substitute(key_path)
        if stand_in is not None and isinstance(above, dict):
            changed = above.get(key) != stand_in
            above[key] = stand_in
        elif isinstance(above, list):
            changed = above[key] is not _REMOVED
            above[key] = _REMOVED
        else:
            changed = key in above
            above.pop(key, None)
        return changed or (key not in above and self.prune(key_path[:-1]))

    def compact(self) -> Any:
        """Return the remaining data, for a model to read."""
        return _remove_pruned(self._data)

    def find_original(self, key_path: KeyPath) -> KeyPath:
        """Return the place in the original data of a place in the compact data."""
        found: list[str | int] = []
        value = self._data
        for key in key_path:
            index = list_indices(value)[key] if isinstance(value, list) and isinstance(key, int) else key
            found.append(index)
            value = look_up(value, index)
        return tuple(found)

    def _get(self, key_path: KeyPath) -> Any:
        value = self._data
        for key in key_path:
            value = look_up(value, key)
        return value

    @property
    def data(self) -> Any:
        """The remaining data, in which removed entries of lists still count. See :func:`list_indices`."""
        return self._data


def list_indices(value: Any) -> Sequence[int]:
    """Return the original indices of the remaining entries of a list. All indices if nothing was removed."""
    if not isinstance(value, list):
        return range(_MANY)
    return [index for index, entry in enumerate(value) if entry is not _REMOVED]


_MANY: Final = 2**31


def look_up(value: Any, key: str | int) -> Any:
    """Return the value at a key or an index of pruned data. None if there is none."""
    if isinstance(value, list) and isinstance(key, int):
        return value[key] if key < len(value) else None
    return value.get(key) if isinstance(value, dict) else None


def _find_substitute(key_path: KeyPath) -> str | int | None:
    own = key_path[1:] if key_path[:1] == ("capability",) else key_path
    stand_in = _REQUIRED.get(tuple(int if isinstance(key, int) else key for key in own))
    return stand_in.format(".".join(map(str, own))) if isinstance(stand_in, str) else stand_in


def _copy(value: Any) -> Any:
    """Return a copy in which no container occurs twice."""
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


def _remove_pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _remove_pruned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_remove_pruned(inner) for inner in value if inner is not _REMOVED]
    return value
