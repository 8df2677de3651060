"""Skills for MCP clients: entries with digests, and directories."""

from __future__ import annotations

from hashlib import sha256

from naftiko_runtime.exposes.mcp.skills import SkillContents, list_skill_resources
from naftiko_runtime.limits import LIST_PAGE_ITEMS_MAX
from support.skills import make_skill

FILES = {"SKILL.md": b"---\nname: find-ships\n---\n", "a b/c/d.bin": b"\0\xff", "a b/e.md": b"# E\r\n"}
ROOT = "skill://skills/find-ships"
MAIN = f"{ROOT}/SKILL.md"


def test_an_entry_has_the_whole_front_matter_and_a_digest_of_each_file() -> None:
    skill = make_skill(FILES, metadata={"n": 2, "deep": [True, None]}, **{"allowed-tools": "Read"})
    assert SkillContents([skill]).entries == {
        MAIN: {
            "uri": MAIN,
            "frontmatter": {
                "name": "find-ships",
                "description": "Finds ships.",
                "metadata": {"n": 2, "deep": [True, None]},
                "allowed-tools": "Read",
            },
            "resources": [
                {"uri": uri, "digest": f"sha256:{sha256(content).hexdigest()}", "size": len(content)}
                for uri, content in zip(
                    [MAIN, f"{ROOT}/a%20b/c/d.bin", f"{ROOT}/a%20b/e.md"], FILES.values(), strict=True
                )
            ],
        }
    }


def test_a_directory_has_its_direct_children_only() -> None:
    directories = SkillContents([make_skill(FILES), make_skill({"SKILL.md": b""}, "sail")]).directories
    assert {uri: [child["uri"] for child in pages.get_page(None).items] for uri, pages in directories.items()} == {
        ROOT: [MAIN, f"{ROOT}/a%20b"],
        f"{ROOT}/a%20b": [f"{ROOT}/a%20b/c", f"{ROOT}/a%20b/e.md"],
        f"{ROOT}/a%20b/c": [f"{ROOT}/a%20b/c/d.bin"],
        "skill://skills/sail": ["skill://skills/sail/SKILL.md"],
    }
    folder = directories[ROOT].get_page(None).items[1]
    assert folder == {"uri": f"{ROOT}/a%20b", "name": "a b", "mimeType": "inode/directory"}


def test_long_lists_have_pages_that_divide_no_entry() -> None:
    skills = [make_skill(FILES, f"skill-{number}") for number in range(LIST_PAGE_ITEMS_MAX + 3)]
    pages = SkillContents(skills).pages
    first = pages.get_page(None)
    assert first.next_cursor is not None
    second = pages.get_page(first.next_cursor)
    assert (len(first.items), len(second.items), second.next_cursor) == (LIST_PAGE_ITEMS_MAX, 3, None)
    seen = [*first.items, *second.items]
    assert [entry["frontmatter"]["name"] for entry in seen] == [skill.name for skill in skills]
    assert all(len(entry["resources"]) == len(FILES) for entry in seen)


def test_the_resource_of_the_main_file_is_named_by_its_skill() -> None:
    main, binary, text = list_skill_resources([make_skill(FILES)])
    assert main == {
        "uri": MAIN,
        "name": "find-ships",
        "description": "Finds ships.",
        "mimeType": "text/markdown",
        "size": len(FILES["SKILL.md"]),
    }
    assert binary["mimeType"] == "application/octet-stream"
    assert (text["name"], text["mimeType"], text["size"]) == ("find-ships/a b/e.md", "text/markdown", 5)
