"""The messages of findings: templates, and their arguments."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import naftiko_runtime
from naftiko_runtime import rules
from naftiko_runtime.cli import main
from naftiko_runtime.diagnostic import Diagnostic
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from naftiko_runtime.rules import RULES, Help, Message, Rule, helps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGE = Path(naftiko_runtime.__file__).parent
TESTS = Path(__file__).parents[2]
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


def test_no_template_is_left_over() -> None:
    asked = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                asked.add(node.attr if node.value.id == "rules" else f"{node.value.id}.{node.attr}")
    templates = {name for name, value in CALLABLE.items() if isinstance(value, Message | Help)}
    assert templates - asked == set()


def test_only_a_rule_with_a_message_of_its_own_is_called() -> None:
    variants = {id(value) for value in vars(rules).values() if isinstance(value, Message)}
    called = {name for _, name, _ in calls() if isinstance(CALLABLE[name], Rule)}
    assert [name for name in called if id(CALLABLE[name].messages[0]) in variants] == []


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


def test_arguments_do_not_touch_each_other() -> None:
    """A secret that is masked in each argument is nowhere in the text then."""
    texts = [message.text for rule in RULES.values() for message in rule.messages]
    texts += [value.text for value in CALLABLE.values() if isinstance(value, Help)]
    for text in texts:
        gap = " "
        for literal, name, _, _ in Formatter().parse(text):
            gap += literal
            if name is not None:
                assert set(gap) & set(" '"), text
                gap = ""


# Modules that show findings to people, or to programs that do; nobody else asks for their text.
SHOWING = {
    "cli/run.py",
    "diagnostic.py",
    "lsp/convert_to_protocol.py",
    "lsp/server.py",
    "render/concise.py",
    "render/full.py",
    "render/github.py",
    "render/json.py",
    "render/junit.py",
    "render/sarif.py",
}
# Modules that render data themselves: those above, and those that tell a caller, an operator or a person at a terminal.
RENDERING = SHOWING | {
    "cli/option_types.py",
    "cli/skip_broken.py",
    "exposes/mcp/prompts.py",
    "exposes/mcp/resources.py",
    "exposes/mcp/tools.py",
    "exposes/rest/app.py",
    "exposes/skill/app.py",
    "openapi/write.py",
    "openapi_import/import_openapi.py",
    "suggest.py",
    "secret/__init__.py",
}


def test_data_is_rendered_where_it_is_shown_alone() -> None:
    rendering = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if path.parent.name != "rules"
        and re.search(r"\b(render_text|describe_reason|located_message)\b", path.read_text(encoding="utf-8"))
    }
    assert rendering <= RENDERING


def test_the_text_of_findings_is_asked_for_where_it_is_shown_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by those who get a finding under another name: whoever asks while documents are checked is noted."""
    asked = set()
    for name in ("message", "help", "located_message"):
        get = getattr(Diagnostic, name).fget

        def noted(finding: Diagnostic, get: Callable[[Diagnostic], object] = get) -> object:
            asked.add(Path(sys._getframe(1).f_code.co_filename))  # noqa: SLF001 - `inspect.stack` reads every source file
            return get(finding)

        monkeypatch.setattr(Diagnostic, name, property(noted))
    for file in sorted((TESTS / "diagnostics").glob("*.yml")):
        CliRunner().invoke(main, ["validate", "--format", "json", str(file)])
        load(file, Overrides(skip_broken=True))
    CliRunner().invoke(main, ["validate", "--diff", *map(str, (TESTS / "fix").glob("*.yml"))])
    assert {str(path.relative_to(PACKAGE)) for path in asked} <= SHOWING
    assert asked


def test_names_of_a_list_are_quoted_and_bounded() -> None:
    message = Message(rules.SYNTAX, "{few} / {few:'*'} / {few:*} / {few:and <*>}", None)
    names = tuple("abcdefghij")
    quoted = ", ".join(f"'{name}'" for name in names)
    said = message(few=names)
    assert rules.render_text(said) == (
        f"{quoted[:38]} and 2 more / {quoted} / {', '.join(names)} / {' and '.join(f'<{name}>' for name in names)}"
    )


def test_arguments_are_never_read_as_templates() -> None:
    said = Message(rules.SYNTAX, "{{{a}}}", None)(a="{b} {a.__class__}")
    assert rules.render_text(said) == "{{b} {a.__class__}}"
