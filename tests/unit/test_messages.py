"""What findings say: templates beside the rules, filled by those who find something."""

from __future__ import annotations

import ast
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest

import naftiko_runtime
from naftiko_runtime import rules
from naftiko_runtime.rules import RULES, Help, Message, Rule, helps

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(naftiko_runtime.__file__).parent
CALLABLE = {**vars(rules), **{f"helps.{name}": value for name, value in vars(helps).items()}}
RELATED = {"line", "place"}
"""Places of a template that are filled by the related place of a finding."""


def places(*texts: str) -> set[str]:
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


def wanted(named: Rule | Message | Help) -> set[str]:
    """The arguments that a template takes."""
    if isinstance(named, Help):
        return places(named.text) - RELATED
    message = named.messages[0] if isinstance(named, Rule) else named
    return places(message.text, message.help.text if message.help else "") - RELATED


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every place that says something: where it is, what it says, and with which arguments."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                for name in said(node.func):
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", name, node


def said(called: ast.expr) -> Iterator[str]:
    """The templates that an expression stands for."""
    match called:
        case ast.Attribute(value=ast.Name(id="rules" | "helps" as module), attr=name):
            named = name if module == "rules" else f"helps.{name}"
            if isinstance(CALLABLE.get(named), Rule | Message | Help):
                yield named
        case ast.IfExp(body=body, orelse=otherwise):
            yield from (*said(body), *said(otherwise))
        case _:
            pass


def test_every_template_gets_its_arguments_and_no_others() -> None:
    found = list(calls())
    wrong = [
        (where, name)
        for where, name, call in found
        if {str(keyword.arg) for keyword in call.keywords} != wanted(CALLABLE[name]) or call.args
    ]
    assert wrong == []
    assert len(found) > 20


@pytest.mark.parametrize("rule", RULES.values(), ids=str)
def test_templates_are_one_terse_line(rule: Rule) -> None:
    for message in rule.messages:
        for text in (message.text, message.help.text if message.help else "x"):
            assert text
            assert "\n" not in text
            assert not text.endswith(".")


def test_names_of_a_list_are_quoted_and_bounded() -> None:
    message = Message(rules.SYNTAX, "{few} / {few:'*'} / {few:*} / {few:and <*>}", None)
    names = tuple("abcdefghij")
    quoted = ", ".join(f"'{name}'" for name in names)
    said = message(few=names)
    assert rules.render_text(said.message, said.arguments) == (
        f"{quoted[:38]} and 2 more / {quoted} / {', '.join(names)} / {' and '.join(f'<{name}>' for name in names)}"
    )


def test_arguments_are_never_read_as_templates() -> None:
    said = Message(rules.SYNTAX, "{{{a}}}", None)(a="{b} {a.__class__}")
    assert rules.render_text(said.message, said.arguments) == "{{b} {a.__class__}}"
