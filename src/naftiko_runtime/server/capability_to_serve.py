"""A capability to serve, with everything that binding needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime.plan import Plan
    from naftiko_runtime.secret import Secret
    from naftiko_runtime.upstream.interface import Transport


@dataclass(frozen=True, slots=True)
class ServedCapability:
    """One capability to serve.

    Attributes:
        plan: The plan to serve.
        secrets: The values of its variables.
        open_client: Opens the client to its upstreams; capabilities with the same one share its client. It can be
            pickled, since a reload sends it to workers.
    """

    plan: Plan
    secrets: Mapping[str, Secret]
    open_client: Callable[[], Transport]


LoadCapabilities: TypeAlias = "Callable[[], Sequence[ServedCapability]]"
"""Loads all documents and their variables; raises :class:`BindError` for what is wrong with them."""
