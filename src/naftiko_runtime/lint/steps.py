"""Mistakes in the steps of functions and MCP resources, which are not served yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.document.walk import iter_entries, iter_parts
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.call_targets import Calls
from naftiko_runtime.link.fold_name import fold_name
from naftiko_runtime.link.reference_syntax import PREFIXES
from naftiko_runtime.link.variables import ENVIRONMENT
from naftiko_runtime.lint.check import make_check
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import find_nearest, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from naftiko_runtime.link.context import Context
    from naftiko_runtime.lint.check import Subject
    from naftiko_runtime.source import KeyPath

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "call": ("call",),
    "lookup": ("index", "match", "lookupValue"),
    "script": ("file",),
}
"""By kind of step, the keys that it is nothing without."""

_PATH: Final = compile_lazily(r"\$\.([\w-]+)")
_DOTTED: Final = compile_lazily(r"\{\{\s*(?:\$\.)?([\w-]+)\.[^{}]*\}\}")


def check_steps(subject: Subject) -> None:
    """Report steps that are incomplete, have a name twice, or refer to steps that do not exist or are not earlier."""
    document, context = subject.document, subject.context
    calls = Calls(document, subject.operations, context)
    holders = [*iter_parts(context.source.data, "exposes"), *iter_parts(context.source.data, "aggregates")]
    names = {*PREFIXES, ENVIRONMENT, *(str(holder.get("namespace")) for holder, _ in holders)}
    names |= {bind.namespace for bind in (*document.binds, *document.capability.binds)}
    for part, key_path in holders:
        for operation, place, around in _iter_operations(part, key_path):
            if operation.get("steps"):
                inputs = {
                    str(p.get("name")) for holder in around for p, _ in iter_entries(holder.get("inputParameters"), ())
                }
                _Orchestration(operation, place, names | inputs, context).check(calls)


def _iter_operations(
    part: dict[str, Any], key_path: KeyPath
) -> Iterator[tuple[dict[str, Any], KeyPath, Sequence[dict[str, Any]]]]:
    """Yield the operations that may have steps, with their places and the parts that declare their inputs."""
    for key in ("functions", "flows", "resources"):
        for operation, place in iter_entries(part.get(key), (*key_path, key)):
            yield operation, place, (operation, part)


class _Orchestration:
    """The steps of one operation."""

    def __init__(self, operation: dict[str, Any], place: KeyPath, names: set[str], context: Context) -> None:
        self._operation = operation
        self._place = place
        self._names = names
        self._context = context
        self._steps = list(iter_entries(operation["steps"], (*place, "steps")))
        self._all = [str(step.get("name", "")) for step, _ in self._steps]

    def check(self, calls: Calls) -> None:
        """Report every fault."""
        self._check_names()
        for number, (step, place) in enumerate(self._steps):
            self._check_kind(step, place)
            if isinstance(call := step.get("call"), str):
                calls.resolve(call, (*place, "call"))
            if isinstance(index := step.get("index"), str):
                self._report_reference(index, (*place, "index"), number)
            for text, where in _iter_texts({key: step[key] for key in ("with", "lookupValue") if key in step}, place):
                self._check_text(text, where, number)
        for mapping, place in iter_entries(self._operation.get("mappings"), (*self._place, "mappings")):
            for text, where in _iter_texts(mapping.get("value"), (*place, "value")):
                self._check_text(text, where, len(self._steps))

    def _check_names(self) -> None:
        first: dict[str, KeyPath] = {}
        for step, place in self._steps:
            if not (name := str(step.get("name", ""))):
                self._context.report(rules.MISSING_KEY_STEP_NAME(), (*place, "name"))
            elif (before := first.setdefault(name, place)) != place:
                related = self._context.find_span(before)
                self._context.report(rules.DUPLICATE_NAME_STEP(name=name), (*place, "name"), related=related)

    def _check_kind(self, step: dict[str, Any], place: KeyPath) -> None:
        kind, where = step.get("type", "call" if "call" in step else None), (*place, "type")
        kinds = suggest(str(kind)[:40], _NEEDED, helps.STEP_KINDS)
        if kind is None:
            self._context.report(rules.MISSING_KEY_STEP_TYPE(), where, kinds)
        elif not isinstance(kind, str) or kind not in _NEEDED:
            self._context.report(rules.INVALID_VALUE_STEP_TYPE(type=str(kind)[:40]), where, kinds)
        else:
            for need in (need for need in _NEEDED[kind] if need not in step):
                self._context.report(rules.MISSING_KEY_OF_STEP(type=kind, key=need), (*place, need))

    def _check_text(self, text: str, place: KeyPath, number: int) -> None:
        """Check the names in a value. A JSONPath names a step or an input; a template may also name a namespace."""
        if "{{" in text:
            for name in dict.fromkeys(_DOTTED.findall(text)):
                if name not in self._names and find_nearest(name, self._all):
                    self._report_reference(name, place, number)
        elif (match := _PATH.match(text)) and match[1] not in self._names:
            self._report_reference(match[1], place, number)

    def _report_reference(self, name: str, place: KeyPath, number: int) -> None:
        """Report a reference from a step, by its number, to a step that runs later."""
        earlier = self._all[:number]
        if fold_name(name) in map(fold_name, earlier):
            return
        if name not in self._all:
            advice = suggest(name, earlier, helps.EARLIER_STEPS)
            self._context.report(rules.UNKNOWN_STEP(name=name), place, advice)
        elif name == self._all[number]:
            self._context.report(rules.UNKNOWN_STEP_OWN(), place, suggest("", earlier, helps.EARLIER_STEPS))
        else:
            self._context.report(rules.UNKNOWN_STEP_LATER(name=name), place)


def _iter_texts(value: Any, key_path: KeyPath) -> Iterator[tuple[str, KeyPath]]:
    """Yield every text in a value, with its path."""
    if isinstance(value, str):
        yield value, key_path
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _iter_texts(inner, (*key_path, key))


CHECKS: Final = (
    make_check(
        check_steps,
        *(rules.DUPLICATE_NAME, rules.INVALID_VALUE, rules.MISSING_KEY, rules.UNKNOWN_STEP, rules.UNRESOLVED_CALL),
        occasion="always",
    ),
)
