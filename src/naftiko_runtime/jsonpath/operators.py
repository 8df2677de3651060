"""Operators of filters, and functions that end paths. None raises: what does not apply is false, or None."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeAlias, TypeGuard

from naftiko_runtime.jsonpath.work_limit import spend
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.regex import Pattern
from naftiko_runtime.source import format_as_written

MISSING: Final = object()
"""The value of an operand whose path leads nowhere. It equals nothing, not even itself."""


_LONG: Final = 64
"""The number of items from which a search in a list counts as work."""
_NUMBER: Final = compile_lazily(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,9})?")


def equals(left: Any, right: Any) -> bool:
    """Return whether two values are equal for ``==``: a number equals its text; true is not 1, and 1 is 1.0."""
    if isinstance(left, str):
        return left == (format_as_written(right) if _is_number(right) else right)
    if isinstance(right, str):
        return (
            _is_number(left)
            and _NUMBER.fullmatch(right) is not None
            and Decimal(right) == Decimal(format_as_written(left))
        )
    return is_identical(left, right)


def is_identical(left: Any, right: Any) -> bool:
    """Return whether two values are equal in JSON: true is not 1, and 1 is 1.0."""
    if isinstance(left, (dict, list)):
        return _is_identical_deep(left, right)
    return left == right and isinstance(left, bool) is isinstance(right, bool) and left is not MISSING


def _is_identical_deep(left: Any, right: Any) -> bool:
    """Compare two values in a loop, because they can be deep."""
    pairs = [(left, right)]
    while pairs:
        spend(1)
        left, right = pairs.pop()
        if isinstance(left, dict) and isinstance(right, dict):
            if left.keys() != right.keys():
                return False
            pairs.extend((value, right[key]) for key, value in left.items())
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            pairs.extend(zip(left, right, strict=True))  # two lists of a response or a path
        elif isinstance(left, (dict, list)) or not is_identical(left, right):
            return False
    return True


def _differs(left: Any, right: Any) -> bool:
    return not equals(left, right)


def _is_not_identical(left: Any, right: Any) -> bool:
    return not is_identical(left, right)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _compare_ordered(compare: Callable[[float | str, float | str], bool]) -> Callable[[object, object], bool]:
    def holds(left: Any, right: Any) -> bool:
        alike = (isinstance(left, str) and isinstance(right, str)) or (_is_number(left) and _is_number(right))
        return alike and compare(left, right)

    return holds


def _is_in(left: Any, right: Any) -> bool:
    if not isinstance(right, list):
        return False
    if len(right) > _LONG:
        spend(len(right))
    return any(equals(left, item) for item in right)


def _is_not_in(left: Any, right: Any) -> bool:
    return isinstance(right, list) and not _is_in(left, right)


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return _is_in(right, left)


def _has_all(left: Any, right: Any) -> bool:
    return isinstance(left, list) and isinstance(right, list) and all(_is_in(item, left) for item in right)


def _matches(left: Any, right: Any) -> bool:
    """Return whether a regular expression matches a whole text, or one in a list."""
    if not isinstance(right, Pattern):
        return False
    if isinstance(left, list):
        return any(_matches(item, right) for item in left if not isinstance(item, list))
    if isinstance(left, bool):
        left = "true" if left else "false"
    text = format_as_written(left) if isinstance(left, int | float) else left
    return isinstance(text, str) and right.matches(text)


def _is_subset(left: Any, right: Any) -> bool:
    return isinstance(left, list) and all(_is_in(item, right) for item in left)


def _overlaps(left: Any, right: Any) -> bool:
    return isinstance(left, list) and any(_is_in(item, right) for item in left)


def _is_disjoint(left: Any, right: Any) -> bool:
    return isinstance(left, list) and not _overlaps(left, right)


def _has_size(left: Any, right: Any) -> bool:
    return isinstance(left, (list, str)) and is_identical(len(left), right)


def _is_empty(left: Any, right: Any) -> bool:
    return isinstance(left, (list, str, dict)) and (not left) is right


OPERATORS: Final[dict[str, Callable[[object, object], bool]]] = {
    "==": equals,
    "!=": _differs,
    "===": is_identical,
    "!==": _is_not_identical,
    "=~": _matches,
    "<": _compare_ordered(operator.lt),
    "<=": _compare_ordered(operator.le),
    ">": _compare_ordered(operator.gt),
    ">=": _compare_ordered(operator.ge),
    "in": _is_in,
    "nin": _is_not_in,
    "subsetof": _is_subset,
    "anyof": _overlaps,
    "noneof": _is_disjoint,
    "contains": _contains,
    "all": _has_all,
    "size": _has_size,
    "empty": _is_empty,
}


Function: TypeAlias = Callable[[object, list[Any]], object]
"""From a value and the values of the arguments to the result; None if it does not apply."""


def _compute_length(value: Any, given: list[Any]) -> int | None:
    value = given[0] if given else value
    return len(value) if isinstance(value, (list, dict, str)) else None


def _list_keys(value: Any, _: list[Any]) -> list[str] | None:
    return list(value) if isinstance(value, dict) else None


def _get_item(value: Any, index: Any) -> Any:
    whole = isinstance(value, list) and isinstance(index, int)
    return value[index] if whole and -len(value) <= index < len(value) else None


def _get_first(value: Any, _: list[Any]) -> Any:
    return _get_item(value, 0)


def _get_last(value: Any, _: list[Any]) -> Any:
    return _get_item(value, -1)


def _get_index(value: Any, given: list[Any]) -> Any:
    return _get_item(value, given[0] if given else None)


def _append(value: Any, given: list[Any]) -> Any:
    return [*value, *given] if isinstance(value, list) else value


def _concatenate(value: Any, given: list[Any]) -> str:
    own = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    texts = [format_as_written(item) if _is_number(item) else item for item in _flatten(given)]
    return "".join([*own, *(text for text in texts if isinstance(text, str))])


def _flatten(given: list[Any]) -> list[Any]:
    return [item for value in given for item in (value if isinstance(value, list) else [value])]


def _compute_mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def _compute_deviation(numbers: list[float]) -> float:
    """Return the standard deviation of a population."""
    mean = _compute_mean(numbers)
    return math.sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))


def _aggregate_numbers(aggregate: Callable[[list[float]], float]) -> Function:
    """Aggregate the numbers of a list and of the arguments; ignore other values. Without numbers the result is None."""

    def aggregate_all(value: Any, given: list[Any]) -> Any:
        items = [*value, *_flatten(given)] if isinstance(value, list) else _flatten(given)
        numbers = [item for item in items if _is_number(item)]
        try:
            result = aggregate(numbers) if numbers else None
        except OverflowError:  # an integer too large to meet a float
            return None
        return result if isinstance(result, int) or (result is not None and math.isfinite(result)) else None

    return aggregate_all


FUNCTIONS: Final[dict[str, Function]] = {
    "length": _compute_length,
    "size": _compute_length,
    "keys": _list_keys,
    "first": _get_first,
    "last": _get_last,
    "index": _get_index,
    "min": _aggregate_numbers(min),
    "max": _aggregate_numbers(max),
    "sum": _aggregate_numbers(sum),
    "avg": _aggregate_numbers(_compute_mean),
    "stddev": _aggregate_numbers(_compute_deviation),
    "concat": _concatenate,
    "append": _append,
}

COUNTING: Final = frozenset({"length", "size"})

WITHOUT_ARGUMENTS: Final = frozenset({"keys", "first", "last"})
