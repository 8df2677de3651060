"""Syntax trees to closures: nothing is looked at again when a value arrives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from naftiko_runtime.jsonpath.operators import FUNCTIONS, MISSING, OPERATORS
from naftiko_runtime.jsonpath.syntax import (
    And,
    Child,
    Comparison,
    Descent,
    Exists,
    Filter,
    Literal,
    Not,
    Or,
    Query,
    Slice,
    Union,
    Wildcard,
)

if TYPE_CHECKING:
    from naftiko_runtime.jsonpath.syntax import Expression, Operand, Segment, Selector, Test

Getter: TypeAlias = Callable[[Any], Any]
"""From a decoded JSON value to what stands at a path."""
_Step: TypeAlias = Callable[[list[Any]], list[Any]]
"""From the values found so far to those found one segment further, in document order."""
_Predicate: TypeAlias = Callable[[Any], bool]


def compile_expression(expression: Expression) -> Getter:
    """A function from a decoded JSON value to what stands at the path; it never raises.

    A filter that reads from ``$`` is compiled for each value, so that what stands there is sought once,
    not for every element.
    """
    query = expression.query
    if expression.rooted:
        return lambda value: _query(query, value, None)(value)
    return _query(query, None, None)


def _query(query: Query, root: Any, missing: Any) -> Getter:
    """A path's getter; ``missing`` is what it gives when a definite path leads nowhere."""
    keys = _leading_keys(query.segments)
    steps = [_step(segment, root) for segment in query.segments[len(keys) :]]
    if query.function is not None:
        return _applied(query.function, _selection(_lookup(keys, MISSING), steps), missing)
    return _selection(_lookup(keys, MISSING), steps) if steps else _lookup(keys, missing)


def _leading_keys(segments: tuple[Segment, ...]) -> tuple[str | int, ...]:
    keys: list[str | int] = []
    for segment in segments:
        if not isinstance(segment, Child):
            break
        keys.append(segment.key)
    return tuple(keys)


def _lookup(keys: tuple[str | int, ...], missing: Any) -> Getter:
    match keys:
        case (str(name),):
            return lambda value: value.get(name, missing) if isinstance(value, dict) else missing
        case _:
            return _lookup_each(keys, missing)


def _lookup_each(keys: tuple[str | int, ...], missing: Any) -> Getter:
    def get(value: Any) -> Any:
        for key in keys:
            if isinstance(value, dict):
                value = value.get(key, missing)
            elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
                value = value[key]
            else:
                return missing
        return value

    return get


def _selection(start: Getter, steps: list[_Step]) -> Getter:
    if not steps:
        return start

    def get(value: Any) -> list[Any]:
        found = [start(value)]
        for step in steps:
            found = step(found)
        return found

    return get


def _applied(name: str, get: Getter, missing: Any) -> Getter:
    function = FUNCTIONS[name]

    def apply(value: Any) -> Any:
        result = function(get(value))
        return missing if result is None else result

    return apply


def _step(segment: Segment, root: Any) -> _Step:
    match segment:
        case Child(key):
            return _child(key)
        case Union(keys):
            return _union(keys)
        case Slice(window):
            return lambda found: [item for value in found if isinstance(value, list) for item in value[window]]
        case Wildcard():
            return _children
        case Filter(test):
            return _filter(_predicate(test, root))
        case Descent(selector):
            return _descent(selector, root)
        case _:
            assert_never(segment)


def _child(key: str | int) -> _Step:
    if isinstance(key, int):
        return _union((key,))
    return lambda found: [value[key] for value in found if isinstance(value, dict) and key in value]


def _union(keys: tuple[str | int, ...]) -> _Step:
    lookups = [_lookup((key,), MISSING) for key in keys]

    def step(found: list[Any]) -> list[Any]:
        return [item for value in found for get in lookups if (item := get(value)) is not MISSING]

    return step


def _children(found: list[Any]) -> list[Any]:
    children: list[Any] = []
    for value in found:
        if isinstance(value, list):
            children.extend(value)
        elif isinstance(value, dict):
            children.extend(value.values())
    return children


def _filter(passes: _Predicate) -> _Step:
    def step(found: list[Any]) -> list[Any]:
        passed: list[Any] = []
        for value in found:
            if isinstance(value, list):
                passed.extend([item for item in value if passes(item)])
            elif isinstance(value, dict) and passes(value):
                passed.append(value)
        return passed

    return step


def _descent(selector: Selector, root: Any) -> _Step:
    select = _step(selector, root)
    if not isinstance(selector, Filter):
        return lambda found: select(_containers(found))
    # Only objects are tested: one in a list would otherwise be found twice, by itself and as an element.
    return lambda found: select([value for value in _containers(found) if isinstance(value, dict)])


def _containers(found: list[Any]) -> list[Any]:
    """The objects and lists among the values and below them, parents first.

    A loop, because values can be deep.
    """
    containers: list[Any] = []
    waiting = found[::-1]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            containers.append(value)
            waiting.extend(reversed(value.values()))
        elif isinstance(value, list):
            containers.append(value)
            waiting.extend(reversed(value))
    return containers


def _predicate(test: Test, root: Any) -> _Predicate:
    match test:
        case Exists(query):
            return _exists(query, root)
        case Comparison(left, name, right):
            return _comparison(_operand(left, root), OPERATORS[name], _operand(right, root))
        case Not(inner):
            passes = _predicate(inner, root)
            return lambda item: not passes(item)
        case And(tests):
            return _joined([_predicate(part, root) for part in tests], decisive=False)
        case Or(tests):
            return _joined([_predicate(part, root) for part in tests], decisive=True)
        case _:
            assert_never(test)


def _joined(parts: list[_Predicate], *, decisive: bool) -> _Predicate:
    """The first part with the decisive result settles it."""

    def passes(item: Any) -> bool:
        for part in parts:
            if part(item) is decisive:
                return decisive
        return not decisive

    return passes


def _exists(query: Query, root: Any) -> _Predicate:
    get = _operand(query, root)
    if query.definite:
        return lambda item: get(item) is not MISSING
    return lambda item: bool(get(item))


def _comparison(left: Getter, holds: Callable[[Any, Any], bool], right: Getter) -> _Predicate:
    return lambda item: holds(left(item), right(item))


def _operand(operand: Operand, root: Any) -> Getter:
    match operand:
        case Literal(value):
            return lambda _: value
        case Query(from_root=True):
            at_root = _query(operand, root, MISSING)(root)
            return lambda _: at_root
        case Query():
            return _query(operand, root, MISSING)
        case _:
            assert_never(operand)
