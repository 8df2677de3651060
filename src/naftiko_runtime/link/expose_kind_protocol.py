"""The protocol of a kind of expose for linking, which each package of ``exposes`` implements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.document.exposes import Expose
    from naftiko_runtime.link.broken_parts import BrokenParts
    from naftiko_runtime.link.function_references import Functions
    from naftiko_runtime.link.link_operations import ExposeLinker
    from naftiko_runtime.plan import Server

E_contra = TypeVar("E_contra", contravariant=True)
S = TypeVar("S", bound="Server")
S_co = TypeVar("S_co", bound="Server", covariant=True)


class LinkedKind(Protocol[E_contra, S_co]):
    """Links exposes of one kind."""

    def inherit(self, expose: E_contra, functions: Functions, /) -> Expose:
        """Return an expose whose operations have what they inherit from the functions that they refer to."""

    def link(self, expose: E_contra, linker: ExposeLinker, /) -> S_co | None:
        """Link an expose, and report what is wrong in it; return none when its kind is not served."""


class SeparableKind(Protocol[E_contra, S]):
    """Removes the broken parts from servers of one kind."""

    def keep_servable(self, expose: E_contra, server: S, broken_parts: BrokenParts, /) -> S:
        """Return the server of an expose without its broken parts, which are listed there."""


FindLinkedKind: TypeAlias = "Callable[[Expose], LinkedKind[Any, Any]]"
"""From an expose to its kind."""

FindSeparableKind: TypeAlias = "Callable[[Server], SeparableKind[Any, Any]]"
"""From a server to its kind."""
