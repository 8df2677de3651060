"""The meaning of keys, each with an example: by key, or by part and key. Exposes describe theirs themselves."""

from __future__ import annotations

from typing import Any, Final

_PARAMETERS: Final[list[Any]] = [{"name": "imo", "in": "path", "type": "string"}]
_FIXED_PARAMETERS: Final[list[Any]] = [{"name": "Api-Version", "in": "header", "value": "2"}]
_OUTPUTS: Final[list[Any]] = [{"type": "object", "properties": {"name": {"type": "string", "mapping": "$.name"}}}]
_CONSUMED: Final[list[Any]] = [{"name": "get-ship", "method": "GET"}]
_RESOURCES: Final[list[Any]] = [{"name": "ship", "path": "/ships/{imo}", "operations": _CONSUMED}]
_API: Final[dict[str, Any]] = {"type": "http", "namespace": "registry", "baseUri": "https://api.example.com/v1"}
_BINDS: Final[list[Any]] = [{"namespace": "env", "keys": {"TOKEN": "REGISTRY_TOKEN"}}]
_BEARER: Final[dict[str, Any]] = {"type": "bearer", "token": "{{TOKEN}}"}

DESCRIPTIONS: Final[dict[str, tuple[str, Any]]] = {
    "naftiko": ("The version of the specification that the file follows.", "1.0.0-alpha2"),
    "ikanos": ("Replaces `naftiko` from version 1.0.0-alpha3 on.", "1.0.0-beta5"),
    "info": ("What the capability is about.", {"label": "Ships", "description": "Ships and where they are."}),
    "capability": ("What is consumed and what is exposed.", {"consumes": [_API], "exposes": []}),
    "binds": (
        "Variables from the environment or a secret store. The rest of the file uses them as `{{NAME}}`.",
        _BINDS,
    ),
    "consumes": ("The HTTP APIs that are called, or imports of them from other files.", [_API]),
    "exposes": (
        "The servers, REST, MCP and skills, or imports of them from other files.",
        [{"type": "rest", "namespace": "ships", "port": 8080, "resources": []}],
    ),
    "aggregates": (
        "Functions that several exposes share, or imports of them from other files.",
        [{"namespace": "fleet", "label": "Fleet", "functions": [{"name": "get-ship", "call": "registry.get-ship"}]}],
    ),
    "label": ("A title for people to read.", "Ships"),
    "display": ("Replaces `label` from version 1.0.0-alpha3 on.", "Ships"),
    "description": ("What this is for, in a sentence.", "Finds a ship by its IMO number."),
    "Info.description": ("What the capability is for.", "Ships and where they are."),
    "Bind.description": ("What the variables are for.", "Credentials of the registry."),
    "ImportedConsumes.description": ("What the API is for.", "The registry of ships."),
    "ConsumedHttp.description": ("What the API is for.", "The registry of ships."),
    "ConsumedResource.description": ("What the path is for.", "One ship."),
    "ConsumedParameter.description": ("What the value is.", "The IMO number of a ship."),
    "ExposedParameter.description": ("What the value is, for callers.", "The IMO number of a ship."),
    "ToolParameter.description": ("What the value is, for a model.", "The IMO number of a ship."),
    "Output.description": ("What the value is. Output schemas contain it.", "The name of the ship."),
    "tags": ("Keywords.", ["ships"]),
    "created": ("The date on which the file was created, as YYYY-MM-DD.", "2026-01-31"),
    "modified": ("The date of the last change, as YYYY-MM-DD.", "2026-02-28"),
    "version": (
        "The version of the capability. MCP clients and the exported OpenAPI document show it.",
        "1.2.0",
    ),
    "stakeholders": ("The people responsible for the capability.", [{"role": "owner", "fullName": "Fleet team"}]),
    "role": ("What the person does for the capability.", "owner"),
    "fullName": ("The full name of the person.", "Fleet team"),
    "email": ("The email address of the person.", "fleet@example.com"),
    "namespace": ("The name of the API. A `call` uses it: `registry.get-ship`.", "registry"),
    "Bind.namespace": ("The name of this group of variables. `{{env.TOKEN}}` is `TOKEN` of the group `env`.", "env"),
    "keys": (
        "The variables: the name in this file, then the name at the provider.",
        {"TOKEN": "REGISTRY_TOKEN"},
    ),
    "location": ("The path of the imported file, relative to this file.", "./shared.yaml"),
    "Bind.location": (
        "Where the values are: in a file, in Vault or in mounted secrets. The default is the environment.",
        "file://./secrets.json",
    ),
    "import": ("The namespace to import from the other file.", "registry"),
    "as": ("Another name for the imported namespace, in this file.", "ships"),
    "type": ("The kind of this part.", "object"),
    "ConsumedHttp.type": ("The kind of API.", "http"),
    "BodyTemplate.type": ("The format of the body.", "json"),
    "ConsumedOutput.type": ("The type of the value.", "string"),
    "ConsumedParameter.type": ("The type of the value.", "string"),
    "ExposedParameter.type": ("The type of the value. A value of another type is rejected.", "string"),
    "ToolParameter.type": ("The type of the value. A value of another type is rejected.", "string"),
    "Output.type": ("The type of the value. Other values are converted where that is possible.", "object"),
    "baseUri": ("The URL of the API. The paths of resources are appended to it.", "https://api.example.com/v1"),
    "authentication": ("The credentials that callers of the server must send.", _BEARER),
    "ConsumedHttp.authentication": ("The credentials that are sent to the API.", _BEARER),
    "inputParameters": ("The parameters of the request.", _PARAMETERS),
    "ConsumedHttp.inputParameters": ("Parameters of every request to the API.", _FIXED_PARAMETERS),
    "ConsumedResource.inputParameters": ("Parameters of every request to the path.", _PARAMETERS),
    "outputParameters": ("The result, mapped from the response. Without it, the response is passed through.", _OUTPUTS),
    "ConsumedOperation.outputParameters": (
        "Names for parts of the response. Later steps of a workflow see these parts.",
        [{"name": "id", "value": "$.id"}],
    ),
    "tunnel": ("A tunnel to the API. Not served yet.", {"type": "ziti"}),
    "resources": ("The paths of the API and their operations.", _RESOURCES),
    "operations": ("The operations of the path.", _CONSUMED),
    "path": ("The path of the route. `{name}` is an input.", "/ships/{imo}"),
    "ConsumedResource.path": ("The path, appended to `baseUri`. `{name}` is a parameter.", "/ships/{imo}"),
    "ConsumedOperation.path": (
        "A path below the resource's path; with a leading `/`, in place of it. Not part of the specification.",
        "crew",
    ),
    "name": ("A name for the operation.", "get-ship"),
    "ConsumedResource.name": ("A name for the path.", "ship"),
    "ConsumedOperation.name": ("The name of the operation. A `call` uses it: `registry.get-ship`.", "get-ship"),
    "ConsumedParameter.name": ("The name of the parameter at the API.", "imo"),
    "ConsumedOutput.name": ("The name of the value.", "id"),
    "ExposedParameter.name": ("The name of the input, as callers send it.", "imo"),
    "ToolParameter.name": ("The name of the argument, as clients send it.", "imo"),
    "Output.name": ("The name of the value in the result.", "name"),
    "method": ("The HTTP method, in upper or lower case.", "GET"),
    "outputRawFormat": ("The format of the API's response, which a mapping decodes.", "json"),
    "outputMediaType": ("The `Content-Type` that callers get instead of the API's own.", "image/png"),
    "maxBinarySize": ("The size limit of a binary response, in `B`, `KiB`, `MiB` or `GiB`.", "5MiB"),
    "outputSchema": (
        "What decoding needs: a schema file (`avro`, `protobuf`), a CSS selector (`html`) or a heading (`markdown`).",
        "ship.avsc",
    ),
    "body": (
        "The request body: a type and a template, or the template as text.",
        {"type": "json", "data": {"name": "{{name}}"}},
    ),
    "data": ("The template of the body. `{{name}}` is replaced by an input or a variable.", {"name": "{{name}}"}),
    "in": ("The place of the input in the caller's request.", "query"),
    "ConsumedParameter.in": (
        "The place of the parameter in the request. `environment` reads the environment variable of that name.",
        "query",
    ),
    "value": (
        "A fixed value, not given by callers: a constant, `{{NAME}}` for a variable, or a JSONPath into the REST body.",
        "{{TOKEN}}",
    ),
    "ToolParameter.value": (
        "A fixed value, not given by clients: a constant, or `{{NAME}}` for a variable.",
        "{{TOKEN}}",
    ),
    "ConsumedParameter.value": (
        "A fixed value. `{{NAME}}` is replaced by a variable. Without it, `with` or an input gives the value.",
        "{{TOKEN}}",
    ),
    "ConsumedOutput.value": ("The JSONPath of the value in the response.", "$.id"),
    "Output.value": ("A constant instead of a mapping. `{{name}}` is replaced by the caller's input.", "Ship {{imo}}"),
    "style": ("How a list or an object is written in the query: OpenAPI's `style`.", "pipeDelimited"),
    "explode": ("Whether the query repeats the name for each item of a list: OpenAPI's `explode`.", False),
    "required": ("Whether a call without a value is rejected.", True),
    "ExposedParameter.required": (
        "Whether a call without a value is rejected. The default is `false`, and `true` in the path.",
        True,
    ),
    "ToolParameter.required": ("Whether a call without a value is rejected. The default is `true`.", False),
    "default": ("The value that is used if the caller gives none.", 10),
    "pattern": (
        "A regular expression (RE2 syntax) that must match in the text; `^` and `$` match its beginning and end.",
        "^IMO[0-9]{7}$",
    ),
    "mapping": ("The JSONPath of the value in the response, or, in `items`, in an element of the list.", "$.name"),
    "const": ("A constant of any type, instead of a mapping.", "registry"),
    "properties": ("The fields of an object.", {"name": {"type": "string", "mapping": "$.name"}}),
    "items": ("The mapping of each list element.", {"type": "string", "mapping": "$.name"}),
    "values": ("The mapping of each value of an object with arbitrary keys.", {"type": "string", "mapping": "$.name"}),
    "maxLength": ("The maximum number of characters. Longer text is truncated.", 200),
    "port": ("The TCP port to listen on.", 8080),
    "address": (
        "The address to listen on. The default is `localhost`, or all interfaces with `authentication`.",
        "127.0.0.1",
    ),
    "call": ("The consumed operation to call, as `namespace.operation`.", "registry.get-ship"),
    "with": (
        "Values for the parameters of the called operation: constants, inputs, or text with `{{name}}`.",
        {"imo": "$this.ships.imo"},
    ),
    "ref": (
        "A function of an aggregate. What is not written here comes from the function.",
        "fleet.get-ship",
    ),
    "steps": (
        "Several calls, lookups and scripts in order, which make one result.",
        [{"type": "call", "name": "ship", "call": "registry.get-ship"}],
    ),
    "mappings": (
        "The result of the steps, field by field. Without it, the result is that of the last call.",
        [{"targetName": "captain.name", "value": "$.captain.fullName"}],
    ),
    "pagination": (
        "How the pages of a list are read. Their items become one list.",
        {"type": "cursor", "items": "$.ships", "parameter": "after", "next": "$.meta.next"},
    ),
    "forwardHeaders": ("Request headers of callers that the API gets. By default, none.", ["X-Tenant"]),
    "exposedHeaders": ("Response headers of the API that callers get besides the standard ones.", ["X-Quota-Left"]),
}
