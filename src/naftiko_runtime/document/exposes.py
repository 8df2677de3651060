"""What is served: REST routes, MCP tools, resources and prompts, and skills."""

from typing import Annotated, Any, ClassVar, Final, Literal

from naftiko_runtime.authentication.kinds import Authentication
from naftiko_runtime.document.parameters import ExposedParameters, Outputs, ToolParameters, With
from naftiko_runtime.document.prompts import SCOPES_MEANING, McpPrompts, Scopes
from naftiko_runtime.document.skills import DeclaredSkills
from naftiko_runtime.document.steps import DeclaredSteps, StepMappings
from naftiko_runtime.model.key_annotations import BeforeValidator, Discriminator, Range, Tag, field, list_tags
from naftiko_runtime.model.part import AnyMethod, Meanings, Part, Text, Unused, convert_none_to_tuple
from naftiko_runtime.rules import helps

Port = Annotated[int, Range(0, 65535)]

_PARAMETERS: Final = [{"name": "imo", "in": "path", "type": "string"}]
_ARGUMENTS: Final = [{"name": "imo", "type": "string", "description": "The IMO number of a ship."}]


class Exposed(Part):
    """What REST operations, MCP tools and functions of aggregates have in common."""

    description: Text | None = None
    tags: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()
    call: Text | None = None
    with_: With = field(default_factory=dict, alias="with")
    output_parameters: Outputs = ()
    steps: DeclaredSteps = ()
    mappings: StepMappings = ()
    name: Text | None = None


class Referring(Exposed):
    """What may refer to a function of an aggregate: REST operations and MCP tools."""

    label: Text | None = None
    ref: Text | None = None
    required_scopes: Scopes = ()

    meanings: ClassVar[Meanings] = {"requiredScopes": SCOPES_MEANING}


class RestOperation(Referring):
    """An operation of a route."""

    method: AnyMethod = "GET"
    input_parameters: ExposedParameters = ()
    responses: Unused = None
    response_binary: Unused = None

    meanings: ClassVar[Meanings] = {
        "inputParameters": ("The inputs of the operation, which its callers give.", _PARAMETERS),
        "responses": ("Descriptions of responses. Accepted without effect.", []),
        "responseBinary": ("Whether the response is binary. Accepted without effect.", True),
    }


class Forward(Part):
    """Forwards requests to a consumed API unchanged."""

    target_namespace: Text
    trusted_headers: Annotated[tuple[Text, ...], BeforeValidator(convert_none_to_tuple)] = ()

    meanings: ClassVar[Meanings] = {
        "targetNamespace": ("The namespace of the API that the requests are forwarded to.", "registry"),
        "trustedHeaders": ("The request headers of callers that are forwarded.", ["X-Trace"]),
    }


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

    meanings: ClassVar[Meanings] = {
        "description": ("What the route is for.", "One ship."),
        "inputParameters": ("Inputs of every operation of the route.", _PARAMETERS),
        "operations": (
            "The operations of the route, one for each method.",
            [{"method": "GET", "call": "registry.get-ship"}],
        ),
        "name": ("A name for the route.", "ship"),
        "forward": ("Forwards requests below the path to an API unchanged.", {"targetNamespace": "registry"}),
    }


class ServedExpose(Part):
    """What all kinds of exposes have in common."""

    namespace: Text
    import_: Text | None = field(default=None, alias="import")
    """What it is called in the file it was imported from, when it has another name here."""

    meanings: ClassVar[Meanings] = {
        "type": ("The kind of server.", "rest"),
        "import": ("For an imported server: its name in the file that it comes from.", "ships"),
        "description": ("What the server is for.", "Ships and their crews."),
    }

    @property
    def names(self) -> tuple[str, ...]:
        """Its name, and the one by which its own values may call it."""
        return (self.namespace,) if self.import_ is None else (self.namespace, self.import_)

    @property
    def actions(self) -> tuple[Referring, ...]:
        """What the tools of skills may refer to by name: operations and tools."""
        return ()


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

    meanings: ClassVar[Meanings] = {
        "namespace": ("The name of the server. References to its inputs use it: `$this.ships.imo`.", "ships"),
        "inputParameters": ("Inputs of every operation of the server.", _PARAMETERS),
        "resources": (
            "The routes.",
            [{"path": "/ships/{imo}", "operations": [{"method": "GET", "call": "registry.get-ship"}]}],
        ),
    }

    @property
    def actions(self) -> tuple[Referring, ...]:
        """The operations of all routes."""
        return tuple(operation for resource in self.resources for operation in resource.operations)


class Hints(Part):
    """The behaviour that a tool declares to clients."""

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None

    meanings: ClassVar[Meanings] = {
        "readOnly": ("Whether the tool changes nothing.", True),
        "destructive": ("Whether the tool may delete or overwrite data.", False),
        "idempotent": ("Whether a second call with the same arguments has no further effect.", True),
        "openWorld": ("Whether the tool reaches systems beyond this one.", True),
    }


