"""``SKILL.md``: the front matter that is read, and the file that is written where there is none."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.exposes.skill.skill_file import NoFrontMatterError, read_front_matter, write_skill_file
from naftiko_runtime.plan import DerivedTool, InstructionTool

GENERAL: dict[str, Any] = {"name": "find-ships", "description": "Finds ships."}
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
FIELDS = st.fixed_dictionaries(
    {"name": st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True), "description": TEXTS},
    optional={
        "license": TEXTS,
        "allowed-tools": TEXTS,
        "metadata": st.dictionaries(TEXTS, TEXTS, min_size=1),
        "user-invocable": st.booleans(),
    },
)


@given(FIELDS)
def test_what_is_written_is_read_again(fields: dict[str, Any]) -> None:
    written = write_skill_file(fields, (), ())
    assert read_front_matter(written) == fields
    assert written == write_skill_file(fields, (), ())
    _, front_matter, _ = written.decode().split("---\n", 2)
    assert yaml.safe_load(front_matter) == fields  # as other programs read it


def test_a_whole_file() -> None:
    tools = (
        DerivedTool("find", "Finds\n  a ship.", "ships", "find-ship", "mcp"),
        DerivedTool("list", "", "web", "list-ships", "rest"),
        InstructionTool("learn", "How to.", "references/a b.md"),
    )
    fields = GENERAL | {"metadata": {"version": "1.0"}, "user-invocable": False}
    written = write_skill_file(fields, tools, ["references/a b.md", "\u00e9.txt"]).decode()
    assert (
        written
        == """\
---
name: "find-ships"
description: "Finds ships."
metadata:
  "version": "1.0"
user-invocable: false
---

# find-ships

Finds ships.

## Tools

- `find`: Finds a ship. Call the tool `find-ship` of the MCP server `ships`.
- `list`: Call the operation `list-ships` of the REST server `web`.
- `learn`: How to. Follow [references/a b.md](references/a%20b.md).

## Files

- [references/a b.md](references/a%20b.md)
- [\u00e9.txt](%C3%A9.txt)
"""
    )


@pytest.mark.parametrize(
    "description", ['x"\n---\nname: other', "---", "a: b # c", "\u2028---\u2028", "'", "{{x}}", "&a *a !!int 1"]
)
def test_no_description_leaves_its_field(description: str) -> None:
    fields = GENERAL | {"description": description}
    assert read_front_matter(write_skill_file(fields, (), ())) == fields


@pytest.mark.parametrize(
    "text",
    [
        "---\nname: a\n---\n",
        "---\nname: a\n---",
        "---\r\nname: a\r\n---\r\n# A\r\n",
        "\ufeff---\nname: a\n---\n",
        "--- \t\nname: a\n---  \nx",
        "---\nname: a\n---\n---\nname: b\n---\n",
    ],
)
def test_front_matter_that_is_read(text: str) -> None:
    assert read_front_matter(text.encode()) == {"name": "a"}


@pytest.mark.parametrize("text", ["", "# A\n", "\n---\nname: a\n---\n", "---\nname: a\n", "----\nname: a\n----\n"])
def test_texts_without_front_matter(text: str) -> None:
    with pytest.raises(NoFrontMatterError):
        read_front_matter(text.encode())


@pytest.mark.parametrize(
    "text", ["- a", "a", "", "a: [", "a: 1\na: 2", "a: !!python/object:os.x {}", "a: &x 1\nb: *x\n<<: *x"]
)
def test_front_matter_that_programs_read_in_several_ways(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_front_matter(f"---\n{text}\n---\n".encode())


def test_front_matter_is_unicode() -> None:
    with pytest.raises(UnicodeDecodeError):
        read_front_matter(b"---\nname: \xff\n---\n")
