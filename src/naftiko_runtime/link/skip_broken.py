"""Selects the parts of a document with errors that ``--skip-broken`` serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime.diagnostic import redact_finding
from naftiko_runtime.document.separable_parts import find_separable_part
from naftiko_runtime.link.broken_parts import BrokenParts, LeftOut
from naftiko_runtime.link.term_substitution import find_variables
from naftiko_runtime.rules import nouns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from naftiko_runtime.diagnostic import Diagnostic, Reason
    from naftiko_runtime.document.exposes import Expose
    from naftiko_runtime.link.expose_kind_protocol import FindSeparableKind
    from naftiko_runtime.link.linked_document import Linked
    from naftiko_runtime.plan import Plan, Server
    from naftiko_runtime.source import KeyPath


class Servable(Struct, frozen=True):
    """The parts of a document that can be served.

    Attributes:
        plan: The plan without broken parts; None if nothing is left.
        left_out: The broken parts.
        fatal: Why nothing can be served; None if something can.
    """

    plan: Plan | None
    left_out: tuple[LeftOut, ...] = ()
    fatal: Reason | None = None


class Errors(Struct, frozen=True):
    """The errors of a document.

    Attributes:
        all: Every error, also follow-up errors: they too are reasons not to serve a part.
        primary: Errors that are not follow-up errors.
        secrets: Credentials of the document, which are redacted in reasons.
    """

    all: tuple[Diagnostic, ...]
    primary: frozenset[Diagnostic]
    secrets: Collection[str] = ()

    def list_ordered(self) -> list[Diagnostic]:
        """List all errors by place, primary errors first."""
        return sorted(self.all, key=lambda error: (error not in self.primary, error.span is not None, error.span))

    def redact(self, error: Diagnostic) -> Diagnostic:
        """Return an error as the reason why something is not served: without credentials and edits."""
        return replace(redact_finding(error, self.secrets), fix=())


def keep_servable(linked: Linked, errors: Errors, unread: frozenset[KeyPath], get_kind: FindSeparableKind) -> Servable:
    """Keep the parts of a document that can be served.

    Args:
        linked: The linked document, with its broken parts.
        errors: Its errors.
        unread: The places of wrong values and missing keys.
        get_kind: The table of kinds by their servers.
    """
    reasons: dict[KeyPath, Reason] = {}
    for error in errors.list_ordered():
        part = error.part or ()
        unit = find_separable_part(part)
        if not unit and error in errors.primary:
            return Servable(None, fatal=errors.redact(error))
        if unit:
            reasons.setdefault(unit, errors.redact(error))
    broken = BrokenParts(linked, reasons, unread)
    servers = tuple(_keep_servers(broken, linked.exposes, get_kind))
    left_out = tuple(dict.fromkeys(broken.left_out))
    if any(server.all_parts for server in servers):
        return Servable(_drop_unused(replace(linked.plan, servers=servers)), left_out)
    return Servable(None, left_out, nouns.NOTHING_LEFT())


def _drop_unused(plan: Plan) -> Plan:
    """Drop the uses of variables that only broken parts have: these variables need no values."""
    needed = set(find_variables(plan.servers))
    bindings = (b if b.name in needed else replace(b, uses=()) for b in plan.bindings)
    return replace(plan, bindings=tuple(bindings))


def _keep_servers(
    broken: BrokenParts, exposes: Iterable[tuple[Expose, Server | None]], get_kind: FindSeparableKind
) -> Iterator[Server]:
    """Yield each server without its broken parts, unless it is broken as a whole."""
    for expose, server in exposes:
        reason = broken.find_reason_above(expose.get_path()) or broken.find_reason_unbound(
            server.guard if server is not None else None
        )
        if reason is not None or server is None:
            name = next(iter(expose.names), None)
            kind = expose.type or ""
            part = (
                nouns.SOME_EXPOSE_OF_TYPE(type=kind)
                if name is None
                else nouns.EXPOSE_OF_TYPE(type=kind, namespace=name)
            )
            broken.left_out.append(LeftOut(part, reason or nouns.NOT_SERVED(), name))
        else:
            yield get_kind(server).keep_servable(expose, server, broken)