class McpTool(Referring):
    """An MCP tool."""

    name: Text
    hints: Hints | None = None
    input_parameters: ToolParameters = ()

    meanings: ClassVar[Meanings] = {
        "description": (
            "What the tool does. A model chooses a tool by its description.",
            "Finds a ship by its IMO number.",
        ),
        "inputParameters": (
            "The inputs of the tool. An input is required unless it says `required: false`.",
            _ARGUMENTS,
        ),
        "name": ("The name of the tool, as clients call it.", "get-ship"),
        "hints": ("The behaviour that the tool declares to clients.", {"readOnly": True}),
    }


class McpResource(Exposed):
    """An MCP resource: the files of a folder, or what an operation gives."""

    name: Text
    label: Text | None = None
    uri: Text
    mime_type: Text | None = None
    binary: bool = False
    location: Text | None = None
    input_parameters: ToolParameters = ()
    required_scopes: Scopes = ()

    meanings: ClassVar[Meanings] = {
        "requiredScopes": SCOPES_MEANING,
        "name": ("The name of the resource.", "ship"),
        "label": ("The name of the resource for people.", "A ship"),
        "description": ("What the resource is.", "The data of a ship."),
        "uri": ("The URI of the resource. `{name}` in it makes a template.", "ships://{imo}"),
        "mimeType": ("The media type of the content.", "application/json"),
        "binary": ("Whether the content is bytes, whatever its type is.", True),
        "location": ("A folder whose files are served: `file:///./guides`.", "file:///./guides"),
        "inputParameters": ("The types of the names in the URI. Without one, a name is a text.", _ARGUMENTS),
    }


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
    resources: Annotated[tuple[McpResource, ...], BeforeValidator(convert_none_to_tuple)] = ()
    prompts: McpPrompts = ()

    meanings: ClassVar[Meanings] = {
        "description": (
            "What the server is for. Clients get it as the server's `instructions`.",
            "Finds ships and their crews.",
        ),
        "namespace": (
            "The name of the server, which clients see. References to its inputs use it: `$this.ships.imo`.",
            "ships",
        ),
        "inputParameters": ("Inputs of every tool of the server.", _ARGUMENTS),
        "resources": (
            "The resources: data that clients read.",
            [{"name": "ship", "uri": "ships://{imo}", "description": "A ship.", "call": "registry.get-ship"}],
        ),
        "transport": ("How clients connect: `http`, or `stdio` if they start the program.", "http"),
        "tools": ("The tools.", [{"name": "get-ship", "description": "Finds a ship.", "call": "registry.get-ship"}]),
        "prompts": (
            "The prompts: texts that users of a client choose.",
            [{"name": "inspect", "template": [{"role": "user", "content": "Inspect all ships."}]}],
        ),
        "ttlMs": (
            "How long clients may cache, in milliseconds. The default is 300000 for what only a reload changes.",
            60000,
        ),
        "cacheScope": (
            "Whether shared caches may serve any client. The default is `private` where callers authenticate.",
            "public",
        ),
    }

    @property
    def actions(self) -> tuple[Referring, ...]:
        """The tools."""
        return self.tools


class SkillExpose(ServedExpose):
    """A server of skills."""

    type: Literal["skill"]
    description: Text | None = None
    address: Text | None = None
    port: Port
    authentication: Authentication | None = None
    skills: DeclaredSkills = ()

    meanings: ClassVar[Meanings] = {
        "namespace": ("The name of the server. URIs of skills begin with it: `skill://ships/…`.", "ships"),
        "skills": (
            "The skills. They are also served to MCP clients, by every `mcp` server with the same authentication.",
            [{"name": "find-ships", "description": "Finds ships.", "location": "file:///./skills/find-ships"}],
        ),
    }


class OtherExpose(Part):
    """A type that is not served yet. `validate` reports it."""

    takes_any_key: ClassVar[bool] = True
    names: ClassVar[tuple[str, ...]] = ()
    """No value calls it by a name."""
    actions: ClassVar[tuple[Referring, ...]] = ()

    type: Text = ""
    location: Any = None
    import_: Any = field(default=None, alias="import")
    """Of an import that was not spliced."""

    meanings: ClassVar[Meanings] = {
        "import": ("The namespace to import from the other file.", "ships"),
        "type": ("The kind of server.", "control"),
    }


ExposeWithOperations = RestExpose | McpExpose
"""The kinds that call operations."""

LinkedExpose = (
    Annotated[RestExpose, Tag("rest")] | Annotated[McpExpose, Tag("mcp")] | Annotated[SkillExpose, Tag("skill")]
)
"""The kinds that are served, each with its ``type``."""

SERVED_TYPES: Final = list_tags(LinkedExpose)

LATER_TYPES: Final = {"control": helps.START_CONTROL}
"""Types that are not served yet, with what an author can do instead."""


def _tag_expose(value: Any) -> str:
    if isinstance(value, dict) and "import" in value and "location" in value:
        return "other"
    found = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return found if found in SERVED_TYPES else "other"


Expose = Annotated[LinkedExpose | Annotated[OtherExpose, Tag("other")], Discriminator(_tag_expose)]
