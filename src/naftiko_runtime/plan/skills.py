"""Servers of skills."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from naftiko_runtime import rules
from naftiko_runtime.rules import nouns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from naftiko_runtime.authentication.kinds import Credential
    from naftiko_runtime.diagnostic import Reason, Span
    from naftiko_runtime.frozen_values import Object
    from naftiko_runtime.plan.operation import Operation
    from naftiko_runtime.plan.resources import ServedFile
    from naftiko_runtime.rules import NounPhrase, Statement


class DerivedTool(Struct, frozen=True):
    """A tool of a skill that is an operation or a tool of another expose.

    Attributes:
        name: Its name.
        description: What it does.
        namespace: The namespace of the expose.
        action: The name of the operation or tool there.
        mode: The kind of the expose.
    """

    name: str
    description: str
    namespace: str
    action: str
    mode: str


class InstructionTool(Struct, frozen=True):
    """A tool of a skill that is a file with instructions; ``path`` is its path in the folder of the skill."""

    name: str
    description: str
    path: str


class Skill(Struct, frozen=True):
    """A skill: files, the first of which agents read is ``SKILL.md``.

    Attributes:
        name: Its name.
        description: What it does, and when to use it.
        uri: The URI that those of its files begin with.
        fields: The fields of the document and of the front matter. Where both have one, that of the file counts.
        front_matter: The front matter of its ``SKILL.md``.
        tools: Its tools.
        files: Its files, ordered by path.
    """

    name: str
    description: str
    uri: str
    fields: Object
    front_matter: Object
    tools: tuple[DerivedTool | InstructionTool, ...]
    files: tuple[ServedFile, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Equal for skills at the same path."""
        return "skill", self.name

    @property
    def label(self) -> NounPhrase:
        """Its name in messages."""
        return nouns.SKILL(name=self.name)

    def describe_duplicate(self, first: str, second: str, port: int) -> Statement:
        """Return the statement that two exposes have this part on one port."""
        return rules.DUPLICATE_NAME_SKILL_ON_PORT(name=self.name, first=first, second=second, port=port)


class BrokenSkill(Struct, frozen=True):
    """A skill that was left out, and why."""

    name: str
    reason: Reason

    @property
    def key(self) -> tuple[str, str]:
        """Equal to that of a skill with the same name."""
        return "skill", self.name


class SkillServer(Struct, frozen=True):
    """A skill expose."""

    kind: ClassVar = "skill"
    url_paths: ClassVar = ("",)
    """The paths of its port that it is at; its own URL has the first."""
    transport: ClassVar = "http"
    parts: ClassVar[tuple[()]] = ()
    """It has no parts with an operation."""
    operations: ClassVar[tuple[()]] = ()

    namespace: str
    address: str
    port: int
    span: Span
    skills: tuple[Skill, ...]
    broken: tuple[BrokenSkill, ...] = ()
    guard: Credential | None = None
    """The authentication that callers need."""

    @property
    def all_parts(self) -> tuple[Skill, ...]:
        """The skills."""
        return self.skills

    def remove_parts(self, parts: Collection[int]) -> SkillServer:
        """Return the server without some of its parts, by their indexes."""
        return replace(self, skills=tuple(one for i, one in enumerate(self.skills) if i not in parts))

    def map_operations(self, _change: Callable[[Operation], Operation]) -> SkillServer:
        """Return the server: it has no operations."""
        return self
