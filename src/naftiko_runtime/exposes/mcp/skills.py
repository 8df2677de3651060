"""The skills that MCP clients get: entries, files as resources, and directories (SEP-2640)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from naftiko_runtime.exposes.mcp.paging import PagedList
from naftiko_runtime.frozen_values import thaw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.plan import ServedFile, Skill

EXTENSIONS: Final[dict[str, dict[str, Any]]] = {"io.modelcontextprotocol/skills": {"directoryRead": True}}
"""What a server with skills declares among its capabilities."""
METHODS: Final = ("skills/list", "skills/get", "resources/directory/read")
_SKILL_FILE: Final = "SKILL.md"
_DIRECTORY: Final = "inode/directory"


class SkillContents:
    """The skills of one MCP server.

    Attributes:
        entries: The entry of each skill, by the URI of its ``SKILL.md``.
        pages: The entries as a list.
        directories: What each directory contains, by its URI.
    """

    def __init__(self, skills: Sequence[Skill]) -> None:
        self.entries = {f"{skill.uri}/{_SKILL_FILE}": _describe_skill(skill) for skill in skills}
        self.pages = PagedList(list(self.entries.values()))
        found = (pair for skill in skills for pair in _list_directories(skill).items())
        self.directories = {uri: PagedList(list(children.values())) for uri, children in found}


def list_skill_resources(skills: Sequence[Skill]) -> list[dict[str, Any]]:
    """Return the files of skills as entries of ``resources/list``."""
    return [_describe_file(skill, file) for skill in skills for file in skill.files]


def _describe_skill(skill: Skill) -> dict[str, Any]:
    resources = [{"uri": f.uri, "digest": f"sha256:{f.digest}", "size": len(f.content)} for f in skill.files]
    return {"uri": f"{skill.uri}/{_SKILL_FILE}", "frontmatter": thaw(skill.front_matter), "resources": resources}


def _describe_file(skill: Skill, file: ServedFile) -> dict[str, Any]:
    about = {"name": f"{skill.name}/{file.path}"}
    if file.path == _SKILL_FILE:
        about = {"name": skill.name, "description": thaw(skill.front_matter)["description"]}
    return {"uri": file.uri, **about, "mimeType": file.media_type, "size": len(file.content)}


def _list_directories(skill: Skill) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the children of each directory of a skill by their names, by the URI of the directory."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for file in skill.files:
        *folders, name = file.path.split("/")
        uri = skill.uri
        for folder in folders:
            below = f"{uri}/{quote(folder)}"
            found.setdefault(uri, {})[folder] = {"uri": below, "name": folder, "mimeType": _DIRECTORY}
            uri = below
        found.setdefault(uri, {})[name] = _describe_file(skill, file)
    return found
