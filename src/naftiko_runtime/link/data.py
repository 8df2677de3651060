"""The data of parts that no model reads yet, by name and place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.source import Steps


def entries(value: Any, steps: Steps) -> Iterator[tuple[dict[str, Any], Steps]]:
    """The mappings of a named list, in either spelling, each with its path; of a map's entry the key is its name."""
    if isinstance(value, dict):
        yield from (({"name": name, **e}, (*steps, name)) for name, e in value.items() if isinstance(e, dict))
    elif isinstance(value, list):
        yield from ((entry, (*steps, index)) for index, entry in enumerate(value) if isinstance(entry, dict))


def parts(data: dict[str, Any], section: str) -> Iterator[tuple[dict[str, Any], Steps]]:
    """The parts of a section, of the root and of the capability, each with its path."""
    yield from entries(data.get(section), (section,))
    if isinstance(capability := data.get("capability"), dict):
        yield from entries(capability.get(section), ("capability", section))
