"""``exposedHeaders``: the response headers that a document lets through to callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.template import HEADER_NAME, NEVER_EXPOSED

if TYPE_CHECKING:
    from naftiko_runtime.document.consumes import ConsumedHttp, ConsumedOperation, ConsumedResource
    from naftiko_runtime.link.context import Context


def exposed_headers(part: ConsumedHttp | ConsumedResource | ConsumedOperation, context: Context) -> frozenset[bytes]:
    """The names that a part lists, in lower case; those that cannot be exposed are reported."""
    names: set[bytes] = set()
    for index, name in enumerate(part.exposed_headers):
        if fault := exposed_header_fault(name):
            context.complain(rules.INVALID_VALUE, fault, part.at("exposedHeaders", index), "remove it from the list")
        else:
            names.add(name.lower().encode())
    return frozenset(names)


def exposed_header_fault(name: str) -> str | None:
    """Why callers cannot be given a response header of this name; nothing when they can."""
    if not HEADER_NAME.fullmatch(name):
        return f"'{name}' is no name of an HTTP header"
    if name.lower() in NEVER_EXPOSED:
        return f"'{name}' is between the runtime and the API, and never reaches callers"
    return None
