"""Keys of other tools in resources, prompts and skills, with the right key for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime.document.exposes import Hints, McpResource
from naftiko_runtime.document.prompts import DeclaredPromptArgument, DeclaredPromptMessage, McpPrompt
from naftiko_runtime.document.skills import DeclaredSkill, DeclaredSkillTool

if TYPE_CHECKING:
    from collections.abc import Mapping

_LABEL: Final = "write 'label'"
_ENUM: Final = "write 'enum', a list of the allowed values"
_URI: Final = "write 'uri: scheme://name', with '{name}' for each part that callers choose"
_CALL: Final = "write 'call: namespace.operation', an operation under 'consumes'"
_FOLDER: Final = "write 'location: file:///./FOLDER'"
_FILE: Final = "write 'location: file:///./FILE'"
_ARGUMENTS: Final = "write 'arguments', a list of {name: …, description: …}"
_TEMPLATE: Final = "write 'template: [{role: user, content: …}]'"
_TEXT: Final = "leave it out: every argument is a text"
_DEFAULT: Final = "leave it out: an absent argument is an empty text"
_FROM: Final = "write 'from: {sourceNamespace: …, action: …}'"

FOREIGN_AGENT_KEYS: Final[Mapping[type, Mapping[str, str]]] = {
    McpResource: {
        "url": _URI,
        "uriTemplate": _URI,
        "path": _URI,
        "title": _LABEL,
        "mime": "write 'mimeType'",
        "contentType": "write 'mimeType'",
        "folder": _FOLDER,
        "directory": _FOLDER,
        "file": _FOLDER,
        "ref": "write 'call': a resource refers to no function",
        "operation": _CALL,
        "text": "write it into a file, and its folder as 'location: file:///./FOLDER'",
        "content": "write it into a file, and its folder as 'location: file:///./FOLDER'",
        "arguments": "write 'inputParameters'",
        "parameters": "write 'inputParameters'",
        "ttlMs": "write it on the expose: all of it has the same",
        "cacheScope": "write it on the expose: all of it has the same",
        "authentication": "write it on the expose: all of it has the same",
        "scopes": "write 'requiredScopes'",
    },
    McpPrompt: {
        "title": _LABEL,
        "inputParameters": _ARGUMENTS,
        "parameters": _ARGUMENTS,
        "inputs": _ARGUMENTS,
        "variables": _ARGUMENTS,
        "text": _TEMPLATE,
        "content": _TEMPLATE,
        "prompt": _TEMPLATE,
        "file": _FILE,
        "path": _FILE,
        "authentication": "write it on the expose: all of it has the same",
        "scopes": "write 'requiredScopes'",
    },
    DeclaredPromptArgument: {
        "title": _LABEL,
        "type": _TEXT,
        "default": _DEFAULT,
        "optional": "write 'required: false'",
        "values": _ENUM,
        "choices": _ENUM,
        "options": _ENUM,
        "completion": _ENUM,
        "completions": _ENUM,
    },
    DeclaredPromptMessage: {"text": "write 'content'"},
    Hints: {f"{name}Hint": f"write '{name}'" for name in ("readOnly", "destructive", "idempotent", "openWorld")},
    DeclaredSkill: {
        "path": _FOLDER,
        "folder": _FOLDER,
        "directory": _FOLDER,
        "file": _FOLDER,
        "title": "leave it out: a skill is known by its name",
        "label": "leave it out: a skill is known by its name",
        "version": "write it under 'metadata'",
        "instructions": "write them into SKILL.md, and its folder as 'location: file:///./FOLDER'",
    },
    DeclaredSkillTool: {
        "call": _FROM,
        "ref": _FROM,
        "location": "write 'instruction', the path of a file in the folder of the skill",
        "file": "write 'instruction', the path of a file in the folder of the skill",
    },
}
