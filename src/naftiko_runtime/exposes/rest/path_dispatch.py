"""Finds the target of a path: by a dictionary for fixed paths, and a trie for placeholders."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Generic, TypeAlias, TypeVar
from urllib.parse import quote, unquote_to_bytes

from naftiko_runtime.encode_for_place import PATH_SAFE
from naftiko_runtime.plan import Argument

_PERCENT: Final = ord("%")
T = TypeVar("T")
PathPattern = tuple[str | Argument, ...]


@dataclass(slots=True)
class PathMethods(Generic[T]):
    """A path, with the target of each method."""

    methods: dict[str, T] = field(default_factory=dict)
    allow: bytes = b""

    def add(self, method: str, target: T) -> None:
        """Add a method. If it is there, the first one stays."""
        self.methods.setdefault(method, target)
        names = {*self.methods, "OPTIONS"} | ({"HEAD"} if "GET" in self.methods else set())
        self.allow = ", ".join(sorted(names)).encode()

    def get_target(self, method: str) -> T | None:
        """Return the target of a method. HEAD follows GET."""
        found = self.methods.get(method)
        return self.methods.get("GET") if found is None and method == "HEAD" else found


Match: TypeAlias = tuple[PathMethods[T], dict[str, str]]
"""A resource, and the values of the placeholders in its path."""


@dataclass(slots=True)
class _Node(Generic[T]):
    fixed: dict[str, _Node[T]] = field(default_factory=dict)
    open: list[tuple[PathPattern, _Node[T]]] = field(default_factory=list)
    resource: PathMethods[T] | None = None


class Dispatcher(Generic[T]):
    """Finds the resources for a path, literal before placeholder, more specific first."""

    def __init__(self) -> None:
        self._fixed: dict[bytes, PathMethods[T]] = {}
        self._root: _Node[T] = _Node()

    def add(self, method: str, pattern: PathPattern, target: T) -> None:
        """Route a method on a path pattern."""
        node = self._root
        for segment in split_segments(pattern):
            node = self._get_child(node, segment)
        if node.resource is None:
            node.resource = PathMethods()
        node.resource.add(method, target)
        if not any(isinstance(piece, Argument) for piece in pattern):
            self._fixed[quote("".join(map(str, pattern)), safe=PATH_SAFE).encode()] = node.resource

    @staticmethod
    def _get_child(node: _Node[T], segment: PathPattern) -> _Node[T]:
        if len(segment) <= 1 and not any(isinstance(piece, Argument) for piece in segment):
            return node.fixed.setdefault("".join(map(str, segment)), _Node())
        for known, child in node.open:
            if known == segment:
                return child
        added: _Node[T] = _Node()
        node.open.append((segment, added))
        node.open.sort(key=lambda entry: _compute_specificity(entry[0]))
        return added

    def find_fixed(self, raw_path: bytes) -> PathMethods[T] | None:
        """Return the resource of a path without placeholders. None if another one may match as well."""
        return self._fixed.get(raw_path)

    def find_matches(self, raw_path: bytes, method: str | None = None) -> list[Match[T]]:
        """Return the resources that match a path, best first, with the decoded values of its placeholders.

        Args:
            raw_path: The path as received.
            method: The search ends at the first resource that has this method. Without it, all resources are found.

        Raises:
            UnicodeDecodeError: The decoded path is not UTF-8.
        """
        if _PERCENT in raw_path:
            parts = [unquote_to_bytes(part).decode() for part in raw_path.split(b"/")]
        else:
            parts = raw_path.decode().split("/")
        found: list[Match[T]] = []
        _walk(self._root, parts, {}, method, found)
        return found


def _walk(node: _Node[T], parts: list[str], values: dict[str, str], method: str | None, found: list[Match[T]]) -> bool:
    """Search below a node whose earlier segments match. Return whether the search is finished."""
    if not parts:
        if node.resource is None:
            return False
        found.append((node.resource, values))
        return method is not None and node.resource.get_target(method) is not None
    first, *rest = parts
    child = node.fixed.get(first)
    if child is not None and _walk(child, rest, values, method, found):
        return True
    for segment, child in node.open:
        given = match_segment(segment, first)
        if given is not None and _walk(child, rest, {**values, **given}, method, found):
            return True
    return False


class Mounts(Generic[T]):
    """Finds the target of all paths with a prefix. The longest prefix wins."""

    def __init__(self) -> None:
        self._mounts: list[tuple[list[PathPattern], T]] = []

    def add(self, pattern: PathPattern, target: T) -> None:
        """Add a target for every path that begins with a pattern."""
        self._mounts.append((split_segments(pattern), target))
        self._mounts.sort(key=lambda entry: (-len(entry[0]), [_compute_specificity(segment) for segment in entry[0]]))

    def find(self, raw_path: bytes) -> tuple[T, bytes] | None:
        """Return the target of a path, and the undecoded rest of the path."""
        raw_parts = raw_path.split(b"/")
        for wanted, target in self._mounts:
            if len(wanted) <= len(raw_parts) and all(map(_fits, wanted, raw_parts)):
                rest = raw_parts[len(wanted) :]
                return target, b"/" + b"/".join(rest) if rest else b""
        return None


def _fits(segment: PathPattern, raw_part: bytes) -> bool:
    try:
        text = unquote_to_bytes(raw_part).decode()
    except UnicodeDecodeError:
        return False
    return text == "" if not segment else match_segment(segment, text) is not None


def split_segments(pattern: PathPattern) -> list[PathPattern]:
    """Split a path pattern at its slashes. The part before the first slash is the first segment."""
    result: list[list[str | Argument]] = [[]]
    for piece in pattern:
        if isinstance(piece, Argument):
            result[-1].append(piece)
            continue
        head, *tail = piece.split("/")
        result[-1] += [head] if head else []
        result += [[part] if part else [] for part in tail]
    return [tuple(segment) for segment in result]


def _compute_specificity(segment: PathPattern) -> tuple[int, int]:
    """Return the sort key of a pattern: more literal characters first, then fewer placeholders."""
    return -sum(len(p) for p in segment if isinstance(p, str)), len(segment)


def match_segment(segment: PathPattern, text: str) -> dict[str, str] | None:
    """Return the values of a segment's placeholders. None if it does not fit. Linear: a value ends at the next literal.

    The last value extends to the closing literal. No value is empty.
    """
    values: dict[str, str] = {}
    at, end = 0, len(text)
    pieces = list(segment)
    if isinstance(closing := pieces[-1], str):
        if not text.endswith(closing):
            return None
        pieces.pop()
        end -= len(closing)
    for number, piece in enumerate(pieces):
        if isinstance(piece, str):
            if not text.startswith(piece, at, end):
                return None
            at += len(piece)
            continue
        following = pieces[number + 1] if number + 1 < len(pieces) else None
        stop = text.find(following, at + 1, end) if isinstance(following, str) else end
        if stop <= at:
            return None
        values[piece.name] = text[at:stop]
        at = stop
    return values if at == end else None
