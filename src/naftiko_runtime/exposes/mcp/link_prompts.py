"""Links the prompts of an MCP expose: their messages are split at the placeholders of arguments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from naftiko_runtime import rules
from naftiko_runtime.exposes.link_folder import report_folder_error
from naftiko_runtime.folder_files import FolderError, read_file
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.limits import PROMPT_BYTES_MAX
from naftiko_runtime.link.declared_inputs import check_pattern, make_constraints
from naftiko_runtime.link.variables import looks_like_variable
from naftiko_runtime.plan import Argument, Prompt, PromptArgument, PromptMessage
from naftiko_runtime.rules import helps
from naftiko_runtime.suggest import find_closest, suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from naftiko_runtime.document.exposes import McpExpose
    from naftiko_runtime.document.prompts import DeclaredPromptArgument, McpPrompt
    from naftiko_runtime.link.context import Context
    from naftiko_runtime.link.link_operations import ExposeLinker
    from naftiko_runtime.rules import Advice
    from naftiko_runtime.source import KeyPath

_PLACEHOLDER: Final = compile_lazily(r"\{\{\s*([^{}\s]{1,100})\s*\}\}|\{([^{}\s\"':,]{1,100})\}")
"""``{{name}}`` or ``{name}``; the second may also be part of another text, such as JSON."""

Role: TypeAlias = Literal["user", "assistant"]


def link_prompts(expose: McpExpose, linker: ExposeLinker) -> tuple[Prompt, ...]:
    """Link the prompts of an expose. Errors in them are reported."""
    linker.check_unique(rules.DUPLICATE_NAME_PROMPT, expose.prompts)
    prompts: list[Prompt] = []
    for declared in expose.prompts:
        prompt = _link_prompt(declared, linker)
        if prompt is not None:
            linker.parts[declared.get_path()] = prompt
            prompts.append(prompt)
    return tuple(prompts)


def _link_prompt(declared: McpPrompt, linker: ExposeLinker) -> Prompt | None:
    context = linker.context
    linker.check_unique(rules.DUPLICATE_NAME_ARGUMENT, declared.arguments)
    texts = _list_texts(declared, context)
    if not texts:
        return None
    arguments = {one.name: one for one in declared.arguments}
    messages = []
    for role, text, key_path in texts:
        messages.append(PromptMessage(role, tuple(_split(text, arguments))))
        _report_undeclared(text, arguments, key_path, context)
    used = {piece.name for message in messages for piece in message.pieces if isinstance(piece, Argument)}
    for argument in declared.arguments:
        if argument.name not in used:
            context.report(rules.UNUSED_INPUT_OF_PROMPT(name=argument.name), argument.get_path("name"))
    linked = (_link_argument(one, context) for one in arguments.values())
    return Prompt(
        declared.name,
        declared.label,
        declared.description or "",
        tuple(linked),
        tuple(messages),
        declared.required_scopes,
    )


def _link_argument(one: DeclaredPromptArgument, context: Context) -> PromptArgument:
    return PromptArgument(
        name=one.name,
        title=one.label,
        description=one.description,
        required=one.required is not False,
        pattern=check_pattern(one, context),
        constraints=make_constraints(one),
    )


def _list_texts(declared: McpPrompt, context: Context) -> list[tuple[Role, str, KeyPath]]:
    """Return the messages of a prompt, each with its role and its place. Empty if there are none, which is reported."""
    location = declared.get_path("location")
    if declared.location is None:
        template = declared.get_path("template")
        if not declared.template and not any(place[: len(template)] == template for place in context.unread):
            context.report(rules.MISSING_KEY_PROMPT(name=declared.name), declared.get_path())
        return [(one.role, one.content, one.get_path("content")) for one in declared.template]
    if declared.template:
        context.report(rules.INVALID_VALUE_PROMPT(), location, key=True)
        return []
    try:
        content = read_file(declared.location, Path(context.find_span(location).file).parent, PROMPT_BYTES_MAX)
        return [("user", content.decode("utf-8-sig"), location)]
    except FolderError as error:
        report_folder_error(error, location, context)
    except UnicodeDecodeError:
        context.report(rules.LOCATION_TEXT(name=declared.location), location)
    return []


def _split(text: str, names: Collection[str]) -> Iterator[str | Argument]:
    """Split a text at the placeholders of arguments. Everything else is text."""
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        if (name := match[1] or match[2]) in names:
            if match.start() > end:
                yield text[end : match.start()]
            yield Argument(name)
            end = match.end()
    if end < len(text):
        yield text[end:]


def _report_undeclared(text: str, names: Collection[str], key_path: KeyPath, context: Context) -> None:
    """Report placeholders that no argument fills: of those in single braces, only misspellings."""
    found = {match[1] or match[2]: match[1] is not None for match in _PLACEHOLDER.finditer(text)}
    for name, is_double in found.items():
        if name not in names and (is_double or find_closest(name, names)):
            advice = _advise_placeholder(name, names)
            context.report(rules.UNDECLARED_ARGUMENT(name=name), key_path, advice)


def _advise_placeholder(name: str, names: Collection[str]) -> Advice:
    if (looks_like_variable(name) or name.startswith("env.")) and not find_closest(name, names):
        return helps.NO_VARIABLES_IN_PROMPT()
    return suggest(name, names) or helps.DECLARE_ARGUMENT(name=name)
