"""What callers have to show, as OpenAPI's security schemes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from naftiko_runtime.encode import format_text
from naftiko_runtime.plan import (
    ApiKeyCredential,
    BasicCredential,
    BearerCredential,
    Composed,
    Constant,
    DigestCredential,
    Variable,
    thaw,
)

if TYPE_CHECKING:
    from naftiko_runtime.plan import Credential, Term


def describe_schemes(guard: Credential | None) -> dict[str, dict[str, Any]]:
    """The schemes of a guard by name, all of which a caller needs; none when anybody may call."""
    match guard:
        case BasicCredential():
            return {"basic": {"type": "http", "scheme": "basic"}}
        case BearerCredential():
            return {"bearer": {"type": "http", "scheme": "bearer"}}
        case DigestCredential():
            return {"digest": {"type": "http", "scheme": "digest"}}
        case ApiKeyCredential(keys, placement):
            named = (("apiKey" if number == 1 else f"apiKey{number}", n) for number, (n, _) in enumerate(keys, 1))
            return {name: {"type": "apiKey", "in": placement, "name": _format_key_name(term)} for name, term in named}
        case _:  # linking refuses the others on an expose
            return {}


def _format_key_name(term: Term) -> str:
    """A key's name; a variable in it shows as ``<VARIABLE>``, since its value is no one's to know."""
    match term:
        case Constant(value):
            return format_text(thaw(value))
        case Composed(parts):
            return "".join(map(_format_key_name, parts))
        case Variable(name):
            return f"<{name.rpartition('.')[2]}>"
        case _:  # a caller's argument names no key
            return ""
