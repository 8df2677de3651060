"""Operators and terminal functions of paths. None of them raises: what does not apply is false, or None."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeAlias

from naftiko_runtime.jsonpath.work_limit import spend
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.regex import Pattern
from naftiko_runtime.source import format_as_written

MISSING: Final = object()
"""What an operand is when its path leads nowhere; it equals nothing, itself included."""


_LONG: Final = 64
"""From how many items on a list counts as work."""
_NUMBER: Final = compile_lazily(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,9})?")


def same(left: Any, right: Any) -> bool:
    """Equality: a number equals its text, but true is not 1, and 1 is 1.0."""
    if isinstance(left, str):
        return left == (format_as_written(right) if _is_number(right) else right)
    if isinstance(right, str):
        return (
            _is_number(left)
            and _NUMBER.fullmatch(right) is not None
            and Decimal(right) == Decimal(format_as_written(left))
        )
    return identical(left, right)


def identical(left: Any, right: Any) -> bool:
    """JSON equality: true is not 1, and 1 is 1.0."""
    if isinstance(left, (dict, list)):
        return _identical_deep(left, right)
    return left == right and isinstance(left, bool) is isinstance(right, bool) and left is not MISSING


def _identical_deep(left: Any, right: Any) -> bool:
    """A loop, because values can be deep."""
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
            pairs.extend(zip(left, right, strict=True))
        elif isinstance(left, (dict, list)) or not identical(left, right):
            return False
    return True


def _different(left: Any, right: Any) -> bool:
    return not same(left, right)


def _not_identical(left: Any, right: Any) -> bool:
    return not identical(left, right)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(left: Any, right: Any) -> bool:
        alike = (isinstance(left, str) and isinstance(right, str)) or (_is_number(left) and _is_number(right))
        return alike and compare(left, right)

    return holds


def _among(left: Any, right: Any) -> bool:
    if not isinstance(right, list):
        return False
    if len(right) > _LONG:
        spend(len(right))
    return any(same(left, item) for item in right)


def _not_among(left: Any, right: Any) -> bool:
    return isinstance(right, list) and not _among(left, right)


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return _among(right, left)


def _has_all(left: Any, right: Any) -> bool:
    return isinstance(left, list) and isinstance(right, list) and all(_among(item, left) for item in right)


def _matches(left: Any, right: Any) -> bool:
    """Whether a text as a whole, or one of a list, is what a regular expression describes."""
    if not isinstance(right, Pattern):
        return False
    if isinstance(left, list):
        return any(_matches(item, right) for item in left if not isinstance(item, list))
    if isinstance(left, bool):
        left = "true" if left else "false"
    text = format_as_written(left) if isinstance(left, int | float) else left
    return isinstance(text, str) and right.matches(text)


def _subset(left: Any, right: Any) -> bool:
    return isinstance(left, list) and all(_among(item, right) for item in left)


def _overlaps(left: Any, right: Any) -> bool:
    return isinstance(left, list) and any(_among(item, right) for item in left)


def _disjoint(left: Any, right: Any) -> bool:
    return isinstance(left, list) and not _overlaps(left, right)


def _has_size(left: Any, right: Any) -> bool:
    return isinstance(left, (list, str)) and identical(len(left), right)


def _is_empty(left: Any, right: Any) -> bool:
    return isinstance(left, (list, str, dict)) and (not left) is right


OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": same,
    "!=": _different,
    "===": identical,
    "!==": _not_identical,
    "=~": _matches,
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
    "all": _has_all,
    "size": _has_size,
    "empty": _is_empty,
}


Function: TypeAlias = Callable[[Any, list[Any]], Any]
"""From a value and the values of the arguments to the result; None where it does not apply."""


def _length(value: Any, given: list[Any]) -> int | None:
    value = given[0] if given else value
    return len(value) if isinstance(value, (list, dict, str)) else None


def _keys(value: Any, _: list[Any]) -> list[str] | None:
    return list(value) if isinstance(value, dict) else None


def _item(value: Any, index: Any) -> Any:
    whole = isinstance(value, list) and isinstance(index, int)
    return value[index] if whole and -len(value) <= index < len(value) else None


def _first(value: Any, _: list[Any]) -> Any:
    return _item(value, 0)


def _last(value: Any, _: list[Any]) -> Any:
    return _item(value, -1)


def _index(value: Any, given: list[Any]) -> Any:
    return _item(value, given[0] if given else None)


def _append(value: Any, given: list[Any]) -> Any:
    return [*value, *given] if isinstance(value, list) else value


def _concat(value: Any, given: list[Any]) -> str:
    own = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    texts = [format_as_written(item) if _is_number(item) else item for item in _flat(given)]
    return "".join([*own, *(text for text in texts if isinstance(text, str))])


def _flat(given: list[Any]) -> list[Any]:
    return [item for value in given for item in (value if isinstance(value, list) else [value])]


def _mean(numbers: list[Any]) -> Any:
    return sum(numbers) / len(numbers)


def _deviation(numbers: list[Any]) -> float:
    """The standard deviation of a population."""
    mean = _mean(numbers)
    return math.sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))


def _of_numbers(aggregate: Callable[[list[Any]], Any]) -> Function:
    """Over the numbers of a list and of the arguments, passing over what else is there; none have no result."""

    def function(value: Any, given: list[Any]) -> Any:
        items = [*value, *_flat(given)] if isinstance(value, list) else _flat(given)
        numbers = [item for item in items if _is_number(item)]
        try:
            result = aggregate(numbers) if numbers else None
        except OverflowError:  # an integer too large to meet a float
            return None
        return result if isinstance(result, int) or (result is not None and math.isfinite(result)) else None

    return function


FUNCTIONS: Final[dict[str, Function]] = {
    "length": _length,
    "size": _length,
    "keys": _keys,
    "first": _first,
    "last": _last,
    "index": _index,
    "min": _of_numbers(min),
    "max": _of_numbers(max),
    "sum": _of_numbers(sum),
    "avg": _of_numbers(_mean),
    "stddev": _of_numbers(_deviation),
    "concat": _concat,
    "append": _append,
}

WITHOUT_ARGUMENTS: Final = frozenset({"keys", "first", "last"})
