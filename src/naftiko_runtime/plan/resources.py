"""MCP resources and prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.rules import nouns
from naftiko_runtime.terms import Argument

if TYPE_CHECKING:
    from naftiko_runtime.diagnostic import Reason
    from naftiko_runtime.plan.inputs import Constraints
    from naftiko_runtime.plan.operation import Operation
    from naftiko_runtime.rules import NounPhrase, Statement


class DynamicResource(Struct, frozen=True):
    """A resource, or a template of resources, that an operation gives.

    Attributes:
        name: Its name.
        title: Its name for people.
        description: Its description for models.
        uri: Its URI, or its template.
        pattern: The URI split: text, and the arguments of a template.
        media_type: The type of its content, if the document has one.
        binary: Whether its content is bytes, whatever its type is.
        operation: The operation; its inputs are the arguments.
        required_scopes: The scopes that callers need, besides those that the server needs.
    """

    name: str
    title: str | None
    description: str
    uri: str
    pattern: tuple[str | Argument, ...]
    media_type: str | None
    binary: bool
    operation: Operation
    required_scopes: tuple[str, ...] = ()

    @property
    def is_template(self) -> bool:
        """Whether its URI has arguments."""
        return any(isinstance(piece, Argument) for piece in self.pattern)

    @property
    def key(self) -> tuple[str, str]:
        """Equal for resources with the same URIs."""
        return "resource", "".join(piece if isinstance(piece, str) else "{}" for piece in self.pattern)

    @property
    def label(self) -> NounPhrase:
        """Its name in messages."""
        return nouns.RESOURCE(uri=self.uri)

    def describe_duplicate(self, first: str, second: str, port: int) -> Statement:
        """Return the statement that two exposes have this part on one port."""
        return rules.DUPLICATE_NAME_URI_ON_PORT(uri=self.uri, first=first, second=second, port=port)


class ServedFile(Struct, frozen=True):
    """A file that is served.

    Attributes:
        uri: Its URI.
        path: Its path in its folder, with ``/`` between names.
        media_type: The type of its content.
        content: Its bytes.
        is_text: Whether its content is given as text.
        digest: The SHA-256 of its bytes, in hexadecimal.
    """

    uri: str
    path: str
    media_type: str
    content: bytes
    is_text: bool
    digest: str


class ResourceFolder(Struct, frozen=True):
    """A folder, each file of which is a resource.

    Attributes:
        name: Its name.
        title: Its name for people.
        description: Its description for models.
        uri: The URI that those of its files begin with.
        files: Its files, ordered by path.
        required_scopes: The scopes that callers need, besides those that the server needs.
    """

    name: str
    title: str | None
    description: str
    uri: str
    files: tuple[ServedFile, ...]
    required_scopes: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Equal for folders with the same URIs."""
        return "resource", self.uri

    @property
    def label(self) -> NounPhrase:
        """Its name in messages."""
        return nouns.RESOURCE(uri=self.uri)

    def describe_duplicate(self, first: str, second: str, port: int) -> Statement:
        """Return the statement that two exposes have this part on one port."""
        return rules.DUPLICATE_NAME_URI_ON_PORT(uri=self.uri, first=first, second=second, port=port)


class BrokenResource(Struct, frozen=True):
    """A resource that was left out, and why."""

    uri: str
    reason: Reason

    @property
    def key(self) -> tuple[str, str]:
        """Equal to that of a resource with the same URI."""
        return "resource", self.uri


class PromptArgument(Struct, frozen=True):
    """An argument of a prompt: a text; see :class:`naftiko_runtime.plan.Input`."""

    name: str
    title: str | None = None
    description: str | None = None
    required: bool = True
    pattern: str | None = None
    constraints: Constraints | None = None


class PromptMessage(Struct, frozen=True):
    """A message of a prompt: who says it, and its text with the arguments in it."""

    role: Literal["user", "assistant"]
    pieces: tuple[str | Argument, ...]


class Prompt(Struct, frozen=True):
    """A prompt: messages for a model, which a user chooses. ``required_scopes`` are those of a caller's token."""

    name: str
    title: str | None
    description: str
    arguments: tuple[PromptArgument, ...]
    messages: tuple[PromptMessage, ...]
    required_scopes: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Equal for prompts with the same name."""
        return "prompt", self.name

    @property
    def label(self) -> NounPhrase:
        """Its name in messages."""
        return nouns.PROMPT(name=self.name)

    def describe_duplicate(self, first: str, second: str, port: int) -> Statement:
        """Return the statement that two exposes have this part on one port."""
        return rules.DUPLICATE_NAME_PROMPT_ON_PORT(name=self.name, first=first, second=second, port=port)


class BrokenPrompt(Struct, frozen=True):
    """A prompt that was left out, and why."""

    name: str
    reason: Reason

    @property
    def key(self) -> tuple[str, str]:
        """Equal to that of a prompt with the same name."""
        return "prompt", self.name
