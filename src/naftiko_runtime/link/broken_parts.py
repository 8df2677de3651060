"""Which parts of a document with errors are broken, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.link.substitution import find_variables

if TYPE_CHECKING:
    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.link import Linked
    from naftiko_runtime.source import Steps


class LeftOut(Struct, frozen=True):
    """A part that ``--skip-broken`` does not serve.

    Attributes:
        part: What it is, as an operator may call it.
        reason: Why, with the place of the error.
        expose: The namespace of an expose that is left out as a whole.
    """

    part: str
    reason: str
    expose: str | None = None


class BrokenParts:
    """Finds out what of a document is broken, and why.

    Attributes:
        parts: What was linked, by the place of what it was linked from.
        unread: The places of wrong values and missing keys.
        missing: By namespace, why an API cannot be called at all.
        left_out: What is not served.
    """

    def __init__(self, linked: Linked, document: Document, reasons: dict[Steps, str], unread: frozenset[Steps]) -> None:
        self.parts = linked.parts
        self._operations = linked.operations
        self._reasons = reasons
        self.unread = unread
        self.missing: dict[str, str] = {}
        self._describe_unbound: dict[str, str] = {}
        """By variable, why its value is not known."""
        self.left_out: list[LeftOut] = []
        for api in (*document.consumes, *document.capability.consumes):
            if not isinstance(api, ConsumedHttp):  # an import that failed
                self.missing[api.namespace or ""] = reasons.get(api.path_to(), "the API it calls could not be imported")
            elif (reason := self.find_reason_above(api.path_to())) and api.namespace not in self.missing:
                first = linked.upstreams.get(api.namespace)
                if first is None or first == api.path_to():
                    self.missing[api.namespace] = reason
        for bind in (*document.binds, *document.capability.binds):
            for variable in bind.keys:
                if reason := self.find_reason_above(bind.path_to("keys", variable)):
                    self._describe_unbound[f"{bind.namespace}.{variable}"] = reason

    def find_reason_above(self, steps: Steps) -> str | None:
        """An error in a part or in one that it belongs to."""
        return next((why for n in range(len(steps), 0, -1) if (why := self._reasons.get(steps[:n]))), None)

    def find_reason_against(self, steps: Steps, served: Any, call: str | None = None) -> str | None:
        """Why a part is left out: an error in it, above it, in what it calls, or in a variable that it needs."""
        if reason := self.find_reason_above(steps):
            return reason
        if call is not None:
            consumed = self._operations.get(call)
            missing = self.missing.get(call.partition(".")[0])
            if reason := (self.find_reason_above(consumed.spec.path_to()) if consumed is not None else None) or missing:
                return reason
        return self.find_reason_unbound(served)

    def find_reason_unbound(self, served: Any) -> str | None:
        """Why a variable that a part needs is not known."""
        needed = find_variables(served) if self._describe_unbound else ()
        return next((self._describe_unbound[name] for name in needed if name in self._describe_unbound), None)
