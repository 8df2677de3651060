"""Finds the settings for scripts in the data of a control expose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from naftiko_runtime.limits import SCRIPT_SECONDS_GREATEST, SCRIPT_STATEMENTS_GREATEST

if TYPE_CHECKING:
    from collections.abc import Mapping


def find_scripting(control: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return ``management.scripting`` of a control expose. None if it has none."""
    management = control.get("management")
    scripting = management.get("scripting") if isinstance(management, dict) else None
    return scripting if isinstance(scripting, dict) else None


def is_milliseconds(value: object) -> TypeGuard[int]:
    """Return whether a value is a limit of time."""
    return _is_limit(value, SCRIPT_SECONDS_GREATEST * 1000)


def is_statement_limit(value: object) -> TypeGuard[int]:
    """Return whether a value is a limit of statements."""
    return _is_limit(value, SCRIPT_STATEMENTS_GREATEST)


def _is_limit(value: object, greatest: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= greatest
