"""Checks of the texts of skills that a model reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.lint.define_check import make_expose_check
from naftiko_runtime.lint.model_texts import RULES_OF_TEXTS, check_files, check_texts, iter_texts_of
from naftiko_runtime.plan import Skill

if TYPE_CHECKING:
    from naftiko_runtime.document.exposes import SkillExpose
    from naftiko_runtime.lint.define_check import Subject


def check_skill_texts(expose: SkillExpose, subject: Subject) -> None:
    """Report hidden text, and orders in what describes a skill. To give orders is what its files are for."""
    context = subject.context
    for declared in expose.skills:
        check_texts(iter_texts_of(declared, "name", "description", "compatibility"), context)
        for tool in declared.tools:
            check_texts(iter_texts_of(tool, "name", "description"), context)
        if declared.location is not None and isinstance(skill := subject.parts.get(declared.get_path()), Skill):
            check_files(skill.files, declared.get_path("location"), context, orders=True)


CHECKS: Final = (make_expose_check(check_skill_texts, *RULES_OF_TEXTS),)
