"""The exposed side: routes and tools, each linked to what it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.document.capability import Document, SharedDocument
from naftiko_runtime.document.exposes import OtherExpose
from naftiko_runtime.link.call_targets import Calls
from naftiko_runtime.link.consumed_apis import report_missing_import
from naftiko_runtime.link.expose_linker import ExposeLinker
from naftiko_runtime.link.forward import Forwarding
from naftiko_runtime.rules import helps
from naftiko_runtime.source.edits import replace_text
from naftiko_runtime.suggest import find_only_near, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.link.consumed import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.link.expose_kind import KindOfExpose
    from naftiko_runtime.plan import ServedPart, Server, Upstream
    from naftiko_runtime.source import Steps

_LATER_TYPES: Final = {"skill": helps.LEAVE_OUT, "control": helps.START_CONTROL}
"""Types that are not served yet, with what an author can do instead."""
_SERVED_TYPES: Final = ("rest", "mcp")
_TYPES: Final = (*_SERVED_TYPES, *_LATER_TYPES)


def link_exposes(
    document: Document,
    operations: Mapping[str, Consumed],
    upstreams: Sequence[Upstream],
    context: Context,
    kind_of: KindOfExpose,
) -> tuple[tuple[Server, ...], dict[Steps, ServedPart]]:
    """Every server that the document asks for, and what is in them by the place that it was linked from."""
    calls = Calls(document, operations, context)
    linker = ExposeLinker(document.info, calls, Forwarding(document, upstreams, context), context)
    servers: list[Server] = []
    for expose in document.capability.exposes:
        if isinstance(expose, OtherExpose):
            _refuse(expose, context)
        else:
            servers.append(kind_of(expose).link(expose, linker))
    if not document.capability.exposes and not isinstance(document, SharedDocument):
        _nothing_exposed(document, context)
    return tuple(servers), linker.parts


def _nothing_exposed(document: Document, context: Context) -> None:
    statement = rules.IMPORT_ONLY() if context.shared else rules.NOTHING_TO_SERVE()
    context.report(statement, document.capability.path_to(), key=True)


def _refuse(expose: OtherExpose, context: Context) -> None:
    steps = expose.path_to("type")
    if expose.type in _LATER_TYPES:
        context.report(rules.NOT_SERVED_EXPOSE(type=expose.type), steps, _LATER_TYPES[expose.type]())
        return
    if expose.import_ is not None:
        report_missing_import(expose.path_to("import"), context)
        return
    if not expose.type:
        context.report(rules.MISSING_KEY(key="type"), steps, helps.ADD_EXPOSE_TYPE())
        return
    advice = suggest(expose.type, _TYPES, helps.KNOWN_TYPES)
    meant = find_only_near(expose.type, _TYPES)
    fix = replace_text(context.source, steps, expose.type, meant) if meant in _SERVED_TYPES else ()
    context.report(rules.NO_SUCH_EXPOSE(type=expose.type), steps, advice, fix=fix)
