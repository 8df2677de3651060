"""Finds the settings for scripts in the data of a control expose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Mapping


def find_scripting(control: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return ``management.scripting`` of a control expose. None if it has none."""
    management = control.get("management")
    scripting = management.get("scripting") if isinstance(management, dict) else None
    return scripting if isinstance(scripting, dict) else None


def is_count(value: object) -> TypeGuard[int]:
    """Return whether a value is a whole number above 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
