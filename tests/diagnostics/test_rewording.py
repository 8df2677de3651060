"""If every message, help and noun is reworded, only text changes."""

from __future__ import annotations

from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime import diagnostic, rules, suggest
from naftiko_runtime.cli import main
from naftiko_runtime.contract.type_conversion import check_type, convert_text
from naftiko_runtime.encode_for_place import encode_header
from naftiko_runtime.fix import fix_document
from naftiko_runtime.formats import make_decoder
from naftiko_runtime.jsonpath import compile_path
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from naftiko_runtime.rules import message_clauses, rule
from naftiko_runtime.rules.message_clauses import DescribedError
from naftiko_runtime.template import split_path, split_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.diagnostic import Diagnostic

HERE = Path(__file__).parent
DOCUMENTS = sorted((*HERE.glob("*.yml"), *HERE.glob("strict/*.yml"), *(HERE.parent / "fix").glob("*.yml")))


class Reworded(Struct):
    """A template that says nothing but its arguments, the last one first."""

    text: str


def reworded(text: str) -> str:
    """Another text with the same places, without any of its words, digits and quotes."""
    named = [f"{{{name}:{form}}}" if form else f"{{{name}}}" for _, name, form, _ in Formatter().parse(text) if name]
    return "~".join(["", *reversed(named), ""])


@pytest.fixture
def reword(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    render = rule.render_text

    def render_reworded(said: rules.Statement, related: dict[str, str] | None = None) -> str:
        other = Reworded(reworded(said.template.text))
        return render(replace(said, template=other), related)

    def patch() -> None:
        for module in (rule, message_clauses, diagnostic, suggest):
            monkeypatch.setattr(module, "render_text", render_reworded)

    return patch


def facts(found: tuple[Diagnostic, ...]) -> list[object]:
    return [(d, d.rule, d.part, d.fix) for d in found]


LIBRARIES = (  # messages with a text of a library or of the system
    *(rules.INVALID_VALUE_CHECKED, rules.INVALID_VALUE_JSON_BODY),  # pydantic, orjson
    *(rules.PATTERN.messages[0], rules.SYNTAX.messages[0]),  # RE2, libyaml
    *(rules.UNREADABLE.messages[0], rules.INVALID_VALUE_SCHEMA_UNREADABLE),  # the system
)


def outcome(file: Path) -> object:
    """Everything that is decided about a document."""
    results = []
    for overrides in (Overrides(lint=True), Overrides(lint=True, strict=True), Overrides(skip_broken=True)):
        loaded = load(file, overrides)
        results.append((facts(loaded.diagnostics), loaded.plan, loaded.left_out, loaded.fatal))
    made = fix_document(file.read_bytes(), file, Overrides(lint=True))
    left = [(facts((one.diagnostic,)), one.reason) for one in made.unfixed]
    return results, (made.resolved, made.raw, made.count, made.optional, left, facts(made.loaded.diagnostics))


@pytest.mark.no_cover  # ``test_golden`` measures what the same documents reach
@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_nothing_but_text_changes(file: Path, reword: Callable[[], None]) -> None:
    before = outcome(file)
    reword()
    assert outcome(file) == before


def test_every_text_changes(reword: Callable[[], None]) -> None:
    """The rewording reaches all that is shown: no message of a rule has a text that nobody renders."""
    command = ["validate", "--format", "concise", str(HERE / "unresolved-call.yml")]
    before = CliRunner().invoke(main, command).output
    reword()
    after = CliRunner().invoke(main, command).output
    assert "no consumed operation" in before
    assert "no consumed operation" not in after
    assert before.count("\n") == after.count("\n")


@pytest.mark.no_cover  # the same
@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_no_argument_is_a_sentence(file: Path) -> None:
    """Texts in arguments are of the document, or of a library; ours are templates."""
    written = file.read_text(encoding="utf-8", errors="replace")
    for overrides in (Overrides(lint=True), Overrides(lint=True, strict=True)):
        for found in load(file, overrides).diagnostics:
            for name, value in found.arguments.items():
                texts = value if isinstance(value, tuple) else (value,)
                words = [text.replace(".", " ").split() for text in texts if isinstance(text, str) and " " in text]
                if name != "problem" or found.statement.template not in LIBRARIES:
                    assert [each for each in words if not all(word.strip(":") in written for word in each)] == []


@pytest.mark.parametrize(
    ("fail", "text"),
    [
        (lambda: compile_path("$.a[?(@.b ~ 1)]"), "column 11: no operator '~'"),
        (lambda: split_path("/a/{}"), "a brace is unmatched"),
        (lambda: split_template("{{ }}"), "a placeholder is empty"),
        (lambda: convert_text("a", "integer"), "must be a whole number"),
        (lambda: check_type(1, "array"), "must be a list"),
        (lambda: encode_header("a\n"), "a header value cannot hold control characters"),
        (lambda: make_decoder("avro", None, b'"fraction"'), "unknown Avro type 'fraction'"),
    ],
)
def test_errors_carry_data(fail: Callable[[], object], text: str, reword: Callable[[], None]) -> None:
    """Their text is made when it is shown, where it can be worded otherwise."""
    with pytest.raises(DescribedError) as caught:
        fail()
    assert str(caught.value).startswith(text)
    reword()
    assert text.rsplit(maxsplit=1)[-1] not in str(caught.value).split("~")
    assert str(caught.value).startswith("~")
