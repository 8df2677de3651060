"""Exposes of types that are not served. They are reported. The interface is :class:`..kind.ExposeKind`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.exposes.unserved.link import link

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import Exposed, OtherExpose
    from naftiko_runtime.link.function_references import Functions
    from naftiko_runtime.lint.define_check import ExposeCheck

__all__ = ["CHECKS", "inherit", "link", "list_operations"]

CHECKS: Final[tuple[ExposeCheck[OtherExpose], ...]] = ()


def inherit(expose: OtherExpose, _functions: Functions) -> OtherExpose:
    """Return the expose as it is: the contents of an unknown type are not read."""
    return expose


def list_operations(_expose: OtherExpose) -> tuple[Exposed, ...]:
    """Return nothing: the contents of an unknown type are not read."""
    return ()
