"""Suppresses follow-up findings: those that disappear when another finding is fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.document.separable_parts import find_separable_part
from naftiko_runtime.suggest import find_nearest

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from naftiko_runtime.diagnostic import Diagnostic
    from naftiko_runtime.rules import Rule
    from naftiko_runtime.source import KeyPath, Source

_OPERATIONS: Final = ("resources", "operations")
"""The keys of a consumed API that contain its operations."""
_FUNCTIONS: Final = ("functions", "flows")
"""The keys of an aggregate that contain its functions."""
_SERVED: Final = (*_OPERATIONS, "tools")
"""The keys of an expose that contain what it serves."""
_TAKING: Final = ("inputParameters", "body")
"""The keys of a consumed API that contain the parameters of its operations."""
_MISSED: Final = frozenset(
    {
        rules.EMPTY_CREDENTIAL,
        rules.EMPTY_EXPOSE,
        rules.NO_INPUT_DESCRIPTION,
        rules.UNDECLARED_PLACEHOLDER,
        rules.UNKNOWN_PARAMETER,
        rules.UNKNOWN_REFERENCE,
        rules.UNLISTED_INPUT,
        rules.UNMAPPED_PROPERTY,
        rules.UNPLACED_PARAMETER,
        rules.UNUSED_INPUT,
    }
)
"""Rules whose findings may follow from a misspelt key in the same part, or above it."""
_OF_PATHS: Final = frozenset({rules.UNDECLARED_PLACEHOLDER, rules.UNPLACED_PARAMETER, rules.PLACEHOLDER_CASE})
_OF_CALLS: Final = frozenset({rules.UNUSED_INPUT, rules.UNKNOWN_PARAMETER})
"""Rules whose findings follow from unknown parameters of the operation that they name."""
_CALLING: Final = ("call", "ref", "steps", "outputParameters")
"""The keys of which an exposed operation needs one."""
_WITHOUT: Final[dict[str, frozenset[Rule]]] = {
    "aggregates": frozenset({rules.UNRESOLVED_REF, rules.UNUSED_OPERATION}),
    "binds": frozenset({rules.UNBOUND_VARIABLE, rules.UNLISTED_VARIABLE}),
    "consumes": frozenset({rules.UNUSED_BINDING}),
    "exposes": frozenset(
        {
            rules.IMPORT_ONLY,
            rules.NOTHING_TO_SERVE,
            rules.UNUSED_BINDING,
            rules.UNUSED_FUNCTION,
            rules.UNUSED_OPERATION,
        }
    ),
}
"""The rules whose findings follow from a whole section that cannot be read."""


def suppress_follow_ups(
    found: Sequence[Diagnostic],
    source: Source,
    unread: frozenset[KeyPath] = frozenset(),
    read: Container[Diagnostic] = frozenset(),
) -> tuple[Diagnostic, ...]:
    """Return the findings without the follow-up findings.

    Args:
        found: Everything that was found.
        source: What it was found in.
        unread: The places of wrong values and missing keys.
        read: What was found while the document was read, before it was linked.
    """
    roots = [finding for finding in found if finding.rule in _HIDES and finding.part]
    if not roots and not unread:
        return tuple(found)
    hidden = _HiddenParts()
    for root in roots:
        _HIDES[root.rule](hidden, root.part or (), source)
    unreadable = _HiddenParts()
    for part in unread:
        _hide_below_unread(unreadable, part, source)
    return tuple(f for f in found if not hidden.explains(f) and (f in read or not unreadable.explains(f)))


class _HiddenParts:
    """The parts of a document that cannot be read, and the findings that follow from them."""

    def __init__(self) -> None:
        self.of: dict[KeyPath, frozenset[Rule]] = {}
        """By path: the rules whose findings follow there and below. The empty path is the whole document."""
        self.calls: set[str] = set()
        """The namespaces of which some or all operations are unknown."""
        self.any_call = False
        """Whether some namespaces are unknown."""
        self.places: set[KeyPath] = set()
        """The parts whose findings are all suppressed, with those below them."""
        self.inputs: set[str] = set()
        """The operations whose parameters are unknown. A namespace with a dot is all operations of an API."""

    def add(self, part: KeyPath, missed: Iterable[Rule]) -> None:
        """Suppress findings of some rules in a part and below it."""
        self.of[part] = self.of.get(part, frozenset()) | frozenset(missed)

    def explains(self, finding: Diagnostic) -> bool:
        """Return whether a finding follows from something hidden."""
        part = finding.part or ()
        if any(part[:length] in self.places for length in range(1, len(part) + 1)):
            return True
        if finding.rule is rules.UNRESOLVED_CALL:
            return self.any_call or _get_called_namespace(finding) in self.calls
        if finding.rule in _OF_CALLS and self._has_unknown_inputs(finding.arguments.get("operation")):
            return True
        return any(finding.rule in missed and part[: len(above)] == above for above, missed in self.of.items())

    def _has_unknown_inputs(self, operation: object) -> bool:
        """Return whether the parameters of an operation are unknown."""
        return isinstance(operation, str) and bool({operation, f"{operation.partition('.')[0]}."} & self.inputs)


def _get_called_namespace(finding: Diagnostic) -> str:
    """Return the namespace that an unresolved call names."""
    arguments = finding.arguments
    return str(arguments["namespace"] if "namespace" in arguments else arguments["call"]).partition(".")[0]


def _hide_below_misspelt_key(hidden: _HiddenParts, part: KeyPath, source: Source) -> None:
    """A misspelt key: its value is unknown."""
    *above, misspelt = part
    place, inner = tuple(above), _strip_root(part)[:-1]
    if not inner:
        section = find_nearest(str(misspelt), _WITHOUT) or ""
        hidden.add((), _WITHOUT.get(section, ()))
        if section == "consumes":
            hidden.calls |= _list_namespaces(_get_value(source, part))
        return
    hidden.add(place, _MISSED)
    if inner[0] == "consumes":
        _hide_in_api(hidden, part, source)
    elif inner[0] == "exposes":
        _hide_in_expose(hidden, str(misspelt), place)
    elif inner[0] == "aggregates":
        _hide_in_aggregate(hidden, str(misspelt), place)


def _hide_in_api(hidden: _HiddenParts, part: KeyPath, source: Source) -> None:
    if find_nearest(str(part[-1]), _OPERATIONS):
        hidden.calls |= _list_namespaces(_get_value(source, _get_entry(part)))
    elif find_nearest(str(part[-1]), _TAKING):
        hidden.inputs |= _list_operations(part, source)


def _hide_in_expose(hidden: _HiddenParts, misspelt: str, place: KeyPath) -> None:
    if find_nearest(misspelt, _CALLING):
        hidden.add(place, {rules.MISSING_KEY, rules.NOT_SERVED, rules.MAPPING_WITHOUT_CALL})
    if find_nearest(misspelt, _SERVED):
        hidden.add((), {rules.UNKNOWN_ACTION})
    _hide_in_step(hidden, place)


def _hide_in_aggregate(hidden: _HiddenParts, slip: str, place: KeyPath) -> None:
    if find_nearest(slip, _CALLING):
        hidden.add(place, {rules.MISSING_KEY, rules.MAPPING_WITHOUT_CALL})
    if find_nearest(slip, _FUNCTIONS):
        hidden.add((), _WITHOUT["aggregates"])
    _hide_in_step(hidden, place)


def _hide_in_step(hidden: _HiddenParts, place: KeyPath) -> None:
    """A broken step: other steps and the outputs may refer to it."""
    if "steps" in place:
        hidden.add(place[: place.index("steps")], {rules.UNKNOWN_STEP, rules.UNKNOWN_REFERENCE})


def _hide_below_invalid_path(hidden: _HiddenParts, part: KeyPath, source: Source) -> None:
    """A path that does not parse: its placeholders are unknown."""
    hidden.add(part[:-1], _OF_PATHS)
    if _strip_root(part)[:1] == ("consumes",):
        hidden.inputs |= _list_operations(part, source)


def _hide_below_duplicate_namespace(hidden: _HiddenParts, part: KeyPath, source: Source) -> None:
    """A duplicate namespace: one of the two should have another name."""
    hidden.add(part[:-1], _MISSED)
    hidden.add((), {rules.UNKNOWN_ACTION})
    if _strip_root(part)[:1] == ("consumes",):
        hidden.calls |= _list_namespaces(_get_value(source, _get_entry(part)))
        hidden.inputs |= _list_operations(_get_entry(part), source)


def _hide_below_unknown_expose(hidden: _HiddenParts, _part: KeyPath, _source: Source) -> None:
    """An expose of an unknown type: what it serves is unknown."""
    hidden.add((), {rules.UNKNOWN_ACTION})


def _hide_beside_mapping(hidden: _HiddenParts, part: KeyPath, _source: Source) -> None:
    """A mapping without a call: the call would take the inputs."""
    hidden.add(part[: part.index("outputParameters")], {rules.UNUSED_INPUT})


def _hide_below_missing_key(hidden: _HiddenParts, part: KeyPath, _source: Source) -> None:
    """A missing key, perhaps because it is misspelt."""
    _hide_in_step(hidden, part)


def _hide_below_unread(hidden: _HiddenParts, part: KeyPath, source: Source) -> None:
    """A wrong value or a missing key: the value is unknown."""
    unit, inner = find_separable_part(part), _strip_root(part)
    hidden.places.add(part)
    if part[:-1] != unit and part[:-1] != find_separable_part(part[:-1]):
        hidden.places.add(part[:-1])  # a small part is of no use without it
    hidden.add((), {rules.UNUSED_OPERATION})
    match inner:
        case ("binds", *_):
            hidden.add((), _WITHOUT["binds"])
        case ("consumes",) | ("consumes", int()) | ("consumes", int(), "namespace"):
            namespaces = _list_namespaces(_get_value(source, part)) if len(inner) == 2 else set()  # noqa: PLR2004 - an API as a whole
            hidden.calls |= namespaces
            hidden.any_call |= not namespaces
        case ("consumes", int(), *_):
            hidden.add(unit, {*_MISSED, rules.UNBOUND_VARIABLE})
            hidden.inputs |= _list_operations(part, source)
            if next(key for key in reversed(part) if isinstance(key, str)) in (*_OPERATIONS, "name"):
                hidden.calls |= _list_namespaces(_get_value(source, _get_entry(part)))
        case ("exposes",) | ("exposes", int()) | ("exposes", int(), "namespace" | "port"):
            hidden.add((), {*_WITHOUT["exposes"], rules.UNKNOWN_ACTION})
        case ("exposes", int(), "skills", *_):
            _hide_in_operation(hidden, part, unit)
        case ("exposes", int(), *_):
            hidden.add((), {rules.UNKNOWN_ACTION})
            _hide_in_operation(hidden, part, unit)
        case ("aggregates", *_):
            hidden.add((), {*_WITHOUT["aggregates"], rules.UNUSED_FUNCTION})
            _hide_in_operation(hidden, part, unit)
        case _:
            pass


def _hide_in_operation(hidden: _HiddenParts, part: KeyPath, unit: KeyPath) -> None:
    """A wrong value in an operation, a tool or a function."""
    hidden.add(unit, {*_MISSED, rules.UNBOUND_VARIABLE})
    if part[len(unit) : len(unit) + 1] and part[len(unit)] in _CALLING:
        hidden.add(unit, {rules.MISSING_KEY, rules.NOT_SERVED, rules.MAPPING_WITHOUT_CALL})
    _hide_in_step(hidden, part)


_HIDES: Final = {
    rules.MAPPING_WITHOUT_CALL: _hide_beside_mapping,
    rules.MISSING_KEY: _hide_below_missing_key,
    rules.MISSPELT_KEY: _hide_below_misspelt_key,
    rules.PATH: _hide_below_invalid_path,
    rules.DUPLICATE_NAMESPACE: _hide_below_duplicate_namespace,
    rules.NO_SUCH_EXPOSE: _hide_below_unknown_expose,
}


def _get_entry(part: KeyPath) -> KeyPath:
    """Return the path of the API or expose that contains a part."""
    return part[: len(part) - len(_strip_root(part)) + 2]


def _list_operations(part: KeyPath, source: Source) -> set[str]:
    """Return the operations of an API's part: all of the API, or one resource's."""
    api = _get_entry(part)
    namespace = next(iter(_list_namespaces(_get_value(source, api))), "")
    if part[len(api) : len(api) + 1] != ("resources",):
        return {f"{namespace}."}
    operations = _get_value(source, (*part[: len(api) + 2], "operations"))
    named = operations if isinstance(operations, list) else ()
    return {f"{namespace}.{each['name']}" for each in named if isinstance(each, dict) and "name" in each}


def _strip_root(part: KeyPath) -> KeyPath:
    return part[1:] if part[:1] == ("capability",) else part


def _get_value(source: Source, key_path: KeyPath) -> Any:
    """Return the value at a path, if there is one."""
    value = source.data
    for key in key_path:
        found = isinstance(key, int) and isinstance(value, list) and key < len(value)
        value = value[key] if found or (isinstance(value, dict) and key in value) else None
    return value


def _list_namespaces(apis: Any) -> set[str]:
    """Return the namespaces of entries of ``consumes``."""
    entries = apis if isinstance(apis, list) else [apis]
    return {str(entry["namespace"]) for entry in entries if isinstance(entry, dict) and "namespace" in entry}
