"""Links the exposes, each by its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.document.capability import SharedDocument
from naftiko_runtime.link.call_targets import Calls
from naftiko_runtime.link.declared_inputs import link_arguments
from naftiko_runtime.link.link_operations import ExposeLinker
from naftiko_runtime.link.shared_functions import LinkedFunction, SharedFunctions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import Expose
    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.link.expose_kind_protocol import FindLinkedKind
    from naftiko_runtime.link.function_references import Functions
    from naftiko_runtime.plan import AnyPart, Server, Upstream
    from naftiko_runtime.source import KeyPath


def link_exposes(
    document: Document,
    operations: Mapping[str, Consumed],
    upstreams: Sequence[Upstream],
    context: Context,
    functions: Functions,
    get_kind: FindLinkedKind,
) -> tuple[list[tuple[Expose, Server | None]], dict[KeyPath, AnyPart]]:
    """Link every expose of a document.

    Returns:
        Each expose with its server, or None if it is not served; and the parts of the servers by their places in the
        document.
    """
    calls = Calls(document, operations, context)
    shared = SharedFunctions(functions)
    linker = ExposeLinker(document, upstreams, calls, context, shared)
    _link_functions(functions, linker, shared)
    exposes = [(expose, get_kind(expose).link(expose, linker)) for expose in document.capability.exposes]
    if not exposes and not isinstance(document, SharedDocument):
        statement = rules.IMPORT_ONLY() if context.shared else rules.NOTHING_TO_SERVE()
        context.report(statement, document.capability.get_path(), key=True)
    return exposes, linker.parts


def _link_functions(functions: Functions, linker: ExposeLinker, shared: SharedFunctions) -> None:
    """Link every function, whether or not something refers to it. Errors in it are reported here, once."""
    for aggregate, function in functions.iter_all():
        inputs, fixed = link_arguments(function.input_parameters, linker.context)
        linker.check_unique(rules.DUPLICATE_NAME_INPUT, function.input_parameters)
        closed = linker.context.takes_nothing(function)
        operation = linker.link_operation(aggregate, function, function.name, inputs, fixed, tool=True, closed=closed)
        shared.add(function, LinkedFunction(operation, frozenset(inputs), fixed))
