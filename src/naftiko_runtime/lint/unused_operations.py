"""Consumed operations that nothing calls."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.document.walk import iter_parts
from naftiko_runtime.lint.define_check import make_check
from naftiko_runtime.lint.select_parts import filter_readable, list_names, list_own_apis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.lint.define_check import Subject


def check_unused_operations(subject: Subject) -> None:
    """Report operations that nothing calls, unless a call is unresolved: it may be meant for one of them."""
    document, operations, context = subject.document, subject.operations, subject.context
    if not document.capability.exposes or context.shared:
        return
    callers = (iter_parts(context.source.data, section) for section in ("exposes", "aggregates"))
    targets = {target for caller, _ in chain.from_iterable(callers) for target in _iter_targets(caller)}
    if any(key == "call" and text not in operations for key, text in targets):
        return
    for api in list_own_apis(document, context):
        if ("targetNamespace", api.namespace) not in targets:
            unused = [
                (operation.name, operation.get_path("name"))
                for resource in api.resources
                for operation in resource.operations
                if ("call", f"{api.namespace}.{operation.name}") not in targets
            ]
            if unused := filter_readable(unused, context):
                statement = rules.UNUSED_OPERATION(namespace=api.namespace, operations=list_names(unused))
                context.report(statement, unused[0][1])


def _iter_targets(value: Any) -> Iterator[tuple[str, str]]:
    """Yield everything that is called or forwarded to, also by parts that are not served yet."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("call", "targetNamespace") and isinstance(inner, str):
                yield key, inner
            elif key != "with":
                yield from _iter_targets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _iter_targets(inner)


CHECKS: Final = (make_check(check_unused_operations, rules.UNUSED_OPERATION),)
