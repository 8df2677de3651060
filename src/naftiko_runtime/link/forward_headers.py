"""Links ``forwardHeaders``: the headers of callers that an API gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.encode_for_place import FRAMING_HEADERS
from naftiko_runtime.link.credentials import is_set_by_authentication
from naftiko_runtime.link.header_name import check_header_name
from naftiko_runtime.rules import helps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.authentication.kinds import Credential
    from naftiko_runtime.document.consumes import ConsumedHttp
    from naftiko_runtime.link.context import Context

_CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization", "cookie", "dpop"})
"""The headers with which callers prove who they are to this server: no API ever gets them."""
_OURS: Final = FRAMING_HEADERS | {
    "accept-encoding",
    "content-encoding",
    "content-type",
    "forwarded",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "proxy-connection",
    "range",
    "traceparent",
    "tracestate",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
}
"""The headers that the runtime sends itself, or passes on by rules of its own."""


def list_forward_headers(api: ConsumedHttp, credential: Credential | None, context: Context) -> tuple[str, ...]:
    """Return the listed names in lower case; report those that cannot be forwarded."""
    return tuple(dict.fromkeys(_iter_names(api, credential, context)))


def _iter_names(api: ConsumedHttp, credential: Credential | None, context: Context) -> Iterator[str]:
    for index, name in enumerate(api.forward_headers):
        key_path, small = api.get_path("forwardHeaders", index), name.lower()
        if is_set_by_authentication("header", name, credential):
            context.report(rules.AUTHENTICATION_INPUT_OF_FORWARD(name=name), key_path)
        elif small in _CREDENTIALS:
            context.report(rules.INVALID_VALUE_CALLERS_CREDENTIAL(name=name), key_path, helps.REMOVE_FROM_LIST())
        elif small in _OURS:
            context.report(rules.INVALID_VALUE_OWN_HEADER(name=name), key_path, helps.REMOVE_FROM_LIST())
        elif name == "*":  # a valid name, but authors mean all headers
            context.report(rules.INVALID_VALUE_ANY_HEADER(), key_path)
        else:
            check_header_name(name, key_path, context)
            yield small
