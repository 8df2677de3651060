"""The prompts of an MCP expose: the list, and the messages. Uses nothing of the MCP SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.contract.compiled import compile_contract
from naftiko_runtime.diagnostic import describe_reason
from naftiko_runtime.errors import Rejected
from naftiko_runtime.plan import BrokenPrompt, Contract, Input
from naftiko_runtime.suggest import suggest_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.plan import McpServer, Prompt, PromptArgument, PromptMessage

_NAME_CHARACTERS_MAX: Final = 128


class PromptError(Exception):
    """A prompt cannot be given; ``str()`` is for the client."""


class BrokenPromptError(Exception):
    """A prompt was left out because the document has an error; ``str()`` is the reason."""


class PromptServer:
    """The prompts of one expose.

    Attributes:
        entries: The entries of ``prompts/list``.
    """

    def __init__(self, server: McpServer) -> None:
        self._prompts = {prompt.name: prompt for prompt in server.prompts}
        self._contracts = {prompt.name: compile_contract(_make_contract(prompt)) for prompt in server.prompts}
        self._broken = {one.name: describe_reason(one.reason) for one in server.broken if isinstance(one, BrokenPrompt)}
        self.entries = [_describe_prompt(prompt) for prompt in server.prompts]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to list, and nothing that is broken."""
        return not (self.entries or self._broken)

    def get_prompt(self, name: str, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Return the result of ``prompts/get``.

        Raises:
            PromptError: The prompt is unknown, or the arguments do not fit.
            BrokenPromptError: The prompt was left out.
        """
        if (reason := self._broken.get(name)) is not None:
            raise BrokenPromptError(reason)
        if (prompt := self._prompts.get(name)) is None:
            raise PromptError(self._describe_unknown(name))
        try:
            values, _ = self._contracts[name].admit_arguments(arguments)
        except Rejected as error:
            raise PromptError(f"the prompt '{name}': {_describe_faults(error, prompt)}") from None
        result = {"description": prompt.description, "messages": [_fill(one, values) for one in prompt.messages]}
        return {key: value for key, value in result.items() if value}

    def _describe_unknown(self, name: str) -> str:
        shown = name if len(name) <= _NAME_CHARACTERS_MAX else f"{name[:_NAME_CHARACTERS_MAX]}…"
        hint = suggest_text(shown, (*self._prompts, *self._broken), "known prompts")
        return f"unknown prompt: {shown}; {hint}" if hint else f"unknown prompt: {shown}"


def _make_contract(prompt: Prompt) -> Contract:
    """Return the arguments as inputs: all are text."""
    return Contract(tuple(map(_make_input, prompt.arguments)))


def _make_input(one: PromptArgument) -> Input:
    return Input(one.name, "body", "string", one.required, pattern=one.pattern, constraints=one.constraints)


def _describe_faults(error: Rejected, prompt: Prompt) -> str:
    """Return what is wrong with arguments. An unknown one gets the closest name."""
    known = [argument.name for argument in prompt.arguments]
    faults = []
    for fault in error.faults:
        detail = fault.detail
        if fault.name not in known:
            detail = f"unknown; {suggest_text(fault.name, known) or 'there are none'}"
        faults.append(f"params.arguments.{fault.name}: {detail}")
    return "; ".join(faults)


def _fill(message: PromptMessage, values: Mapping[str, str]) -> dict[str, Any]:
    """Return a message with its arguments: each is put in once, as it is. An absent one is empty."""
    pieces = (piece if isinstance(piece, str) else values.get(piece.name) or "" for piece in message.pieces)
    return {"role": message.role, "content": {"type": "text", "text": "".join(pieces)}}


def _describe_prompt(prompt: Prompt) -> dict[str, Any]:
    entry = {
        "name": prompt.name,
        "title": prompt.title,
        "description": prompt.description or None,
        "arguments": [_describe_argument(argument) for argument in prompt.arguments] or None,
    }
    return {key: value for key, value in entry.items() if value is not None}


def _describe_argument(argument: PromptArgument) -> dict[str, Any]:
    entry = {
        "name": argument.name,
        "title": argument.title,
        "description": argument.description,
        "required": argument.required,
    }
    return {key: value for key, value in entry.items() if value is not None}
