"""Compiles a syntax tree to closures, so that nothing is parsed or decided when a value arrives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from naftiko_runtime.jsonpath.lookups import (
    Getter,
    Step,
    compile_column,
    compile_fields,
    compile_lookup,
    compile_objects,
    list_children,
    list_containers,
    take_leading_keys,
)
from naftiko_runtime.jsonpath.operators import COUNTING, FUNCTIONS, MISSING, OPERATORS
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
from naftiko_runtime.jsonpath.work_limit import spend

if TYPE_CHECKING:
    from naftiko_runtime.jsonpath.syntax import Expression, FunctionCall, Operand, Segment, Selector, Test

_Predicate: TypeAlias = Callable[[object], bool]


def compile_expression(expression: Expression) -> Getter:
    """Compile a function from a decoded JSON value to the value at the path.

    A filter or an argument that reads from ``$`` is compiled for each value: what it reads is looked up once, and not
    for every element.
    """
    query = expression.query
    if expression.rooted:
        return lambda value: _compile_query(query, value, None)(value)
    return _compile_query(query, None, None)


def compile_optional(expression: Expression) -> Getter:
    """Compile a function as :func:`compile_expression` does. It gives None where an indefinite path leads nowhere."""
    query, get = expression.query, compile_expression(expression)
    if not query.finds_list:
        return get
    return lambda value: None if _compile_query(query, value, MISSING)(value) is MISSING else get(value)


def compile_test(test: Test) -> Callable[[object], bool]:
    """Compile a condition to a function from the object that ``$`` and ``@`` are."""
    return lambda value: _compile_test(test, value)(value)


def _compile_query(query: Query, root: Any, missing: Any) -> Getter:
    """``missing`` is what the getter gives if a definite path leads nowhere, also in columns.

    An indefinite path that leads nowhere gives an empty list. In filters it gives MISSING, as Jayway does.
    """
    keys = take_leading_keys(query.segments)
    rest = query.segments[len(keys) :]
    lists = missing is None and query.finds_list
    if query.function is not None:
        steps = [_compile_step(segment, root) for segment in rest]
        found = _compile_selection(compile_lookup(keys, MISSING), rest, steps, lists=lists)
        return _compile_call(query.function, root, found, rest, missing)
    if not rest:
        return compile_lookup(keys, missing)
    if len(rest) == 1 and isinstance(rest[0], Fields):
        return compile_fields(compile_lookup(keys, MISSING), rest[0].names, missing)
    columns = missing is None and not any(isinstance(segment, Descent) for segment in rest)
    steps = _compile_steps(rest, root, columns=columns)
    return _compile_selection(compile_lookup(keys, MISSING), rest, steps, lists=lists)


def _compile_steps(segments: tuple[Segment, ...], root: Any, *, columns: bool) -> list[Step]:
    """Join the names and indexes at the end of the segments into one step if they are columns."""
    last = len(segments)
    while columns and isinstance(segments[last - 1], Child | Fields if last == len(segments) else Child):
        last -= 1
    steps = [_compile_step(segment, root) for segment in segments[:last]]
    if last < len(segments):
        steps.append(compile_column(segments[last:]))
    elif isinstance(end := segments[-1], Fields):
        steps[-1] = compile_objects(end.names)
    return steps


def _find_selected_types(segment: Segment) -> tuple[type, ...]:
    """Return the types that a segment selects from. If it comes first, any other value lacks what the path names."""
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


def _compile_selection(start: Getter, segments: tuple[Segment, ...], steps: list[Step], *, lists: bool) -> Getter:
    """Compile what the steps find from a start: without one, an empty list if ``lists``, otherwise MISSING."""
    if not steps:
        return start
    kinds = _find_selected_types(segments[0])

    def get(value: Any) -> Any:
        first = start(value)
        if first is MISSING or not isinstance(first, kinds):
            return [] if lists else MISSING
        found = [first]
        for step in steps:
            found = step(found)
        return found

    return get


def _compile_call(call: FunctionCall, root: Any, get: Getter, segments: tuple[Segment, ...], missing: Any) -> Getter:
    """Return a function of what is found.

    After ``[*]`` and the like it is applied to each value, if they are lists or objects, and otherwise to the list
    of them. After ``..`` it is always applied to the list.
    """
    function = FUNCTIONS[call.name]
    arguments = [_compile_argument(argument, root, lists=missing is None) for argument in call.arguments]
    whole = not segments or any(isinstance(segment, Descent) for segment in segments)

    def apply(value: Any) -> Any:
        if (found := get(value)) is MISSING:
            return missing
        given = [item for argument in arguments if (item := argument(value)) is not MISSING]
        if arguments and not given and call.name in COUNTING:
            return missing
        if not whole and isinstance(found, list) and any(isinstance(item, dict | list) for item in found):
            return [function(item, given) for item in found]
        result = function(found, given)
        return missing if result is None else result

    return apply


def _compile_argument(argument: Operand, root: Any, *, lists: bool) -> Getter:
    get = _compile_operand(argument, root)
    if not lists or not isinstance(argument, Query) or argument.definite:
        return get
    return lambda value: [] if (found := get(value)) is MISSING else found


def _compile_step(segment: Segment, root: Any) -> Step:
    match segment:
        case Child(key):
            return _compile_child(key)
        case Fields() | Union():
            return _compile_union(segment.names if isinstance(segment, Fields) else segment.keys)
        case Slice(window):
            return lambda found: [item for value in found if isinstance(value, list) for item in value[window]]
        case Wildcard():
            return list_children
        case Filter(test):
            return _compile_filter(_compile_test(test, root))
        case Descent(selector):
            return _compile_descent(selector, root)
        case _:
            assert_never(segment)


def _compile_child(key: str | int) -> Step:
    if isinstance(key, int):
        return _compile_union((key,))
    return lambda found: [value[key] for value in found if isinstance(value, dict) and key in value]


def _compile_union(keys: tuple[str | int, ...]) -> Step:
    lookups = [compile_lookup((key,), MISSING) for key in keys]

    def select_keys(found: list[Any]) -> list[Any]:
        spend(len(found))
        return [item for value in found for get in lookups if (item := get(value)) is not MISSING]

    return select_keys


def _compile_filter(passes: _Predicate) -> Step:
    def select_passing(found: list[Any]) -> list[Any]:
        passed: list[Any] = []
        for value in found:
            if isinstance(value, list):
                spend(len(value))
                passed.extend([item for item in value if passes(item)])
            elif isinstance(value, dict) and passes(value):
                passed.append(value)
        return passed

    return select_passing


def _compile_descent(selector: Selector, root: Any) -> Step:
    if isinstance(selector, Fields):
        names = frozenset(selector.names)
        pick = compile_column((selector,))
        return lambda found: pick([v for v in list_containers(found) if isinstance(v, dict) and names <= v.keys()])
    select = _compile_step(selector, root)
    if not isinstance(selector, Filter):
        return lambda found: select(list_containers(found))
    # Only objects are tested: one in a list would otherwise be found twice, by itself and as an element.
    return lambda found: select([value for value in list_containers(found) if isinstance(value, dict)])


def _compile_test(test: Test, root: Any) -> _Predicate:
    match test:
        case Exists(query):
            return _compile_existence(query, root)
        case Comparison(left, name, right):
            return _compile_comparison(_compile_operand(left, root), OPERATORS[name], _compile_operand(right, root))
        case Not(inner):
            passes = _compile_test(inner, root)
            return lambda item: not passes(item)
        case And(tests):
            return _compile_junction([_compile_test(part, root) for part in tests], decisive=False)
        case Or(tests):
            return _compile_junction([_compile_test(part, root) for part in tests], decisive=True)
        case _:
            assert_never(test)


def _compile_junction(parts: list[_Predicate], *, decisive: bool) -> _Predicate:
    """Return a predicate that ends at the first part with the decisive result."""

    def passes(item: Any) -> bool:
        for part in parts:
            if part(item) is decisive:
                return decisive
        return not decisive

    return passes


def _compile_existence(query: Query, root: Any) -> _Predicate:
    get = _compile_operand(query, root)
    if query.definite:
        return lambda item: get(item) is not MISSING
    return lambda item: (found := get(item)) is not MISSING and bool(found)


def _compile_comparison(left: Getter, holds: Callable[[object, object], bool], right: Getter) -> _Predicate:
    return lambda item: holds(left(item), right(item))


def _compile_operand(operand: Operand, root: Any) -> Getter:
    match operand:
        case Literal(value):
            return lambda _: value
        case Query(from_root=True):
            at_root = _compile_query(operand, root, MISSING)(root)
            return lambda _: at_root
        case Query():
            return _compile_query(operand, root, MISSING)
        case _:
            assert_never(operand)
