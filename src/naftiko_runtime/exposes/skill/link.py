"""Links a skill expose of a document to a server of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naftiko_runtime import rules
from naftiko_runtime.link.credentials import link_guard
from naftiko_runtime.plan import Skill, SkillServer

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import SkillExpose
    from naftiko_runtime.link.link_operations import ExposeLinker


def link(expose: SkillExpose, linker: ExposeLinker) -> SkillServer:
    """Link an expose. Errors in it are reported."""
    context = linker.context
    linker.check_unique(rules.DUPLICATE_NAME_SKILL, expose.skills)
    if not expose.skills:
        linker.report_empty(expose, rules.EMPTY_EXPOSE_SKILLS(namespace=expose.namespace), "skills")
    return SkillServer(
        namespace=expose.namespace,
        address=expose.address or "",
        port=expose.port,
        span=context.find_span(expose.get_path("port")),
        skills=_link_skills(expose, linker),
        guard=link_guard(expose.authentication, context),
    )


def _link_skills(expose: SkillExpose, linker: ExposeLinker) -> tuple[Skill, ...]:
    if not expose.skills:
        return ()
    from naftiko_runtime.exposes.skill.link_skill import link_skill  # noqa: PLC0415 - few documents have skills
    from naftiko_runtime.exposes.skill.tool_origins import ToolOrigins  # noqa: PLC0415 - the same

    origins = ToolOrigins(linker.document.capability.exposes, linker.context)
    skills: list[Skill] = []
    for declared in expose.skills:
        if (skill := link_skill(expose, declared, origins, linker)) is not None:
            linker.parts[declared.get_path()] = skill
            skills.append(skill)
    return tuple(skills)
