"""Removes the broken skills of an expose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from naftiko_runtime.link.broken_parts import LeftOut
from naftiko_runtime.plan import BrokenSkill, Skill
from naftiko_runtime.rules import nouns

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import SkillExpose
    from naftiko_runtime.link.broken_parts import BrokenParts
    from naftiko_runtime.plan import SkillServer


def keep_servable(expose: SkillExpose, server: SkillServer, broken_parts: BrokenParts) -> SkillServer:
    """Return the server without its broken skills, which respond with the reason."""
    kept: list[Skill] = []
    broken: dict[tuple[str, str], BrokenSkill] = {}
    for declared in expose.skills:
        part = broken_parts.parts.get(declared.get_path())
        if reason := broken_parts.find_reason_against(declared.get_path(), part):
            named = declared.get_path("name") not in broken_parts.unread
            noun = nouns.SKILL(name=declared.name) if named else nouns.SOME_SKILL()
            place = nouns.PART_OF_EXPOSE(part=noun, namespace=expose.namespace)
            broken_parts.left_out.append(LeftOut(place, reason))
            if named:
                left_out = BrokenSkill(declared.name, reason)
                broken.setdefault(left_out.key, left_out)
        elif isinstance(part, Skill):
            kept.append(part)
    served = {skill.key for skill in kept}
    left = tuple(one for key, one in broken.items() if key not in served)
    return replace(server, skills=tuple(kept), broken=left)
