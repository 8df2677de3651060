"""Checks of the texts of skills that a model reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.document.walk import iter_entries
from naftiko_runtime.lint.define_check import make_expose_check
from naftiko_runtime.lint.model_texts import RULES_OF_TEXTS, ModelText, check_files, check_names, check_texts
from naftiko_runtime.lint.select_parts import is_own
from naftiko_runtime.plan import Skill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.document.exposes import SkillExpose
    from naftiko_runtime.lint.define_check import Subject
    from naftiko_runtime.source import KeyPath

_KEYS: Final = ("name", "label", "description", "compatibility", "argument-hint")


def check_skill_texts(expose: SkillExpose, subject: Subject) -> None:
    """Report hidden text, orders, long texts and long names of skills, and hidden text of their files.

    To give orders is what the files of a skill are for.
    """
    if "skills" not in expose.model_fields_set:
        return
    context, key_path = subject.context, expose.get_path("skills")
    texts = list(_iter_texts(context.source.get(key_path), key_path))
    check_texts(texts, context)
    if is_own(expose, context):
        check_names((text for text in texts if text.key_path[-1] == "name"), context)
    for declared in expose.skills:
        if declared.location is not None and isinstance(skill := subject.parts.get(declared.get_path()), Skill):
            check_files(skill.files, declared.get_path("location"), context, orders=True)


def _iter_texts(skills: Any, key_path: KeyPath) -> Iterator[ModelText]:
    for skill, place in iter_entries(skills, key_path):
        yield from _iter_keys(skill, place)
        for tool, its_place in iter_entries(skill.get("tools"), (*place, "tools")):
            yield from _iter_keys(tool, its_place)


def _iter_keys(entry: dict[str, Any], key_path: KeyPath) -> Iterator[ModelText]:
    for key in _KEYS:
        if isinstance(text := entry.get(key), str):
            yield ModelText(text, (*key_path, key))


CHECKS: Final = (make_expose_check(check_skill_texts, *RULES_OF_TEXTS, rules.LONG_NAME),)
