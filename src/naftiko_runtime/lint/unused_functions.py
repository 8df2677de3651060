"""Functions of aggregates that nothing refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.link.function_references import list_aggregates
from naftiko_runtime.lint.define_check import make_check
from naftiko_runtime.lint.select_parts import filter_readable, is_own, list_names

if TYPE_CHECKING:
    from naftiko_runtime.lint.define_check import Subject


def check_unused_functions(subject: Subject) -> None:
    """Report functions that nothing refers to, unless a reference is unresolved: it may be meant for one of them."""
    document, context = subject.document, subject.context
    if not document.capability.exposes or context.shared:
        return
    exposed = [one for expose in document.capability.exposes for one in subject.list_operations(expose)]
    if any(getattr(one, "ref", None) is not None for one in exposed):
        return
    used = {*subject.origins.values()}
    for aggregate in list_aggregates(document):
        first = {f.name: f for f in reversed(aggregate.functions)}.values()  # a second one is reported as a duplicate
        unused = [(f.name, f.get_path("name")) for f in reversed(first) if f.get_path() not in used]
        if not is_own(aggregate, context) or not (unused := filter_readable(unused, context)):
            continue
        if aggregate.namespace is None:
            context.report(rules.UNUSED_FUNCTION_NAMELESS(functions=list_names(unused)), unused[0][1])
        else:
            statement = rules.UNUSED_FUNCTION(namespace=aggregate.namespace, functions=list_names(unused))
            context.report(statement, unused[0][1])


CHECKS: Final = (make_check(check_unused_functions, rules.UNUSED_FUNCTION),)
