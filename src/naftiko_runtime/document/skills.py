"""Skills: instructions and files for agents, with the tools that they use."""

from typing import Annotated, ClassVar, Final

from naftiko_runtime.model.key_annotations import BeforeValidator, field
from naftiko_runtime.model.part import Meanings, Part, Text, convert_none_to_tuple

_ORIGIN: Final = {"sourceNamespace": "ships", "action": "get-ship"}
_TOOLS: Final = [{"name": "find", "description": "Finds a ship.", "from": _ORIGIN}]


class SkillToolOrigin(Part):
    """Where the tool of a skill comes from."""

    source_namespace: Text
    action: Text

    meanings: ClassVar[Meanings] = {
        "sourceNamespace": ("The namespace of a `rest` or `mcp` server of this file.", "ships"),
        "action": ("The name of an operation or a tool there.", "get-ship"),
    }


class DeclaredSkillTool(Part):
    """A tool of a skill: an operation or a tool of another expose, or a file with instructions."""

    name: Text
    description: Text | None = None
    from_: SkillToolOrigin | None = field(default=None, alias="from")
    instruction: Text | None = None

    meanings: ClassVar[Meanings] = {
        "name": ("The name of the tool in the skill.", "find"),
        "description": ("What the tool does. The default is the description of where it comes from.", "Finds a ship."),
        "from": ("The operation or tool that it is.", _ORIGIN),
        "instruction": ("A file with instructions, in the folder of the skill.", "references/FIND.md"),
    }


class DeclaredSkill(Part):
    """A skill."""

    name: Text
    description: Text
    license: Text | None = None
    compatibility: Text | None = None
    metadata: dict[str, Text] = field(default_factory=dict)
    allowed_tools: Text | None = field(default=None, alias="allowed-tools")
    argument_hint: Text | None = field(default=None, alias="argument-hint")
    user_invocable: bool | None = field(default=None, alias="user-invocable")
    disable_model_invocation: bool | None = field(default=None, alias="disable-model-invocation")
    location: Text | None = None
    tools: Annotated[tuple[DeclaredSkillTool, ...], BeforeValidator(convert_none_to_tuple)] = ()

    meanings: ClassVar[Meanings] = {
        "name": ("The name of the skill: lower-case letters, digits and dashes.", "find-ships"),
        "description": (
            "What the skill does and when to use it. An agent chooses a skill by its description.",
            "Finds ships. Use it when somebody asks where a ship is.",
        ),
        "license": ("The license of the skill.", "Apache-2.0"),
        "compatibility": ("What the skill needs where it is used.", "Needs Python 3.11 or later."),
        "metadata": ("More fields: text by name.", {"version": "1.0"}),
        "allowed-tools": ("The tools that the skill may use without a question, separated by spaces.", "Read Bash"),
        "argument-hint": ("What users write behind the name of the skill.", "[imo]"),
        "user-invocable": ("Whether users can call the skill by its name. Clients assume true.", False),
        "disable-model-invocation": ("Whether only users start the skill. Clients assume false.", True),
        "location": ("The folder of the skill: `file:///./skills/find-ships`.", "file:///./skills/find-ships"),
        "tools": ("The tools that the skill uses.", _TOOLS),
    }


DeclaredSkills = Annotated[tuple[DeclaredSkill, ...], BeforeValidator(convert_none_to_tuple)]
