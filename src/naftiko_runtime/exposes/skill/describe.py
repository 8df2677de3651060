"""Describes a server of skills in the log line or table at startup."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from naftiko_runtime.plan import Skill, SkillServer


def get_url_path(_server: SkillServer, *, shared: bool) -> str:  # noqa: ARG001 - others have one
    """Return an empty path: the server has the whole port."""
    return ""


def find_routes(_server: SkillServer) -> None:
    """Return None: OpenAPI describes operations, and skills have none of their own."""


def list_entries(server: SkillServer) -> list[tuple[str, str]]:
    """Return the skills of a server, each with what it has."""
    return [(f"GET /skills/{skill.name}", _describe_contents(skill)) for skill in server.skills]


def _describe_contents(skill: Skill) -> str:
    counts = {"file": len(skill.files), "tool": len(skill.tools)}
    return ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counts.items() if count)


def make_example_command(_server: SkillServer, url: str) -> str:
    """Return a command that lists the skills."""
    return f"curl -s {shlex.quote(f'{url}/skills')}"
