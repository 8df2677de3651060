"""Operators and terminal functions of paths. None of them raises: what does not apply is false, or None."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MISSING: Final = object()
"""What an operand is when its path leads nowhere; it equals nothing, itself included."""


def same(left: Any, right: Any) -> bool:
    """JSON equality: true is not 1, and 1 is 1.0."""
    if isinstance(left, (dict, list)):
        return _same_deep(left, right)
    return left == right and isinstance(left, bool) is isinstance(right, bool) and left is not MISSING


def _same_deep(left: Any, right: Any) -> bool:
    """A loop, because values can be deep."""
    pairs = [(left, right)]
    while pairs:
        left, right = pairs.pop()
        if isinstance(left, dict) and isinstance(right, dict):
            if left.keys() != right.keys():
                return False
            pairs.extend((value, right[key]) for key, value in left.items())
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            pairs.extend(zip(left, right, strict=True))
        elif isinstance(left, (dict, list)) or not same(left, right):
            return False
    return True


def _different(left: Any, right: Any) -> bool:
    return not same(left, right)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(left: Any, right: Any) -> bool:
        alike = (isinstance(left, str) and isinstance(right, str)) or (_is_number(left) and _is_number(right))
        return alike and compare(left, right)

    return holds


def _among(left: Any, right: Any) -> bool:
    return isinstance(right, list) and any(same(left, item) for item in right)


def _not_among(left: Any, right: Any) -> bool:
    return not _among(left, right)


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return _among(right, left)


def _subset(left: Any, right: Any) -> bool:
    return isinstance(left, list) and all(_among(item, right) for item in left)


def _overlaps(left: Any, right: Any) -> bool:
    return isinstance(left, list) and any(_among(item, right) for item in left)


def _disjoint(left: Any, right: Any) -> bool:
    return isinstance(left, list) and not _overlaps(left, right)


def _has_size(left: Any, right: Any) -> bool:
    return isinstance(left, (list, str)) and same(len(left), right)


def _is_empty(left: Any, right: Any) -> bool:
    return isinstance(left, (list, str, dict)) and (not left) is right


OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": same,
    "!=": _different,
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "in": _among,
    "nin": _not_among,
    "subsetof": _subset,
    "anyof": _overlaps,
    "noneof": _disjoint,
    "contains": _contains,
    "size": _has_size,
    "empty": _is_empty,
}


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, (list, dict, str)) else None


def _keys(value: Any) -> list[str] | None:
    return list(value) if isinstance(value, dict) else None


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _last(value: Any) -> Any:
    return value[-1] if isinstance(value, list) and value else None


def _mean(numbers: list[Any]) -> Any:
    return sum(numbers) / len(numbers)


def _of_numbers(aggregate: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    """Over the numbers of a list, passing over what else is in it; without one there is no result."""

    def function(value: Any) -> Any:
        numbers = [item for item in value if _is_number(item)] if isinstance(value, list) else []
        try:
            return aggregate(numbers) if numbers else None
        except OverflowError:  # an integer too large to meet a float
            return None

    return function


FUNCTIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "length": _length,
    "size": _length,
    "keys": _keys,
    "first": _first,
    "last": _last,
    "min": _of_numbers(min),
    "max": _of_numbers(max),
    "sum": _of_numbers(sum),
    "avg": _of_numbers(_mean),
}
