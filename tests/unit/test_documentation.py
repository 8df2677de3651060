"""The documentation's examples are files that load, and its links lead somewhere."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import pytest

from naftiko_runtime.cli import main
from naftiko_runtime.loading import load
from naftiko_runtime.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CAPABILITIES = sorted(path for path in ROOT.glob("capabilities/**/*.yaml") if ".sandbox." not in path.name)


@pytest.mark.parametrize("file", CAPABILITIES, ids=lambda path: path.name)
def test_the_capabilities_have_no_error(file: Path) -> None:
    loaded = load(file)
    assert loaded.plan is not None
    assert [d for d in loaded.diagnostics if d.severity is Severity.ERROR] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_headings(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf-8")):
        assert anchor in anchors(page.parent / target if target else page), f"{target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """The anchors of a page: those that its headings have on GitHub, and those that are written out."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    made = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


NAMED: Final = re.compile(
    r"(?:pip3?|pipx|uv|uvx|tool|poetry)\b[^\n`]*\s(?:install|add|run)\s[^\n`]*(?<![/\w@.-])naftiko[-_]runtime(?![\w-]*\.whl)"
    r"|naftiko[-_]runtime\s*(?:==|\[[a-z])|(?:uvx|pipx run)\s+naftiko"
)
"""A command that would take the package from an index, where it is not."""
TEXTS = [
    path
    for pattern in (
        "*.md",
        "docs/**/*.md",
        "src/**/*.py",
        "*.yml",
        ".*.yaml",
        "Makefile",
        "Dockerfile",
        "capabilities/**/*.*",
    )
    for path in sorted(ROOT.glob(pattern))
]


def test_no_text_tells_users_to_install_the_package_by_its_name() -> None:
    found = {str(path.relative_to(ROOT)): NAMED.findall(path.read_text(encoding="utf-8")) for path in TEXTS}
    assert {name: commands for name, commands in found.items() if commands} == {}
    for text in (
        "pip install naftiko-runtime",
        "pip install 'naftiko-runtime[lsp]'",
        "naftiko-runtime==1",
        "uvx naftiko",
    ):
        assert NAMED.search(text), text
    for text in ("pip install path/to/naftiko-runtime", "pip install git+https://x/OWNER/naftiko-runtime@main"):
        assert not NAMED.search(text), text


