"""Compares two plans strictly by everything that callers and upstreams can see.

What may differ, and nothing else:

* places in the file, and in what order variables are bound;
* whether an input is declared or inferred: it has the same name, place, type, default and need either way;
* what the placeholders of a route are called, as long as the same ones stand in the same places: callers write
  values there, no names. A tool's inputs have to keep their names.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from naftiko_runtime.contract.compiled import compile_contract
from naftiko_runtime.contract.input_schema import build_input_schema
from naftiko_runtime.diagnostic import Span
from naftiko_runtime.errors import Rejected
from naftiko_runtime.plan import Argument, Binding, Operation, Plan, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from naftiko_runtime.plan import Contract, Input

KNOWN = re.compile(r"(?<=known: )'[^']*'(, '[^']*')*")
"""Names in an error, which are sorted."""

Names = dict[str, str]
"""From the placeholders of the first plan's route to those of the second one's."""


def assert_same(one: Plan, other: Plan) -> None:
    """Fail if two plans differ."""
    _Comparison().same(one, other, {}, "plan")


class _Comparison:
    def same(self, one: Any, other: Any, names: Names, where: str) -> None:
        assert type(one) is type(other), where
        match one:
            case Span():
                pass
            case Plan():
                self._plan(one, other, where)
            case Route():
                self._route(one, other, where)
            case Operation():
                self._operation(one, other, names, where)
            case Argument():
                assert names.get(one.name, one.name) == other.name, where
            case _:
                self._plain(one, other, names, where)

    def _plain(self, one: Any, other: Any, names: Names, where: str) -> None:
        match one:
            case tuple():
                assert len(one) == len(other), where
                for index, pair in enumerate(zip(one, other, strict=True)):
                    self.same(*pair, names, f"{where}[{index}]")
            case _ if isinstance(one, Struct):
                self._fields(one, other, names, where)
            case _:
                assert one == other, where

    def _fields(self, one: Any, other: Any, names: Names, where: str, aside: tuple[str, ...] = ()) -> None:
        for name in one.__struct_fields__:
            if name not in aside:
                self.same(getattr(one, name), getattr(other, name), names, f"{where}.{name}")

    def _plan(self, one: Plan, other: Plan, where: str) -> None:
        self._fields(one, other, {}, where, aside=("bindings",))
        first, second = (sorted(plan.bindings, key=lambda b: b.name) for plan in (one, other))
        assert [_binding(b) for b in first] == [_binding(b) for b in second], where

    def _route(self, one: Route, other: Route, where: str) -> None:
        where = f"{where}({one.method} {one.path})"
        pairs = list(zip(one.pattern, other.pattern, strict=True))
        names = {a.name: b.name for a, b in pairs if isinstance(a, Argument) and isinstance(b, Argument)}
        assert len(names) == sum(isinstance(piece, Argument) for piece in one.pattern), where
        assert len(set(names.values())) == len(names), where
        assert re.sub(r"\{[^}]*\}", "{}", one.path) == re.sub(r"\{[^}]*\}", "{}", other.path), where
        self._fields(one, other, names, where, aside=("path",))

    def _operation(self, one: Operation, other: Operation, names: Names, where: str) -> None:
        self._fields(one, other, names, where, aside=("name", "contract"))
        renamed = re.sub(r"\{([^}]*)\}", lambda match: f"{{{names.get(match[1], match[1])}}}", one.name)
        assert renamed == other.name, where  # an operation without a name is called by its route's path
        self._contract(one.contract, other.contract, names, where)

    def _contract(self, one: Contract, other: Contract, names: Names, where: str) -> None:
        assert one.open == other.open, where
        assert len(one.inputs) == len(other.inputs), where
        for first, second in zip(one.inputs, other.inputs, strict=True):
            at = f"{where}.input({first.name})"
            if first.place == "path":
                assert names.get(first.name, first.name) == second.name, at
            else:
                assert first.name == second.name, at
            self._fields(first, second, names, at, aside=("name", "inferred"))
        if not any(key != value for key, value in names.items()):
            assert build_input_schema(one) == build_input_schema(other), where
        for values in _calls(one.inputs):
            given = {names.get(key, key): value for key, value in values.items()}
            self._admitted(one, other, values, given, names, where)

    def _admitted(
        self,
        one: Contract,
        other: Contract,
        values: Mapping[str, Any],
        given: Mapping[str, Any],
        names: Names,
        where: str,
    ) -> None:
        for ask in ("admit_request", "admit_arguments"):
            first, second = (_asked(getattr(compile_contract(c), ask), v) for c, v in ((one, values), (other, given)))
            assert _translated(first, names) == _translated(second, {}), f"{where}.{ask}"


def _binding(binding: Binding) -> tuple[Any, ...]:
    return binding.name, binding.namespace, binding.variable, binding.key, binding.location, len(binding.uses)


def _calls(inputs: tuple[Input, ...]) -> list[dict[str, Any]]:
    """Values for all of some inputs: text, numbers, lists, nothing; and one that is unknown."""
    kinds: list[Any] = ["7", "text", 7, True, ["a", "b"], None]
    return [{spec.name: kind for spec in inputs} | more for kind, more in product(kinds, ({}, {"unknown ": 1}))]


def _asked(ask: Callable[[Mapping[str, Any]], Any], values: Mapping[str, Any]) -> Any:
    try:
        return ask(values)
    except Rejected as refusal:
        return [(fault.name, fault.place, fault.detail) for fault in refusal.faults]
    except (TypeError, ValueError) as error:  # text was asked for where these values are none
        return type(error)


def _translated(result: Any, names: Names) -> Any:
    match result:
        case dict():
            return {names.get(key, key): value for key, value in result.items()}
        case tuple():
            return tuple(_translated(part, names) for part in result)
        case [(str(), str(), str()), *_]:
            return [(names.get(name, name), place, _reworded(reason, names)) for name, place, reason in result]
        case _:
            return result


def _reworded(reason: str, names: Names) -> str:
    reworded = re.sub(r"'([^']*)'", lambda match: f"'{names.get(match[1], match[1])}'", reason)
    return KNOWN.sub(lambda match: ", ".join(sorted(match[0].split(", "))), reworded)
