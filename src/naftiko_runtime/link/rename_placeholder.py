"""Makes the edits that rename a placeholder of a route."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from naftiko_runtime.source.edits import replace_stretches, replace_text

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Edit
    from naftiko_runtime.source import KeyPath, Source


def rename_placeholder(source: Source, resource: KeyPath, old: str, new: str) -> tuple[Edit, ...]:
    """Return the edits that rename a placeholder of a route: in its path, and in its declarations.

    There are none if a template of the resource has the name.
    """
    data = source.get(resource)
    path = data.get("path")
    if not isinstance(path, str) or _is_referenced(old, data) or not _is_well_formed(data):
        return ()
    places = (match.span(1) for match in re.finditer(rf"\{{\s*({re.escape(old)})\s*\}}", path))
    edits = replace_stretches(source, (*resource, "path"), path, places, new)
    if not edits:
        return ()
    holders = [resource, *((*resource, "operations", index) for index in range(len(data["operations"])))]
    for holder in holders:
        for index, parameter in enumerate(source.get(holder).get("inputParameters") or ()):
            if parameter.get("name") == old and parameter.get("in") == "path":
                edits += replace_text(source, (*holder, "inputParameters", index, "name"), old, new)
    return edits


def _is_well_formed(resource: dict[str, Any]) -> bool:
    """Return whether the parameters of a resource and of its operations are well-formed."""
    operations = resource.get("operations")
    holders = [resource, *operations] if isinstance(operations, list) else [None]
    return all(
        isinstance(holder, dict)
        and isinstance(parameters := holder.get("inputParameters") or [], list)
        and all(isinstance(parameter, dict) for parameter in parameters)
        for holder in holders
    )


def _is_referenced(name: str, resource: dict[str, Any]) -> bool:
    """Return whether a ``with`` or a ``value`` in a resource has the name of an input."""
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")

    def has_name(value: Any, *, inside: bool) -> bool:
        if isinstance(value, dict):
            return any(has_name(item, inside=inside or key in ("with", "value")) for key, item in value.items())
        if isinstance(value, list):
            return any(has_name(item, inside=inside) for item in value)
        return inside and isinstance(value, str) and word.search(value) is not None

    return has_name(resource, inside=False)
