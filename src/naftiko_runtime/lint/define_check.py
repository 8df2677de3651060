"""A check: a function, and the rules that it reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from naftiko_runtime.link.function_references import list_aggregates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.document.exposes import Expose, Exposed
    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import AnyPart
    from naftiko_runtime.rules import Rule
    from naftiko_runtime.source import KeyPath

E_contra = TypeVar("E_contra", contravariant=True)

Occasion: TypeAlias = Literal["always", "validate", "fix"]
"""When a check runs: always, or only for `naftiko validate` and editors, or only for `--fix` and `--diff`."""


class Subject(Struct, frozen=True):
    """A linked document.

    Attributes:
        document: The document.
        operations: The consumed operations by ``namespace.operation``.
        context: The linking run: locations, variables, and the findings to add to.
        get_kind: The table of kinds of exposes.
        origins: The places of the functions that operations and tools refer to, by the places of these.
        parts: What was linked of the exposes, by its place in the document.
    """

    document: Document
    operations: Mapping[str, Consumed]
    context: Context
    get_kind: FindCheckedKind
    origins: Mapping[KeyPath, KeyPath]
    parts: Mapping[KeyPath, AnyPart]

    def list_operations(self, expose: Expose) -> list[Exposed]:
        """Return the operations that an expose exposes."""
        return list(self.get_kind(expose).list_operations(expose))

    def iter_operations(self) -> Iterator[tuple[str, Exposed]]:
        """Yield the functions and the operations of the document, each with the name that its own values use."""
        for aggregate in list_aggregates(self.document):
            yield from ((next(reversed(aggregate.names), ""), function) for function in aggregate.functions)
        for expose in self.document.capability.exposes:
            yield from ((next(iter(expose.names), ""), exposed) for exposed in self.list_operations(expose))


class Check(Struct, frozen=True):
    """A check of a linked document.

    Attributes:
        run: Checks the document and reports findings.
        rules: Every rule that it reports, by name.
        occasion: When it runs.
    """

    run: Callable[[Subject], None]
    rules: frozenset[str]
    occasion: Occasion = "validate"


class ExposeCheck(Struct, Generic[E_contra], frozen=True):
    """A check of each expose of one kind; the attributes are those of :class:`Check`."""

    run: Callable[[E_contra, Subject], None]
    rules: frozenset[str]
    occasion: Occasion = "validate"


class CheckedKind(Protocol[E_contra]):
    """How exposes of one kind are checked."""

    @property
    def CHECKS(self) -> tuple[ExposeCheck[E_contra], ...]:  # noqa: N802 - a constant of a module
        """Every check of the kind's own, in the order in which they run."""

    def list_operations(self, expose: E_contra, /) -> Iterable[Exposed]:
        """Return the operations that an expose exposes."""


FindCheckedKind: TypeAlias = "Callable[[Expose], CheckedKind[Any]]"
"""From an expose to its kind."""


def make_check(run: Callable[[Subject], None], *reported: Rule, occasion: Occasion = "validate") -> Check:
    """Make a check that reports these rules."""
    return Check(run, _name_rules(reported), occasion)


def make_expose_check(
    run: Callable[[E_contra, Subject], None], *reported: Rule, occasion: Occasion = "validate"
) -> ExposeCheck[E_contra]:
    """Make a check of each expose that reports these rules."""
    return ExposeCheck(run, _name_rules(reported), occasion)


def _name_rules(reported: Iterable[Rule]) -> frozenset[str]:
    return frozenset(rule.slug for rule in reported)
