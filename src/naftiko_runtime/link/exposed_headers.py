"""Links ``exposedHeaders``: more response headers that callers get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.encode_for_place import HEADER_NAME, NEVER_EXPOSED_HEADERS
from naftiko_runtime.rules import helps

if TYPE_CHECKING:
    from naftiko_runtime.document.consumes import ConsumedHttp, ConsumedOperation, ConsumedResource
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.rules import Statement


def list_exposed_headers(
    part: ConsumedHttp | ConsumedResource | ConsumedOperation, context: Context
) -> frozenset[bytes]:
    """Return the listed names in lower case; report those that cannot be exposed."""
    names: set[bytes] = set()
    for index, name in enumerate(part.exposed_headers):
        if fault := check_exposed_header(name):
            context.report(fault, part.get_path("exposedHeaders", index), fault.advice or helps.REMOVE_FROM_LIST())
        else:
            names.add(name.lower().encode())
    return frozenset(names)


def check_exposed_header(name: str) -> Statement | None:
    """Return why a response header of this name cannot be exposed, or None."""
    if name == "*":  # a valid name, but authors mean all headers
        return rules.INVALID_VALUE_ANY_HEADER()
    if not HEADER_NAME.fullmatch(name):
        return rules.INVALID_VALUE_HEADER_NAME(name=name)
    if name.lower() in NEVER_EXPOSED_HEADERS:
        return rules.INVALID_VALUE_HIDDEN_HEADER(name=name)
    return None
