"""Checks of the texts of skills that a model reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime import rules
from naftiko_runtime.document.walk import iter_entries
from naftiko_runtime.lint.define_check import make_check
from naftiko_runtime.lint.model_texts import RULES_OF_TEXTS, ModelText, check_names, check_texts
from naftiko_runtime.lint.select_parts import is_own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.lint.define_check import Subject
    from naftiko_runtime.source import KeyPath

_KEYS: Final = ("name", "label", "description", "compatibility", "argument-hint")


def check_skills(subject: Subject) -> None:
    """Report hidden characters, orders, long texts and long names of skills and their tools."""
    context = subject.context
    for expose in subject.document.capability.exposes:
        if expose.type != "skill" or "skills" not in expose.model_fields_set:
            continue
        key_path = expose.get_path("skills")
        texts = list(_iter_texts(context.source.get(key_path), key_path))
        check_texts(texts, context)
        if is_own(expose, context):
            check_names((text for text in texts if text.key_path[-1] == "name"), context)


def _iter_texts(skills: Any, key_path: KeyPath) -> Iterator[ModelText]:
    for skill, place in iter_entries(skills, key_path):
        yield from _iter_keys(skill, place)
        for tool, its_place in iter_entries(skill.get("tools"), (*place, "tools")):
            yield from _iter_keys(tool, its_place)


def _iter_keys(entry: dict[str, Any], key_path: KeyPath) -> Iterator[ModelText]:
    for key in _KEYS:
        if isinstance(text := entry.get(key), str):
            yield ModelText(text, (*key_path, key))


CHECKS: Final = (make_check(check_skills, *RULES_OF_TEXTS, rules.LONG_NAME),)
