"""The values under ``with`` of one exposed operation, and which of them the call uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from naftiko_runtime import rules
from naftiko_runtime.link.fold_name import fold_name
from naftiko_runtime.source.edits import replace_text

if TYPE_CHECKING:
    from naftiko_runtime.link.call_site import CallSite
    from naftiko_runtime.link.consumed_operation import Consumed
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.plan import Term


class WithValues(Struct):
    """The values under ``with``.

    Attributes:
        context: The linking run.
        site: The operation that has them.
        consumed: The operation that is called.
        terms: The values by name; empty before they are linked.
        used: The names of those that reach a place of the request.
    """

    context: Context
    site: CallSite
    consumed: Consumed
    terms: dict[str, Term] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def use(self, name: str) -> Term | None:
        """Return the value for a name of the consumed side, and mark it as used; None if there is none."""
        key = name if name in self.terms else self._find_misspelt(name)
        if key is None:
            return None
        self.used.add(key)
        return self.terms[key]

    def list_unused(self) -> list[str]:
        """Return the names of the values that reach no place of the request."""
        return [name for name in self.terms if name not in self.used]

    def _find_misspelt(self, name: str) -> str | None:
        """Return the only key that differs from a name in case and punctuation, and is no other parameter's name."""
        known = {*(p.name for p in self.consumed.parameters), *self.consumed.placeholders}
        found = [key for key in self.terms if key not in known and fold_name(key) == fold_name(name)]
        if len(found) != 1:
            return None
        key, meant = found[0], self.consumed.spelt.get(name, name)
        if key != meant:  # otherwise the parameter is misspelt, which is reported where it stands
            key_path = self.site.get_path("with", key)
            fix = replace_text(self.context.source, key_path, key, meant, key=True)
            statement = rules.PLACEHOLDER_CASE_WITH(name=key, meant=meant, operation=self.consumed.name)
            self.context.report(statement, key_path, key=True, fix=fix)
        return key
