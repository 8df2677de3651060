"""What a document does, as a value that can be compared: a respelling must not change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import asdict

from naftiko_runtime.diagnostic import Span
from naftiko_runtime.document.exposes import McpExpose, RestExpose
from naftiko_runtime.plan import Argument, Forward, Route
from naftiko_runtime.regex import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import Exposed
    from naftiko_runtime.plan import Plan

_ASIDE: Final = frozenset({"span", "uses", "inferred", "mismatches", "irregular", "shape", "file"})
"""Fields of plans that nobody meets who calls: places, where a thing was declared, and closures, told by documents."""


def behaviour(plan: Plan, document: Document) -> object:
    """Equal for two documents only if nobody who calls, and no upstream, could tell them apart.

    Names of a route's placeholders make no difference. Places and the order of bindings make none either.
    """
    bindings = sorted((b.name, b.key, str(b.location), bool(b.uses)) for b in plan.bindings)
    served = [_plain(part, {}) for part in (plan.label, plan.upstreams, plan.servers, plan.operations)]
    return bindings, served, [_said(operation) for operation in _operations(document)]


def _plain(value: Any, names: Mapping[str, str]) -> object:  # noqa: PLR0911 - one a kind
    """A part of a plan as tuples of texts.

    Args:
        value: The part.
        names: What stands for the names of placeholders.
    """
    match value:
        case Argument(name):
            return "argument", names.get(name, name)
        case Route() | Forward():
            own = {a.name: f"#{n}" for n, a in enumerate(value.pattern) if isinstance(a, Argument)}
            return type(value).__name__, [
                (name, _plain(one, own)) for name, one in asdict(value).items() if name != "path"
            ]
        case Pattern():
            return value.text
        case Span():
            return None
        case dict():
            return [(key, _plain(item, names)) for key, item in value.items()]
        case list() | tuple():
            return [_plain(item, names) for item in value]
        case frozenset():
            return sorted(map(repr, value))
        case _ if isinstance(value, Struct):
            return _fields(value, names)
        case _:
            return "callable" if callable(value) else (type(value).__name__, str(value))


def _fields(value: Any, names: Mapping[str, str]) -> object:
    """The fields of an input or an operation, whose names may be (made of) those of placeholders, among others."""
    kind = type(value).__name__
    aside = {*_ASIDE, "name"} if kind == "Operation" and names else _ASIDE
    found = [(name, _plain(one, names)) for name, one in asdict(value).items() if name not in aside]
    if kind == "Input":
        found.append(("name", names.get(value.name, value.name)))
        found = [pair for pair in found if pair != ("name", ("str", value.name))]
    return kind, found


def _operations(document: Document) -> Iterator[Exposed]:
    for expose in document.capability.exposes:
        if isinstance(expose, RestExpose):
            for resource in expose.resources:
                yield from resource.operations
        elif isinstance(expose, McpExpose):
            yield from expose.tools


def _said(operation: Exposed) -> object:
    """What only closures of a plan know: shapes, and where in a body values are looked up."""
    values = [p.value for p in getattr(operation, "input_parameters", ()) if p.value is not None]
    return [_rooted(output.model_dump()) for output in operation.output_parameters], values


def _rooted(output: Any) -> Any:
    if isinstance(output, dict):
        return {key: "$" if key == "mapping" and item == "$." else _rooted(item) for key, item in output.items()}
    return [_rooted(item) for item in output] if isinstance(output, list) else output
