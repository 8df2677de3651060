"""Compares plans by what they do: without places in files, and without names that no caller sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import Struct
from msgspec.structs import asdict, replace

from naftiko_runtime.diagnostic import Diagnostic, Span
from naftiko_runtime.plan.inputs import Input
from naftiko_runtime.plan.plan import Binding
from naftiko_runtime.plan.servers import ForwardRoute, Route
from naftiko_runtime.terms import Argument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.plan.plan import Plan

T = TypeVar("T")
_NOWHERE: Final = Span("", 0, 0, 0, 0)
_NO_NAMES: Final[Mapping[str, str]] = {}


def normalize_plan(plan: Plan) -> Plan:
    """Return the plan in a form that is equal for two plans only if both do the same.

    Neither an upstream nor a caller can distinguish two such plans. The order of bindings makes no difference.
    """
    stripped = strip_places(plan)
    return replace(stripped, file="", bindings=tuple(sorted(stripped.bindings, key=lambda binding: binding.name)))


def strip_places(part: T) -> T:
    """Return a part of a plan without places in files.

    Placeholders of a route get numbers for names, because their names make no difference. Whether an
    input is declared or inferred, and how often a variable is used, makes none either.
    """
    stripped: T = _strip(part, _NO_NAMES)
    return stripped


def _strip(value: Any, names: Mapping[str, str]) -> Any:  # noqa: PLR0911 - one a kind
    """Return the same part, in which ``names`` replace the names of a route's placeholders."""
    match value:
        case Span():
            return _NOWHERE
        case tuple():
            return tuple(_strip(item, names) for item in value)
        case Argument(name):
            return Argument(names.get(name, name))
        case Diagnostic():
            return replace(value, span=_NOWHERE, related=None)
        case Binding():
            return replace(value, span=_NOWHERE, uses=(_NOWHERE,) if value.uses else ())
        case Input(name):
            return replace(value, name=names.get(name, name), inferred=False)
        case Route() | ForwardRoute():
            return _strip_exposed(value)
        case Struct():
            return _strip_fields(value, names)
        case _:
            return value


def _strip_exposed(exposed: Route | ForwardRoute) -> Struct:
    arguments = [piece.name for piece in exposed.pattern if isinstance(piece, Argument)]
    names = {name: f"#{number}" for number, name in enumerate(arguments)}
    operation = replace(exposed.operation, name="") if names else exposed.operation  # it may be called by its path
    return _strip_fields(replace(exposed, path="", operation=operation), names)


def _strip_fields(value: Struct, names: Mapping[str, str]) -> Struct:
    return replace(value, **{name: _strip(field, names) for name, field in asdict(value).items()})
