"""Chooses the operations to import by tag, path, operationId and method."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.openapi_import.model import ApiOperation

KEYS: Final = ("tag", "path", "operation", "method")


class OperationSelector(Struct, frozen=True):
    """One condition: a key and a pattern with ``*``.

    Attributes:
        key: ``tag``, ``path``, ``operation`` or ``method``.
        pattern: What the value is like.
    """

    key: str
    pattern: str

    def matches(self, operation: ApiOperation) -> bool:
        """Return whether an operation fulfils the condition."""
        match self.key:
            case "tag":
                return any(fnmatchcase(tag, self.pattern) for tag in operation.tags)
            case "path":
                return fnmatchcase(operation.place.path, self.pattern)
            case "operation":
                return fnmatchcase(operation.place.operation, self.pattern)
            case _:
                return operation.place.method == self.pattern.upper()


class OperationSelection(Struct, frozen=True):
    """Which operations are wanted: those that some ``include`` names, or all without one, but none of ``exclude``.

    Includes of different keys must all hold.
    """

    include: tuple[OperationSelector, ...] = ()
    exclude: tuple[OperationSelector, ...] = ()

    def wants(self, operation: ApiOperation) -> bool:
        """Return whether an operation is wanted."""
        if any(one.matches(operation) for one in self.exclude):
            return False
        by_key: dict[str, list[OperationSelector]] = {}
        for one in self.include:
            by_key.setdefault(one.key, []).append(one)
        return all(any(one.matches(operation) for one in same) for same in by_key.values())
