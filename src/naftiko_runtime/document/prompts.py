"""Prompts: texts that users of an MCP client choose."""

from typing import Annotated, ClassVar, Final, Literal

from naftiko_runtime.document.parameters import ValueConstraints
from naftiko_runtime.model.key_annotations import BeforeValidator
from naftiko_runtime.model.part import Meanings, Part, Text, convert_none_to_tuple

Scopes = Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)]
SCOPES_MEANING: Final = (
    "The scopes that a caller's token needs for it, besides those that the server needs.",
    ["ships:write"],
)
"""What ``requiredScopes`` means, with an example."""

_ARGUMENTS: Final = [{"name": "imo", "description": "The IMO number of a ship."}]
_MESSAGES: Final = [{"role": "user", "content": "Is the ship {{imo}} fit for sea?"}]


class DeclaredPromptArgument(ValueConstraints):
    """An argument of a prompt. It is a text, and required unless it says `required: false`.

    Its constraints are outside the specification.
    """

    name: Text
    label: Text | None = None
    description: Text | None = None
    required: bool | None = None
    enum: Annotated[tuple[Text, ...] | None, BeforeValidator(convert_none_to_tuple)] = None

    meanings: ClassVar[Meanings] = {
        "name": ("The name of the argument. Messages use it as `{{name}}`.", "imo"),
        "description": ("What the argument is.", "The IMO number of a ship."),
        "required": ("Whether clients must give it. The default is true.", False),
        "enum": (
            "The values that are allowed. Clients complete them. Not part of the specification.",
            ["cargo", "tanker"],
        ),
    }


class DeclaredPromptMessage(Part):
    """A message of a prompt."""

    role: Literal["user", "assistant"]
    content: Text

    meanings: ClassVar[Meanings] = {
        "role": ("Who says it: `user` or `assistant`.", "user"),
        "content": ("The text. `{{name}}` is replaced by the argument.", "Is the ship {{imo}} fit for sea?"),
    }


class McpPrompt(Part):
    """A prompt."""

    name: Text
    label: Text | None = None
    description: Text | None = None
    arguments: Annotated[tuple[DeclaredPromptArgument, ...], BeforeValidator(convert_none_to_tuple)] = ()
    template: Annotated[tuple[DeclaredPromptMessage, ...], BeforeValidator(convert_none_to_tuple)] = ()
    location: Text | None = None
    required_scopes: Scopes = ()

    meanings: ClassVar[Meanings] = {
        "requiredScopes": SCOPES_MEANING,
        "name": ("The name of the prompt, as clients get it.", "inspect-ship"),
        "label": ("The name of the prompt for people.", "Inspect a ship"),
        "description": ("What the prompt is for.", "Prepares the inspection of a ship."),
        "arguments": ("What users fill in.", _ARGUMENTS),
        "template": ("The messages. `{{name}}` is replaced by an argument, once.", _MESSAGES),
        "location": (
            "A file with the text of the only message, of the user: `file:///./prompts/inspect.md`.",
            "file:///./prompts/inspect.md",
        ),
    }


McpPrompts = Annotated[tuple[McpPrompt, ...], BeforeValidator(convert_none_to_tuple)]
