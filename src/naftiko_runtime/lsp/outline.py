"""What a document consumes, with places, as far as its text can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.diagnostics import Span
    from naftiko_runtime.source import Source, Steps


class Operation(NamedTuple):
    """A consumed operation: where it stands, what it sends, and what it takes."""

    span: Span
    method: str
    url: str
    parameters: tuple[str, ...]


def consumed(source: Source) -> dict[str, Operation]:
    """The consumed operations by ``namespace.operation``."""
    found: dict[str, Operation] = {}
    for steps, api in (*_entries(source.data, "consumes"), *_inner(source.data, "capability", "consumes")):
        shared = _names(api)
        for at, resource in _entries(api, "resources"):
            for below, operation in _entries(resource, "operations"):
                place: Steps = (*steps, *at, *below)
                names = dict.fromkeys((*_names(operation), *_names(resource), *shared))
                url = f"{str(api.get('baseUri', '')).rstrip('/')}{resource.get('path', '')}"
                span = source.span((*place, "name") if "name" in operation else place)
                method = str(operation.get("method", "GET")).upper()
                found[f"{api.get('namespace')}.{operation.get('name')}"] = Operation(span, method, url, tuple(names))
    return found


def _inner(data: Any, key: str, section: str) -> Iterator[tuple[Steps, dict[str, Any]]]:
    if isinstance(data, dict):
        for steps, entry in _entries(data.get(key), section):
            yield (key, *steps), entry


def _entries(data: Any, section: str) -> Iterator[tuple[Steps, dict[str, Any]]]:
    """The mappings of a list, with their paths."""
    entries = data.get(section) if isinstance(data, dict) else None
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield (section, index), entry


def _names(part: dict[str, Any]) -> list[str]:
    return [str(entry.get("name")) for _, entry in _entries(part, "inputParameters") if "name" in entry]
