"""Recommendations for the texts that a model reads: NK609 and up."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

NO_INPUT_DESCRIPTION: Final = define(
    "NK609",
    "missing-input-description",
    Severity.INFO,
    "An input of a tool, of a resource or of a prompt has no description.",
    "Say in `description` what the value is and how it is written, with an example. A model fills it in.",
    "inputs without a description: {inputs:5 '*'}",
    "say what each is and how it is written: a model fills it in",
    since=2,
)

SIMILAR_TOOLS: Final = define(
    "NK610",
    "similar-tools",
    Severity.INFO,
    "Two tools of one server read alike, so that a model cannot tell which one to call.",
    "Say in each description when to use this tool and not the other, or remove one.",
    since=2,
)
SIMILAR_TOOLS_DESCRIPTIONS: Final = SIMILAR_TOOLS.add_message(
    "the descriptions of these tools read alike: {tools:5 '*'}", "say in each when to use it, and not the other"
)
SIMILAR_TOOLS_NAMES: Final = SIMILAR_TOOLS.add_message(
    "the names of these tools read alike: {tools:5 '*'}", "rename one, so that a model does not confuse them"
)

LONG_TEXT: Final = define(
    "NK611",
    "long-description",
    Severity.INFO,
    "A description is longer than the part of it that clients keep.",
    "Begin with what matters, and move details to a resource, a prompt or a skill, which are read when needed.",
    "a text of {count:,} characters: clients keep {limit:,} of it",
    "begin with what matters, and move the rest to a resource, a prompt or a skill",
    since=2,
)
LONG_TEXT_TOOL: Final = LONG_TEXT.add_message(
    "the texts of the tool '{name}' have {count:,} characters together: clients keep {limit:,} of them",
    "shorten them, or split the tool",
)

HIDDEN_TEXT: Final = define(
    "NK612",
    "hidden-text",
    Severity.INFO,
    "A text that a model reads has characters or comments that people do not see.",
    "Remove them: they may give the model instructions that nobody reviewed.",
    since=2,
)
HIDDEN_TEXT_CHARACTERS: Final = HIDDEN_TEXT.add_message(
    "characters that people do not see: {characters:5 *}", "remove them: a model reads them"
)
HIDDEN_TEXT_COMMENT: Final = HIDDEN_TEXT.add_message(
    "a comment that people do not see where Markdown is shown", "remove it: a model reads it"
)
HIDDEN_TEXT_CHARACTERS_OF_FILE: Final = HIDDEN_TEXT.add_message(
    "the file '{file}' has characters that people do not see: {characters:5 *}", "remove them: a model reads them"
)
HIDDEN_TEXT_COMMENT_OF_FILE: Final = HIDDEN_TEXT.add_message(
    "the file '{file}' has a comment that people do not see where Markdown is shown", "remove it: a model reads it"
)

IMPERATIVE_TEXT: Final = define(
    "NK613",
    "imperative-text",
    Severity.INFO,
    "A text that a model reads gives it orders that are not about what it describes.",
    "Describe what the part does and when to use it. Clients may reject text that looks like prompt injection.",
    "this orders the model about, as prompt injection does: '{phrase}'",
    "say what it does and when to use it",
    since=2,
)
IMPERATIVE_TEXT_OF_FILE: Final = IMPERATIVE_TEXT.add_message(
    "the file '{file}' orders the model about, as prompt injection does: '{phrase}'",
    "remove the order: whoever reads the file may follow it",
)

UNDECLARED_EFFECT: Final = define(
    "NK614",
    "undeclared-effect",
    Severity.INFO,
    "A tool calls an API with a method that writes, and neither its description nor its hints say so.",
    "Say in `description` what the tool changes, or set `hints`: `readOnly: true` if it changes nothing.",
    "tools that write, and do not say so: {tools:5 '*'}",
    "say what each changes, or set 'hints': 'readOnly: true' if it changes nothing",
    since=2,
)

LONG_NAME: Final = define(
    "NK615",
    "long-name",
    Severity.INFO,
    "The name of a server, an input, a resource, a prompt or a skill has more than 64 characters.",
    "Use up to 64 characters. The name of a tool is checked by `tool-name`.",
    "a name of {count} characters: clients may reject more than {limit}",
    "shorten it",
    since=2,
)
