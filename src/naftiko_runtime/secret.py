"""Secrets: values from outside, which no output of the runtime ever shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from naftiko_runtime.errors import BindError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.plan import Binding, Plan, Upstream

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


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
    missing = tuple(_missing(b, environment) for b in plan.bindings if b.uses and not environment.get(b.key))
    if missing:
        raise BindError(missing)
    return {b.name: Secret(environment[b.key]) for b in plan.bindings if environment.get(b.key)}


def _missing(binding: Binding, environment: Mapping[str, str]) -> str:
    used = ", ".join(str(span) for span in sorted(set(binding.uses)))
    lack = "is empty" if binding.key in environment else "is not set"
    return (
        f"{binding.span}: error[unset-variable]: '{binding.variable}' needs the environment variable "
        f"'{binding.key}', which {lack} (used at {used})\n"
        f"  help: set {binding.key}, or give it in a file with --env-file; --sandbox needs none\n"
    )


def unusable(plan: Plan, secrets: Mapping[str, Secret], upstream: Upstream, reason: str) -> BindError:
    """What to say of values that cannot be sent; it names the variables, never the values."""
    odd = [b for b in plan.bindings if b.name in secrets and _CONTROL.search(secrets[b.name].reveal())]
    names = ", ".join(f"'{b.key}'" for b in odd) or "a variable"
    span = odd[0].span if odd else upstream.span
    what = f"{span}: error[unusable-variable]: {names} cannot be sent to '{upstream.namespace}': {reason}"
    return BindError((f"{what}\n  help: remove the line break or control character, often one at the very end\n",))


def placeholders(plan: Plan) -> dict[str, Secret]:
    """Stand-ins for every variable, for a sandbox that must not hold real ones: ``<SEGMENT_API_KEY>``."""
    return {binding.name: Secret(f"<{binding.key}>") for binding in plan.bindings}
