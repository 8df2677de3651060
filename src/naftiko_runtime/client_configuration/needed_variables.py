"""The environment variables that a capability needs to start."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from naftiko_runtime.plan import Plan


def list_variables(plan: Plan) -> tuple[str, ...]:
    """Return the environment variables that a plan uses, and those that its secret providers read."""
    names: dict[str, None] = {}
    for binding in plan.bindings:
        if not binding.uses or binding.optional:
            continue
        scheme = (binding.location or "").partition(":")[0]
        match scheme:
            case "" | "github-secrets":
                names[binding.key] = None
            case "vault":
                names |= {"VAULT_ADDR": None, "VAULT_TOKEN": None}
            case _:
                pass
    return tuple(names)
