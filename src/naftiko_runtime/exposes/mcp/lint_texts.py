"""Checks of the texts of an MCP server that a model reads, also of those that tools inherit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import rules
from naftiko_runtime.document.walk import walk_parts
from naftiko_runtime.lint.define_check import make_expose_check
from naftiko_runtime.lint.effect_in_description import WRITING, states_effect
from naftiko_runtime.lint.model_texts import (
    RULES_OF_TEXTS,
    TOGETHER_CHARACTERS_MAX,
    ModelText,
    check_files,
    check_names,
    check_texts,
    iter_texts_of,
    report_hidden,
)
from naftiko_runtime.lint.select_parts import filter_readable, is_own, list_names
from naftiko_runtime.lint.similar_texts import group_alike, normalize_description, normalize_name
from naftiko_runtime.plan import DynamicResource, Prompt, ResourceFolder, Tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from naftiko_runtime.document.exposes import McpExpose, McpResource, McpTool
    from naftiko_runtime.document.prompts import McpPrompt
    from naftiko_runtime.lint.define_check import Subject
    from naftiko_runtime.source import KeyPath

_DESCRIBING: Final = ("name", "label", "description")


def check_model_texts(expose: McpExpose, subject: Subject) -> None:
    """Report hidden characters, orders and long texts, wherever the texts come from."""
    context, info = subject.context, subject.document.info
    check_texts(iter_texts_of(info, "label", "description"), context)
    check_texts(iter_texts_of(expose, "namespace"), context)
    check_texts(iter_texts_of(expose, "description"), context, TOGETHER_CHARACTERS_MAX)
    for tool in expose.tools:
        texts = list(_iter_tool_texts(expose, tool, subject))
        check_texts(texts, context)
        count = sum(len(text) for text, _ in texts)
        if count > TOGETHER_CHARACTERS_MAX and tool.get_path("name") not in context.unread:
            statement = rules.LONG_TEXT_TOOL(name=tool.name[:80], count=count, limit=TOGETHER_CHARACTERS_MAX)
            context.report(statement, tool.get_path("name"))
    for resource in expose.resources:
        check_texts(iter_texts_of(resource, *_DESCRIBING, "uri"), context)
        check_texts(_iter_input_texts(resource, subject), context)
        if isinstance(folder := subject.parts.get(resource.get_path()), ResourceFolder):
            check_files(folder.files, resource.get_path("location"), context, orders=False)
    for prompt in expose.prompts:
        check_texts(_iter_prompt_texts(prompt), context)
        _check_messages(prompt, subject)


def _iter_tool_texts(expose: McpExpose, tool: McpTool, subject: Subject) -> Iterator[ModelText]:
    yield from iter_texts_of(tool, *_DESCRIBING)
    consumed = subject.operations.get(tool.call or "")
    if not tool.description and consumed is not None:
        yield from iter_texts_of(consumed.operation, "description")
    for parameter in expose.input_parameters:
        yield from iter_texts_of(parameter, "name", "description")
    yield from _iter_input_texts(tool, subject)
    for output in walk_parts(tool.output_parameters):
        yield from iter_texts_of(output, "description")


def _iter_input_texts(exposed: McpTool | McpResource, subject: Subject) -> Iterator[ModelText]:
    """Yield the texts of the inputs of an operation: those of its own, and those that its calls infer."""
    for parameter in exposed.input_parameters:
        yield from iter_texts_of(parameter, "name", "description")
    part = subject.parts.get(exposed.get_path())
    if not isinstance(part, Tool | DynamicResource):
        return
    inferred = {one.description for one in part.operation.contract.inputs if one.inferred and one.description}
    for target in part.operation.execution.targets if inferred else ():
        if (consumed := subject.operations.get(target.operation)) is not None:
            texts = (text for parameter in consumed.parameters for text in iter_texts_of(parameter, "description"))
            yield from (text for text in texts if text.text in inferred)


def _iter_prompt_texts(prompt: McpPrompt) -> Iterator[ModelText]:
    yield from iter_texts_of(prompt, *_DESCRIBING)
    for argument in prompt.arguments:
        yield from iter_texts_of(argument, *_DESCRIBING)


def _check_messages(prompt: McpPrompt, subject: Subject) -> None:
    """Report what people do not see in messages. To give orders is what they are for."""
    for message in prompt.template:
        report_hidden(message.content, message.get_path("content"), subject.context)
    part = subject.parts.get(prompt.get_path())
    if not prompt.template and isinstance(part, Prompt):
        for read in part.messages:
            text = "".join(piece for piece in read.pieces if isinstance(piece, str))
            report_hidden(text, prompt.get_path("location"), subject.context)


def check_inputs(expose: McpExpose, subject: Subject) -> None:
    """Report inputs without a description. Those of one server are one finding."""
    context = subject.context
    if is_own(expose, context):
        missing = filter_readable(dict(_iter_undescribed(expose, subject)).items(), context)
        if missing:
            context.report(rules.NO_INPUT_DESCRIPTION(inputs=list_names(missing)), missing[0][1])


def _iter_undescribed(expose: McpExpose, subject: Subject) -> Iterator[tuple[str, KeyPath]]:
    """Yield the inputs without a description, as ``tool.input``, each with its place."""
    operations: tuple[McpTool | McpResource, ...] = (*expose.tools, *expose.resources)
    shared = {parameter.name: parameter for parameter in expose.input_parameters}
    for exposed in operations:
        part = subject.parts.get(exposed.get_path())
        if not isinstance(part, Tool | DynamicResource):
            continue
        own = {parameter.name: parameter for parameter in exposed.input_parameters}
        for input_ in part.operation.contract.inputs:
            if input_.description:
                continue
            if input_.name in shared and input_.name not in own:
                yield f"{expose.namespace}.{input_.name}", shared[input_.name].get_path("name")
                continue
            declared = own.get(input_.name)
            is_here = declared is not None and is_own(declared, subject.context)
            holder = declared if declared is not None and is_here else exposed
            yield f"{exposed.name.strip()}.{input_.name}", holder.get_path("name")
    for prompt in expose.prompts:
        yield from (
            (f"{prompt.name}.{argument.name}", argument.get_path("name"))
            for argument in prompt.arguments
            if not argument.description
        )


def check_similar_tools(expose: McpExpose, subject: Subject) -> None:
    """Report tools of one server whose descriptions, or else whose names, read alike."""
    context = subject.context
    if not is_own(expose, context):
        return
    tools = {tool.name: tool for tool in reversed(expose.tools) if tool.get_path("name") not in context.unread}
    described = [(name, _get_description(tool, subject)) for name, tool in reversed(tools.items())]
    found = [(g, rules.SIMILAR_TOOLS_DESCRIPTIONS(tools=g)) for g in group_alike(described, normalize_description)]
    grouped = [set(group) for group, _ in found]
    found += [
        (group, rules.SIMILAR_TOOLS_NAMES(tools=group))
        for group in group_alike(((name, name) for name, _ in described), normalize_name)
        if not any(known.issuperset(group) for known in grouped)
    ]
    for group, statement in found:
        related = context.find_span(tools[group[0]].get_path("name"))
        context.report(statement, tools[group[1]].get_path("name"), related=related)


def check_effects(expose: McpExpose, subject: Subject) -> None:
    """Report tools that write, and do not say so. Those of one server are one finding."""
    context = subject.context
    if not is_own(expose, context):
        return
    silent = filter_readable(
        [(tool.name, tool.get_path("name")) for tool in expose.tools if _hides_effect(tool, subject)], context
    )
    if silent:
        context.report(rules.UNDECLARED_EFFECT(tools=list_names(silent)), silent[0][1])


def _hides_effect(tool: McpTool, subject: Subject) -> bool:
    hints, part = tool.hints, subject.parts.get(tool.get_path())
    if not isinstance(part, Tool) or (hints is not None and (hints.read_only, hints.destructive) != (None, None)):
        return False
    methods = WRITING.intersection(target.method for target in part.operation.execution.targets)
    description = _get_description(tool, subject)
    return bool(methods and description) and not states_effect(description, methods)


def _get_description(tool: McpTool, subject: Subject) -> str:
    """Return the description that clients get: the tool's own, or that of what it calls."""
    consumed = subject.operations.get(tool.call or "")
    return tool.description or (consumed.operation.description if consumed is not None else None) or ""


def check_long_names(expose: McpExpose, subject: Subject) -> None:
    """Report long names. Those of tools are reported with other faults of them (``tool-name``)."""
    context = subject.context
    if not is_own(expose, context):
        return
    check_names(iter_texts_of(expose, "namespace"), context)
    for tool in expose.tools:
        for parameter in tool.input_parameters:
            check_names(iter_texts_of(parameter, "name"), context)
    for named in (*expose.input_parameters, *expose.resources, *expose.prompts):
        check_names(iter_texts_of(named, "name"), context)
    for prompt in expose.prompts:
        for argument in prompt.arguments:
            check_names(iter_texts_of(argument, "name"), context)


CHECKS: Final = (
    make_expose_check(check_model_texts, *RULES_OF_TEXTS),
    make_expose_check(check_inputs, rules.NO_INPUT_DESCRIPTION),
    make_expose_check(check_similar_tools, rules.SIMILAR_TOOLS),
    make_expose_check(check_effects, rules.UNDECLARED_EFFECT),
    make_expose_check(check_long_names, rules.LONG_NAME),
)
