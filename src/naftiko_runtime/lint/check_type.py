"""What a check is: the rules that it reports, and the function that looks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.link.consumed import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.rules import Rule


class Subject(Struct, frozen=True):
    """A linked document.

    Attributes:
        document: The document.
        operations: The consumed operations by ``namespace.operation``.
        context: The linking run: locations, variables, and the findings to add to.
    """

    document: Document
    operations: Mapping[str, Consumed]
    context: Context


class Check(Struct, frozen=True):
    """A check of a linked document.

    Attributes:
        run: Looks at the document and reports findings.
        rules: Every rule that it reports, by name.
        always: Whether `naftiko run` needs it too; otherwise only `naftiko validate` and editors run it.
    """

    run: Callable[[Subject], None]
    rules: frozenset[str]
    always: bool = False


def check(run: Callable[[Subject], None], *reported: Rule, always: bool = False) -> Check:
    """A check that reports these rules."""
    return Check(run, frozenset(rule.slug for rule in reported), always)
