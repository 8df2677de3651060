"""Reads fields and elements of decoded JSON: by name and index, in columns, and at any depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from naftiko_runtime.jsonpath.syntax import Child, Fields, Segment
from naftiko_runtime.jsonpath.work_limit import SPENT_AT_ONCE, spend

Getter: TypeAlias = Callable[[object], object]
"""From a decoded JSON value to the value at a path."""
Step: TypeAlias = Callable[[list[Any]], list[Any]]
"""From the values found so far to those found one segment further, in document order."""


def compile_column(segments: tuple[Segment, ...]) -> Step:
    """Compile a step that gives one value for each, so that columns have equal lengths: None for a missing one."""
    keys = take_leading_keys(segments)
    ends = segments[len(keys) :]
    if len(segments) == len(keys) == 1 and isinstance(name := keys[0], str):
        return _compile_named_column(name)
    get = compile_lookup(keys, None)
    for end in ends:
        if isinstance(end, Fields):
            get = compile_fields(get, end.names, None)
    return lambda found: [get(value) for value in found]


def _compile_named_column(name: str) -> Step:
    """Return a field of each. Usually all are objects that have it; this is tried first because it costs least."""

    def get_column(found: list[Any]) -> list[Any]:
        try:
            return [value[name] for value in found]
        except (KeyError, TypeError):
            return [value.get(name) if isinstance(value, dict) else None for value in found]

    return get_column


def compile_objects(names: tuple[str, ...]) -> Step:
    """Compile a step that makes, of each object, an object of some of its fields."""
    get = compile_fields(lambda value: value, names, None)
    return lambda found: [get(value) for value in found if isinstance(value, dict)]


def compile_fields(get: Getter, names: tuple[str, ...], missing: Any) -> Getter:
    """Compile a getter of an object of some fields of an object."""

    def get_fields(value: Any) -> Any:
        owner = get(value)
        return {name: owner.get(name) for name in names} if isinstance(owner, dict) else missing

    return get_fields


def take_leading_keys(segments: tuple[Segment, ...]) -> tuple[str | int, ...]:
    """Return the names and indexes that a path begins with."""
    keys: list[str | int] = []
    for segment in segments:
        if not isinstance(segment, Child):
            break
        keys.append(segment.key)
    return tuple(keys)


def compile_lookup(keys: tuple[str | int, ...], missing: Any) -> Getter:
    """Compile a getter of one value by names and indexes; ``missing`` if there is none."""
    match keys:
        case (str(name),):
            return lambda value: value.get(name, missing) if isinstance(value, dict) else missing
        case _:
            return _compile_long_lookup(keys, missing)


def _compile_long_lookup(keys: tuple[str | int, ...], missing: Any) -> Getter:
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


def list_children(found: list[Any]) -> list[Any]:
    """Return the elements of the lists and the values of the objects."""
    children: list[Any] = []
    for value in found:
        if isinstance(value, list):
            spend(len(value))
            children.extend(value)
        elif isinstance(value, dict):
            spend(len(value))
            children.extend(value.values())
    return children


def list_containers(found: list[Any]) -> list[Any]:
    """Return the objects and lists among the values and below them, parents first.

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
