"""What an operation of an API becomes in a capability: its inputs, and the request that they fill."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from naftiko_runtime.openapi_import.model import ApiOperation, ValueSchema  # noqa: TC001 - fields of structs


class ImportedInput(Struct):
    """An input of a route and of a tool.

    Attributes:
        name: Its name.
        place: Where REST callers send it.
        schema: What it may be.
        required: Whether a call without it is rejected.
        description: Its description.
        has_default: Whether its default is sent if a caller gives nothing.
    """

    name: str
    place: Literal["path", "query", "header", "cookie", "body"]
    schema: ValueSchema
    required: bool
    description: str
    has_default: bool = False


class ImportedOperation(Struct):
    """An operation, ready to be written.

    Attributes:
        api: The operation of the API.
        path: The path, whose placeholders have the names of inputs.
        inputs: The inputs.
        parameters: The parameters of the consumed operation, as they are written.
        body: The body of the consumed operation, as it is written. None without one.
        name: The name of the operation, and of its tool.
        has_route: Whether a REST route can have it.
    """

    api: ApiOperation
    path: str
    inputs: list[ImportedInput] = field(default_factory=list)
    parameters: list[dict[str, Any]] = field(default_factory=list)
    body: dict[str, Any] | None = None
    name: str = ""
    has_route: bool = True


class Unsendable(Exception):  # noqa: N818 - named for what happened
    """A required value cannot be sent. The message gives the reason."""

    def __init__(self, what: str, name: str, problem: str) -> None:
        super().__init__(problem)
        self.what = what
        self.name = name
