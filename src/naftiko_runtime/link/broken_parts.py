"""Finds the broken parts of a document with errors, and the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from naftiko_runtime.document.consumes import ConsumedHttp
from naftiko_runtime.link.term_substitution import find_variables
from naftiko_runtime.rules import nouns

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Reason
    from naftiko_runtime.link.linked_document import Linked
    from naftiko_runtime.rules import NounPhrase
    from naftiko_runtime.source import KeyPath


class LeftOut(Struct, frozen=True):
    """A part that ``--skip-broken`` does not serve.

    Attributes:
        part: Its name for operators.
        reason: Why.
        expose: The namespace, if it is a whole expose.
    """

    part: NounPhrase
    reason: Reason
    expose: str | None = None


class BrokenParts:
    """Finds the broken parts of a document, and the reasons.

    Attributes:
        parts: The linked routes, forwards, tools, resources and prompts, by their places in the document.
        unread: The places of wrong values and missing keys.
        missing: Why an API cannot be called, by namespace.
        left_out: The parts that are not served.
    """

    def __init__(self, linked: Linked, reasons: dict[KeyPath, Reason], unread: frozenset[KeyPath]) -> None:
        document = linked.document
        self.parts = linked.parts
        self._origins = linked.origins
        self._operations = linked.operations
        self._reasons = reasons
        self.unread = unread
        self.missing: dict[str, Reason] = {}
        self._unbound: dict[str, Reason] = {}
        """Why the value of a variable is unknown, by variable."""
        self.left_out: list[LeftOut] = []
        for api in (*document.consumes, *document.capability.consumes):
            if not isinstance(api, ConsumedHttp):  # an import that failed
                self.missing[api.namespace or ""] = reasons.get(api.get_path(), nouns.NOT_IMPORTED())
            elif (reason := self.find_reason_above(api.get_path())) and api.namespace not in self.missing:
                first = linked.upstreams.get(api.namespace)
                if first is None or first == api.get_path():
                    self.missing[api.namespace] = reason
        for bind in (*document.binds, *document.capability.binds):
            for variable in bind.keys:
                if reason := self.find_reason_above(bind.get_path("keys", variable)):
                    self._unbound[f"{bind.namespace}.{variable}"] = reason

    def find_reason_above(self, key_path: KeyPath) -> Reason | None:
        """Find an error in a part, or in one that contains it."""
        return next((why for n in range(len(key_path), 0, -1) if (why := self._reasons.get(key_path[:n]))), None)

    def find_reason_against(self, key_path: KeyPath, served: Any, call: str | None = None) -> Reason | None:
        """Find why a part is left out.

        That is an error in it, above it, in the function that it refers to, in the operation that it calls, or in a
        variable.
        """
        if reason := self.find_reason_above(key_path) or self.find_reason_above(self._origins.get(key_path, ())):
            return reason
        if call is not None:
            consumed = self._operations.get(call)
            missing = self.missing.get(call.partition(".")[0])
            if (
                reason := (self.find_reason_above(consumed.operation.get_path()) if consumed is not None else None)
                or missing
            ):
                return reason
        return self.find_reason_unbound(served)

    def find_reason_unbound(self, served: Any) -> Reason | None:
        """Find why a variable of a part is unknown."""
        needed = find_variables(served) if self._unbound else ()
        return next((self._unbound[name] for name in needed if name in self._unbound), None)
