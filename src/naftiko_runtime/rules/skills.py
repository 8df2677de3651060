"""Rules about skills: their names, their files, and who gets them."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.documents import NO_EFFECT
from naftiko_runtime.rules.references import DUPLICATE_NAME
from naftiko_runtime.rules.resources import LOCATION
from naftiko_runtime.rules.rule import Severity, define

SKILL: Final = define(
    "NK142",
    "invalid-skill",
    Severity.ERROR,
    "The name of a skill, or the front matter of its `SKILL.md`, is invalid.",
    "Correct the name, or the front matter. Both must have the same name.",
    since=2,
)
SKILL_OF_NAME: Final = SKILL.add_message(
    "'{name}' cannot be the name of a skill: it is a part of URLs and a folder", "use letters, digits and '-'"
)
SKILL_TEXT: Final = SKILL.add_message("SKILL.md of the skill '{name}' is not UTF-8")
SKILL_NO_FRONT_MATTER: Final = SKILL.add_message(
    "SKILL.md of the skill '{name}' has no front matter",
    "begin it with '---', 'name: {name}', 'description: …' and '---', each in its own line",
)
SKILL_YAML: Final = SKILL.add_message("the front matter of the skill '{name}' is not a mapping in YAML")
SKILL_OTHER_NAME: Final = SKILL.add_message(
    "SKILL.md has the name '{other}', and the skill is called '{name}'", "give both the same name"
)
SKILL_FIELD: Final = SKILL.add_message(
    "the front matter of the skill '{name}' has no '{key}'", "add '{key}: …', a text"
)

SKILL_NAME: Final = define(
    "NK430",
    "skill-name",
    Severity.WARNING,
    "Agents may reject the name of a skill.",
    "Use up to 64 lower-case letters, digits and single dashes between them.",
    "agents may reject the skill name '{name}'",
    "use up to 64 lower-case letters, digits and single dashes between them",
    since=2,
)

UNSHARED_SKILLS: Final = define(
    "NK431",
    "unshared-skills",
    Severity.INFO,
    "The clients of an `mcp` expose do not get the skills of a `skill` expose, because the authentication differs.",
    "Give both exposes the same `authentication`, if MCP clients are to get the skills.",
    "clients of the MCP server '{server}' do not get these skills: its authentication differs",
    "give both the same 'authentication', or leave it so",
    since=2,
)

LOCATION_INSTRUCTION: Final = LOCATION.add_message("the folder of the skill has no file '{name}'")
LOCATION_SKILL_SIZE: Final = LOCATION.add_message(
    "the skill '{name}' has more than 512 files, or more than 16 MiB: MCP clients need not accept it",
    "keep only what agents read in its folder",
)

NO_EFFECT_SKILL_FIELD: Final = NO_EFFECT.add_message(
    "'{key}' has no effect here: the front matter of SKILL.md has another value", "write the same in both places"
)

DUPLICATE_NAME_SKILL: Final = DUPLICATE_NAME.add_message(
    "the skill '{name}' is defined twice", "rename one; the first is on {line}"
)
DUPLICATE_NAME_SKILL_TOOL: Final = DUPLICATE_NAME.add_message(
    "the tool '{name}' of the skill is defined twice", "rename one; the first is on {line}"
)
DUPLICATE_NAME_SKILL_ON_PORT: Final = DUPLICATE_NAME.add_message(
    "the skill '{name}' is exposed by '{first}' and '{second}', which share port {port}",
    "rename one, or start with --port {second}=N",
)
