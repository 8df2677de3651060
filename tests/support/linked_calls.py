"""What the tests of linking ask of a linked call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from naftiko_runtime.plan import Operation


def inputs_of(found: Operation) -> list[tuple[str, str, bool]]:
    return [(spec.name, spec.place, spec.required) for spec in found.contract.inputs]
