"""Resolves ``call`` to a consumed operation, or reports it with the nearest name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.document.consumes import ImportedConsumes
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import find_closest, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.document.capability import Document
    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.rules import Advice
    from naftiko_runtime.source import KeyPath


class Calls:
    """The consumed operations of a document."""

    def __init__(self, document: Document, operations: Mapping[str, Consumed], context: Context) -> None:
        self._operations = operations
        self._context = context
        apis = (*document.consumes, *document.capability.consumes)
        self._imported = frozenset(api.namespace for api in apis if isinstance(api, ImportedConsumes))
        self._namespaces = frozenset(api.namespace for api in apis if api.namespace is not None)

    def resolve(self, call: str, key_path: KeyPath) -> Consumed | None:
        """Return the operation that a call names; None if there is none, which is reported."""
        consumed = self._operations.get(call)
        if consumed is None and not self._may_be_imported(call) and not self._may_be_completed(call):
            self._context.report(rules.UNRESOLVED_CALL(call=call), key_path, self._advise_nearest(call))
        return consumed

    def _may_be_imported(self, call: str) -> bool:
        """Return whether a call has the namespace of an import. If that fails, its own error is enough."""
        return None in self._imported or call.partition(".")[0] in self._imported

    def _may_be_completed(self, call: str) -> bool:
        """Return whether a call has a namespace that a document which imports this one may consume."""
        return self._context.may_be_completed(call.partition(".")[0], self._namespaces)

    def _advise_nearest(self, call: str) -> Advice | None:
        """Advise on an unknown call: an operation of the same namespace, or of the same name in another one."""
        if not self._operations:
            return helps.DECLARE_CONSUMED()
        if same := next((known for known in self._operations if known.casefold() == call.casefold()), None):
            return helps.DID_YOU_MEAN(suggestion=same)
        namespace, _, name = call.partition(".")
        siblings = {known.partition(".")[2]: known for known in self._operations if known.startswith(f"{namespace}.")}
        if close := find_closest(name, siblings):
            return helps.DID_YOU_MEAN(suggestion=siblings[close])
        of_name = [known for known in self._operations if known.partition(".")[2] in (name or call, call)]
        return suggest(call, of_name) or suggest("", siblings.values() or self._operations, helps.CONSUMED_OPERATIONS)
