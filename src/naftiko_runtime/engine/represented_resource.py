"""The resource that a response represents, in terms of the URLs of its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from naftiko_runtime.encode_for_place import format_text
from naftiko_runtime.plan import Argument, Composed, Constant, thaw

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from naftiko_runtime.plan import Contract, Request

_PORTS: Final = {"http": 80, "https": 443}


class RepresentedResource(Struct, frozen=True):
    """A resource in the URLs of an API.

    Attributes:
        namespace: The API.
        base_uri: The base URI of the API.
        pattern: The path after the base URI, as the pattern of a route; None if it has other parts than arguments.
        inputs: The inputs whose values are whole pieces of the path; None if a piece has several values.
        query_inputs: The query inputs that have another name than their query fields, by field name.
        is_forwarded: Whether the caller's method and the rest of its path are passed on.
        secret_fields: The names of the query fields that have secrets.
    """

    namespace: str
    base_uri: str
    pattern: tuple[str | Argument, ...] | None
    inputs: frozenset[str] | None
    query_inputs: Mapping[str, str]
    is_forwarded: bool
    secret_fields: frozenset[bytes]


def describe_resource(request: Request, contract: Contract, secret_fields: frozenset[bytes]) -> RepresentedResource:
    """Describe the resource of a request.

    Args:
        request: The request, with the base URI that is called.
        contract: The contract of its operation.
        secret_fields: The names of its query fields that have secrets.
    """
    places = {input_.name: input_.place for input_ in contract.inputs}
    terms = ((t.name, t.term.name) for t in request.query if isinstance(t.term, Argument))
    composed = any(isinstance(piece, Composed) for piece in request.path)
    return RepresentedResource(
        namespace=request.upstream.namespace,
        base_uri=request.upstream.base_uri,
        pattern=_make_pattern(request),
        inputs=None if composed else frozenset(p.name for p in request.path if isinstance(p, Argument)),
        query_inputs={name: given for name, given in terms if name != given and places.get(given) == "query"},
        is_forwarded=request.forwards,
        secret_fields=secret_fields,
    )


def _make_pattern(request: Request) -> tuple[str | Argument, ...] | None:
    base = request.upstream.base_uri.rstrip("/")
    pattern: list[str | Argument] = []
    for piece in request.path:
        match piece:
            case str():
                literal = unquote(piece)
            case Constant(value):
                literal = format_text(thaw(value))
            case Argument():
                pattern.append(piece)
                continue
            case _:
                return None
        if "?" in literal:
            return None
        pattern.append(literal)
    if not pattern or not isinstance(pattern[0], str) or not pattern[0].startswith(base):
        return None
    return (pattern[0].removeprefix(base), *pattern[1:])


def find_path_below(split: SplitResult, base_uri: str) -> str | None:
    """Return the path of a URL after a base URI. None if the URL is not below it.

    Raises:
        ValueError: The port of the URL is not a number.
    """
    base = urlsplit(base_uri)
    prefix = base.path.rstrip("/")
    if _get_origin(split) != _get_origin(base) or not f"{split.path}/".startswith(f"{prefix}/"):
        return None
    rest = split.path[len(prefix) :]
    return None if {".", ".."} & set(unquote(rest).split("/")) else rest


def _get_origin(split: SplitResult) -> tuple[str, str | None, int | None]:
    return split.scheme, split.hostname, split.port or _PORTS.get(split.scheme)
