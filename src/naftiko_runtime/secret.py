"""Secrets: values from outside, which no output of the runtime ever shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime.errors import BindError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.plan import Binding, Plan


class Secret:
    """A value that shows itself only when asked by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return repr(self)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def resolve(plan: Plan, environment: Mapping[str, str]) -> dict[str, Secret]:
    """Every bound variable of a plan that the environment has, by ``namespace.VARIABLE``.

    Raises:
        BindError: Variables that some expression uses are absent or empty; all of them, with their places.
    """
    missing = tuple(_missing(b) for b in plan.bindings if b.uses and not environment.get(b.key))
    if missing:
        raise BindError(missing)
    return {b.name: Secret(environment[b.key]) for b in plan.bindings if environment.get(b.key)}


def _missing(binding: Binding) -> str:
    used = ", ".join(str(span) for span in sorted(set(binding.uses)))
    return (
        f"{binding.span}: error[unset-variable]: '{binding.variable}' needs the environment variable "
        f"'{binding.key}', which is not set (used at {used})"
    )


def placeholders(plan: Plan) -> dict[str, Secret]:
    """Stand-ins for every variable, for a sandbox that must not hold real ones: ``<SEGMENT_API_KEY>``."""
    return {binding.name: Secret(f"<{binding.key}>") for binding in plan.bindings}
