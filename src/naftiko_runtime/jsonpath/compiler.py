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
    Fields,
    Filter,
    Literal,
    Not,
    Or,
    Query,
    Slice,
    Union,
    Wildcard,
)
from naftiko_runtime.jsonpath.work_limit import SPENT_AT_ONCE, spend

if TYPE_CHECKING:
    from naftiko_runtime.jsonpath.syntax import Call, Expression, Operand, Segment, Selector, Test

Getter: TypeAlias = Callable[[Any], Any]
"""From a decoded JSON value to what stands at a path."""
_Step: TypeAlias = Callable[[list[Any]], list[Any]]
"""From the values found so far to those found one segment further, in document order."""
_Predicate: TypeAlias = Callable[[Any], bool]


def compile_expression(expression: Expression) -> Getter:
    """A function from a decoded JSON value to what stands at the path.

    A filter or an argument that reads from ``$`` is compiled for each value, so that what stands there is sought once,
    not for every element.
    """
    query = expression.query
    if expression.rooted:
        return lambda value: _query(query, value, None)(value)
    return _query(query, None, None)


def _query(query: Query, root: Any, missing: Any) -> Getter:
    """A path's getter; ``missing`` is what it gives when it leads nowhere, and in columns where a value lacks it."""
    keys = _leading_keys(query.segments)
    rest = query.segments[len(keys) :]
    if query.function is not None:
        steps = [_step(segment, root) for segment in rest]
        return _applied(query.function, root, _selection(_lookup(keys, MISSING), rest, steps, MISSING), rest, missing)
    if not rest:
        return _lookup(keys, missing)
    if len(rest) == 1 and isinstance(rest[0], Fields):
        return _fields_at(_lookup(keys, MISSING), rest[0].names, missing)
    columns = missing is None and not any(isinstance(segment, Descent) for segment in rest)
    return _selection(_lookup(keys, MISSING), rest, _steps(rest, root, columns=columns), missing)


def _steps(segments: tuple[Segment, ...], root: Any, *, columns: bool) -> list[_Step]:
    """The steps of segments; the names and indexes that end them are one step where they are columns."""
    last = len(segments)
    while columns and isinstance(segments[last - 1], Child | Fields if last == len(segments) else Child):
        last -= 1
    steps = [_step(segment, root) for segment in segments[:last]]
    if last < len(segments):
        steps.append(_column(segments[last:]))
    elif isinstance(end := segments[-1], Fields):
        steps[-1] = _objects_of(end.names)
    return steps


def _column(segments: tuple[Segment, ...]) -> _Step:
    """One value for each, so that columns line up: null where one lacks it."""
    keys = _leading_keys(segments)
    ends = segments[len(keys) :]
    if len(segments) == len(keys) == 1 and isinstance(name := keys[0], str):
        return _named_column(name)
    get = _lookup(keys, None)
    for end in ends:
        if isinstance(end, Fields):
            get = _fields_at(get, end.names, None)
    return lambda found: [get(value) for value in found]


def _named_column(name: str) -> _Step:
    """A field of each; mostly all are objects that have it, which is tried first because it costs least."""

    def column(found: list[Any]) -> list[Any]:
        try:
            return [value[name] for value in found]
        except (KeyError, TypeError):
            return [value.get(name) if isinstance(value, dict) else None for value in found]

    return column


def _objects_of(names: tuple[str, ...]) -> _Step:
    """Of each object one of some of its fields."""
    get = _fields_at(lambda value: value, names, None)
    return lambda found: [get(value) for value in found if isinstance(value, dict)]


def _fields_at(get: Getter, names: tuple[str, ...], missing: Any) -> Getter:
    """An object of some fields of an object."""

    def fields(value: Any) -> Any:
        owner = get(value)
        return {name: owner.get(name) for name in names} if isinstance(owner, dict) else missing

    return fields


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


def _selects_from(segment: Segment) -> tuple[type, ...]:
    """What a segment selects from; where it comes first, anything else lacks what is sought."""
    match segment:
        case Fields():
            return (dict,)
        case Slice():
            return (list,)
        case Union(keys):
            return (dict, list) if any(isinstance(key, str) for key in keys) else (list,)
        case Filter():
            return (dict, list)
        case _:
            return (object,)


def _selection(start: Getter, segments: tuple[Segment, ...], steps: list[_Step], missing: Any) -> Getter:
    if not steps:
        return start
    kinds = _selects_from(segments[0])

    def get(value: Any) -> Any:
        first = start(value)
        if first is MISSING or not isinstance(first, kinds):
            return missing
        found = [first]
        for step in steps:
            found = step(found)
        return found

    return get


def _applied(call: Call, root: Any, get: Getter, segments: tuple[Segment, ...], missing: Any) -> Getter:
    """A function of what is found.

    Behind ``[*]`` and the like it is applied to each value, where they are lists or objects, and otherwise to the list
    of them; behind ``..`` always to the list.
    """
    function = FUNCTIONS[call.name]
    arguments = [_operand(argument, root) for argument in call.arguments]
    whole = not segments or any(isinstance(segment, Descent) for segment in segments)

    def apply(value: Any) -> Any:
        if (found := get(value)) is MISSING:
            return missing
        given = [item for argument in arguments if (item := argument(value)) is not MISSING]
        if not whole and isinstance(found, list) and any(isinstance(item, dict | list) for item in found):
            return [function(item, given) for item in found]
        result = function(found, given)
        return missing if result is None else result

    return apply


def _step(segment: Segment, root: Any) -> _Step:
    match segment:
        case Child(key):
            return _child(key)
        case Fields() | Union():
            return _union(segment.names if isinstance(segment, Fields) else segment.keys)
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
        spend(len(found))
        return [item for value in found for get in lookups if (item := get(value)) is not MISSING]

    return step


def _children(found: list[Any]) -> list[Any]:
    children: list[Any] = []
    for value in found:
        if isinstance(value, list):
            spend(len(value))
            children.extend(value)
        elif isinstance(value, dict):
            spend(len(value))
            children.extend(value.values())
    return children


def _filter(passes: _Predicate) -> _Step:
    def step(found: list[Any]) -> list[Any]:
        passed: list[Any] = []
        for value in found:
            if isinstance(value, list):
                spend(len(value))
                passed.extend([item for item in value if passes(item)])
            elif isinstance(value, dict) and passes(value):
                passed.append(value)
        return passed

    return step


def _descent(selector: Selector, root: Any) -> _Step:
    if isinstance(selector, Fields):
        names = frozenset(selector.names)
        pick = _column((selector,))
        return lambda found: pick([v for v in _containers(found) if isinstance(v, dict) and names <= v.keys()])
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
    visited = 0
    while waiting:
        value = waiting.pop()
        visited += 1
        if visited == SPENT_AT_ONCE:
            spend(visited)
            visited = 0
        if isinstance(value, dict):
            containers.append(value)
            waiting.extend(reversed(value.values()))
        elif isinstance(value, list):
            containers.append(value)
            waiting.extend(reversed(value))
    spend(visited)
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
    return lambda item: (found := get(item)) is not MISSING and bool(found)


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
