"""Reports exposes of types that are not served. Nothing of them is linked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.document.exposes import LATER_TYPES, SERVED_TYPES
from naftiko_runtime.link.consumed_apis import report_missing_import
from naftiko_runtime.rules import helps
from naftiko_runtime.source.edits import replace_text
from naftiko_runtime.suggest import find_closest, find_only_near, suggest

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import OtherExpose
    from naftiko_runtime.link.link_operations import ExposeLinker

_TYPES: Final = (*SERVED_TYPES, *LATER_TYPES)


def link(expose: OtherExpose, linker: ExposeLinker) -> None:
    """Report why an expose is not served."""
    context, key_path = linker.context, expose.get_path("type")
    if expose.type in LATER_TYPES:
        context.report(rules.NOT_SERVED_EXPOSE(type=expose.type), key_path, LATER_TYPES[expose.type]())
        return
    if expose.import_ is not None:
        report_missing_import(expose.get_path("import"), context)
        return
    if not expose.type:
        context.report(rules.MISSING_KEY(key="type"), key_path, helps.ADD_EXPOSE_TYPE())
        return
    served = find_closest(expose.type, LATER_TYPES) is None
    advice = suggest(expose.type, SERVED_TYPES if served else _TYPES, helps.KNOWN_TYPES)
    meant = find_only_near(expose.type, _TYPES)
    fix = replace_text(context.source, key_path, expose.type, meant) if meant in SERVED_TYPES else ()
    context.report(rules.NO_SUCH_EXPOSE(type=expose.type), key_path, advice, fix=fix)
