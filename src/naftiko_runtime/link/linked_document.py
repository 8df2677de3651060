"""A linked document: its plan, and what the checks that follow need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import Expose
    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import AnyPart, Plan, Server
    from naftiko_runtime.source import KeyPath


class Linked(Struct, frozen=True):
    """A linked document.

    Attributes:
        document: The document, in which everything that refers to a function has what it inherits.
        plan: Everything that could be linked.
        exposes: The exposes, each with its server; None for one that is not served.
        parts: Routes, forwards, tools, resources and prompts, by their places in the document.
        operations: The consumed operations by ``namespace.operation``; the first one of duplicates.
        upstreams: The places of the consumed APIs by namespace; the first one of duplicates.
        origins: The places of the functions that operations and tools refer to, by the places of these.
        context: The linking run, for the checks that follow.
    """

    document: Document
    plan: Plan
    exposes: tuple[tuple[Expose, Server | None], ...]
    parts: Mapping[KeyPath, AnyPart]
    operations: Mapping[str, Consumed]
    upstreams: Mapping[str, KeyPath]
    origins: Mapping[KeyPath, KeyPath]
    context: Context
