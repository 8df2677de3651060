"""What linking asks of a kind of expose; each package of ``exposes`` answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.document.exposes import LinkedExpose
    from naftiko_runtime.link.broken_parts import BrokenParts
    from naftiko_runtime.link.expose_linker import ExposeLinker
    from naftiko_runtime.plan import Server

E_contra = TypeVar("E_contra", contravariant=True)
S = TypeVar("S", bound="Server")


class LinkedKind(Protocol[E_contra, S]):
    """How exposes of one kind are linked."""

    def link(self, expose: E_contra, linker: ExposeLinker, /) -> S:
        """Link an expose; what is wrong in it is reported."""

    def keep_sound(self, expose: E_contra, server: S, broken_parts: BrokenParts, /) -> S:
        """The server of an expose without its broken parts, which are listed there."""


KindOfExpose: TypeAlias = "Callable[[LinkedExpose], LinkedKind[Any, Any]]"
"""From an expose to its kind."""