def test_the_files_of_the_tutorial_have_no_findings(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    first, second, server, binds, authentication = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    whole = second.replace("capability:\n", f"{binds}capability:\n") + server
    secured = whole.replace("/v1\n", f"/v1\n{authentication}")
    for text in (first, second, second + server, secured):
        file = tmp_path / "weather.yaml"
        file.write_text(text, encoding="utf-8")
        loaded = load(file)
        assert loaded.plan is not None
        assert [finding.message for finding in loaded.diagnostics if finding.severity is not Severity.INFO] == []
    assert "authentication" in secured


PACKAGE: Final = ROOT / "src" / "naftiko_runtime"
INTERNAL_PAGES: Final = [ROOT / "ARCHITECTURE.md", *sorted(ROOT.glob("docs/adr/*.md"))]
"""The pages that name modules."""
MCP_METHODS: Final = {"server/discover"}


def module_names() -> set[str]:
    return {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_files_that_pages_name_exist(page: Path) -> None:
    roots = module_names() | {"bench", "docs", "scripts", "src", "tests"}
    for name in re.findall(r"(?<![\w/.-])[\w.-]+(?:/[\w.-]+)+\.py\b", page.read_text(encoding="utf-8")):
        if name.partition("/")[0] in roots:
            assert (ROOT / name).is_file() or (PACKAGE / name).is_file(), name


@pytest.mark.parametrize("page", INTERNAL_PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_modules_that_pages_name_exist(page: Path) -> None:
    """Names such as `lint/tools`, `exposes/mcp/` and `plan.values.freeze`."""
    for name in (
        set(re.findall(r"`([a-z_0-9]+(?:[./][A-Za-z_0-9]*)+)`", page.read_text(encoding="utf-8"))) - MCP_METHODS
    ):
        first, *rest = re.split(r"[./]", name.removesuffix(".py").rstrip("/"))
        if first in module_names():
            assert resolves(first, rest), name


def resolves(first: str, rest: list[str]) -> bool:
    """Whether parts of a dotted name lead from module to module, then from attribute to attribute."""
    found: object = importlib.import_module(f"naftiko_runtime.{first}")
    for index, part in enumerate(rest):
        try:
            found = importlib.import_module(".".join(["naftiko_runtime", first, *rest[: index + 1]]))
        except ModuleNotFoundError:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
    return True


def test_the_index_of_decisions_has_the_titles_of_the_pages() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    for page in sorted(ROOT.glob("docs/adr/[0-9]*.md")):
        number, title = page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").split(". ", 1)
        assert f"| [{number}]({page.name}) | {title} | " in index, title


def test_the_overview_lists_every_page() -> None:
    overview = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"\]\(([^)#]+)", overview))
    pages = {page.name for page in ROOT.glob("docs/*.md")} - {"README.md"}
    assert pages - listed == set()


OPTION_PAGES: Final = {
    "export mcp-registry": "export.md",
    "export mcpb": "export.md",
    "export openapi": "export.md",
    "health": "running.md",
    "import openapi": "importing.md",
    "install": "installing.md",
    "run": "running.md",
    "schema": "editors.md",
    "uninstall": "installing.md",
    "validate": "validating.md",
}


@pytest.mark.parametrize("command", OPTION_PAGES)
def test_the_page_of_a_command_has_its_options_variables_and_defaults(command: str) -> None:
    text = (ROOT / "docs" / OPTION_PAGES[command]).read_text(encoding="utf-8")
    found: click.Command = main
    for name in command.split():
        assert isinstance(found, click.Group)
        inner = found.get_command(click.Context(found), name)
        assert inner is not None
        found = inner
    options = [each for each in found.params if isinstance(each, click.Option) and not each.hidden]
    assert options
    for option in options:
        assert any(re.search(rf"`(?:naftiko \w+ )?{name}\b", text) for name in option.opts), option.opts
        assert not option.envvar or f"`{option.envvar}`" in text, option.envvar
        if isinstance(option.default, int | float) and not isinstance(option.default, bool):
            row = next(line for line in text.splitlines() if line.startswith(f"| `{option.opts[0]} "))
            assert f"| {option.default:g} |" in row or f"| {option.default} |" in row, row


LOG_EVENTS: Final = {
    "docs/formats.md": ["irregular response"],
    "docs/running.md": [
        "request rejected",
        "log records dropped",
        "not reloaded",
        "reloaded",
        "upstream failed",
        "upstreams are called through a proxy",
        "worker ended",
        "worker started",
    ],
}
"""Log lines that pages quote."""


@pytest.mark.parametrize("page", LOG_EVENTS)
def test_the_log_lines_that_pages_quote_are_logged(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    code = "".join(file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py"))
    for event in LOG_EVENTS[page]:
        assert f"`{event}`" in text, event
        assert f'"{event}' in code, event


def test_the_page_on_fixes_quotes_reasons_that_exist() -> None:
    text = (ROOT / "docs" / "fixing.md").read_text(encoding="utf-8")
    code = (PACKAGE / "fix" / "rounds.py").read_text(encoding="utf-8")
    reasons = re.findall(r": not fixed: (.+)", text)
    assert reasons
    for reason in reasons:
        assert f'"{reason}"' in code, reason


def test_the_architecture_names_every_package() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert {package for package in packages if f"`{package}/`" not in text} == set()


GENERATED: Final = ("CHANGELOG.md", "docs/diagnostics.md", "docs/reference.md")
"""Pages whose lines are entries: made from the rules and the models, or one for each change."""
SENTENCE_END: Final = re.compile(r"(?<!e\.g)(?<!i\.e)(?<!\bNo)(?<!\b\d)[.!?](?:\*\*)? (?=[A-Z`])")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_line_has_one_sentence(page: Path) -> None:
    """Semantic line breaks: a changed sentence is a changed line."""
    if str(page.relative_to(ROOT)) in GENERATED:
        return
    assert list(find_shared_lines(page.read_text(encoding="utf-8"))) == []


def find_shared_lines(text: str) -> Iterator[str]:
    """Lines of prose with more than one sentence. Tables, code and the fixed texts of rules do not count."""
    prose = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL).partition("\n## What to do")[0]
    for line in prose.splitlines():
        if line.lstrip().startswith(("|", "#", "`NK", "```")):
            continue
        plain = re.sub(r"\([^()]*\)", "", re.sub(r"`[^`]*`", "`", line))
        if SENTENCE_END.search(plain):
            yield line


def test_lines_with_two_sentences_are_found() -> None:
    text = "One. Two.\n\nA (b. C) `d. E` f.\n```\nOne. Two.\n```\n| One. Two. |\n"
    assert list(find_shared_lines(text)) == ["One. Two."]
