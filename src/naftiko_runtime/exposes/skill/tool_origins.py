"""Finds the operations and tools that the tools of skills come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.plan import DerivedTool
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from naftiko_runtime.document.exposes import Expose
    from naftiko_runtime.document.skills import DeclaredSkillTool, SkillToolOrigin
    from naftiko_runtime.link.context import Context


_SKILLS: Final = "skill"


class _NamedActions(Struct, frozen=True):
    """What an expose has; ``actions`` has the descriptions of its operations or tools by name."""

    mode: str
    actions: Mapping[str, str]


class ToolOrigins:
    """The operations and tools of a document."""

    def __init__(self, exposes: Iterable[Expose], context: Context) -> None:
        """Collect them.

        Args:
            exposes: The exposes of the document.
            context: The linking run.
        """
        self._context = context
        self._origins: dict[str, _NamedActions] = {}
        self._skills: set[str] = set()
        self._complete = True
        """Whether all exposes are known, because no import failed."""
        for expose in exposes:
            if not expose.names:
                self._complete &= expose.import_ is None
            elif expose.type == _SKILLS:
                self._skills.add(expose.names[0])
            else:
                actions = {one.name: one.description or "" for one in expose.actions if one.name}
                self._origins.setdefault(expose.names[0], _NamedActions(expose.type, actions))

    def link_tool(self, declared: DeclaredSkillTool, origin: SkillToolOrigin) -> DerivedTool | None:
        """Return a tool that comes from another expose. None if it is unknown, which is reported."""
        found = self._find_actions(origin)
        if found is None:
            return None
        namespace, action = origin.source_namespace, origin.action
        if action not in found.actions:
            if origin.get_path("action") not in self._context.unread:
                advice = suggest(action, found.actions, helps.IT_HAS) or helps.NAME_OPERATION()
                statement = rules.UNKNOWN_ACTION(namespace=namespace, action=action)
                self._context.report(statement, origin.get_path("action"), advice)
            return None
        description = declared.description or found.actions[action]
        return DerivedTool(declared.name, description, namespace, action, found.mode)

    def _find_actions(self, origin: SkillToolOrigin) -> _NamedActions | None:
        namespace, key_path = origin.source_namespace, origin.get_path("sourceNamespace")
        if (found := self._origins.get(namespace)) is not None or key_path in self._context.unread:
            return found
        if namespace in self._skills:
            self._context.report(rules.UNKNOWN_ACTION_OF_SKILLS(namespace=namespace), key_path)
        elif self._complete and not self._context.may_be_completed(namespace, self._origins):
            advice = suggest(namespace, self._origins, helps.EXPOSED_NAMESPACES)
            self._context.report(rules.UNKNOWN_ACTION_NAMESPACE(namespace=namespace), key_path, advice)
        return None
