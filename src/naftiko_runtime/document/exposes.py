"""What is served: REST routes and MCP tools."""

from typing import Annotated, Any, ClassVar, Final, Literal

from naftiko_runtime.authentication.kinds import Authentication
from naftiko_runtime.document.parameters import ExposedParameters, Outputs, ToolParameters, With
from naftiko_runtime.model.key_annotations import BeforeValidator, Discriminator, Range, Tag, field, list_tags
from naftiko_runtime.model.part import AnyMethod, Part, Text, Unserved, Unused, convert_none_to_tuple
from naftiko_runtime.rules import helps

Port = Annotated[int, Range(0, 65535)]


class Exposed(Part):
    """What REST operations and MCP tools have in common."""

    label: Text | None = None
    description: Text | None = None
    tags: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()
    call: Text | None = None
    with_: With = field(default_factory=dict, alias="with")
    output_parameters: Outputs = ()
    ref: Unserved = None
    steps: Unserved = None
    mappings: Unserved = None
    name: Text | None = None


class RestOperation(Exposed):
    """An operation of a route."""

    method: AnyMethod = "GET"
    input_parameters: ExposedParameters = ()
    responses: Unused = None
    response_binary: Unused = None


class Forward(Part):
    """Forwards requests to a consumed API unchanged."""

    target_namespace: Text
    trusted_headers: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()


class RestResource(Part):
    """A route: a path and its operations."""

    path: Text
    name: Text | None = None
    label: Text | None = None
    description: Text | None = None
    tags: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()
    input_parameters: ExposedParameters = ()
    operations: Annotated[tuple[RestOperation, ...], BeforeValidator(convert_none_to_tuple)] = ()
    forward: Forward | None = None


class ServedExpose(Part):
    """What all kinds of exposes have in common."""

    namespace: Text
    import_: Text | None = field(default=None, alias="import")
    """What it is called in the file it was imported from, when it has another name here."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its name, and the one by which its own values may call it."""
        return (self.namespace,) if self.import_ is None else (self.namespace, self.import_)


class RestExpose(ServedExpose):
    """A REST server."""

    type: Literal["rest"]
    description: Text | None = None
    address: Text | None = None
    port: Port
    authentication: Authentication | None = None
    max_binary_size: Text | None = None
    input_parameters: ExposedParameters = ()
    resources: Annotated[tuple[RestResource, ...], BeforeValidator(convert_none_to_tuple)] = ()


class Hints(Part):
    """The behaviour that a tool declares to clients."""

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None


class McpTool(Exposed):
    """An MCP tool."""

    name: Text
    hints: Hints | None = None
    input_parameters: ToolParameters = ()


class McpExpose(ServedExpose):
    """An MCP server."""

    type: Literal["mcp"]
    description: Text | None = None
    transport: Text = "http"
    address: Text | None = None
    port: Port | None = None
    authentication: Authentication | None = None
    max_binary_size: Text | None = None
    input_parameters: ToolParameters = ()
    tools: Annotated[tuple[McpTool, ...], BeforeValidator(convert_none_to_tuple)] = ()
    ttl_ms: int | None = None
    cache_scope: Text | None = None
    resources: Unserved = None
    prompts: Unserved = None


class OtherExpose(Part):
    """A type that is not served yet. `validate` reports it."""

    takes_any_key: ClassVar[bool] = True
    names: ClassVar[tuple[str, ...]] = ()
    """No value calls it by a name."""

    type: Text = ""
    location: Any = None
    import_: Any = field(default=None, alias="import")
    """Of an import that was not spliced."""


ExposeWithOperations = RestExpose | McpExpose
"""The kinds that call operations."""

LinkedExpose = Annotated[RestExpose, Tag("rest")] | Annotated[McpExpose, Tag("mcp")]
"""The kinds that are served, each with its ``type``."""

SERVED_TYPES: Final = list_tags(LinkedExpose)

LATER_TYPES: Final = {"skill": helps.LEAVE_OUT, "control": helps.START_CONTROL}
"""Types that are not served yet, with what an author can do instead."""


def _tag_expose(value: Any) -> str:
    if isinstance(value, dict) and "import" in value and "location" in value:
        return "other"
    found = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return found if found in SERVED_TYPES else "other"


Expose = Annotated[LinkedExpose | Annotated[OtherExpose, Tag("other")], Discriminator(_tag_expose)]
