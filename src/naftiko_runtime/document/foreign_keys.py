"""Keys of other tools that authors write by mistake, with the right key for each."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from naftiko_runtime.authentication.kinds import KINDS
from naftiko_runtime.document.aggregates import AggregateFunction
from naftiko_runtime.document.capability import Bind, Capability, Document, Info
from naftiko_runtime.document.consumes import ConsumedHttp, ConsumedOperation, ConsumedResource
from naftiko_runtime.document.exposes import McpExpose, McpTool, RestExpose, RestOperation, RestResource
from naftiko_runtime.document.foreign_mcp_keys import FOREIGN_AGENT_KEYS
from naftiko_runtime.document.parameters import (
    BodyTemplate,
    ConsumedOutput,
    ConsumedParameter,
    ExposedParameter,
    Output,
    ToolParameter,
    ValueConstraints,
)
from naftiko_runtime.rules import Help

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.rules import Advice

_HEADER: Final = "declare each header under 'inputParameters': {name: X-Name, in: header, value: …}"
_QUERY: Final = "declare each field under 'inputParameters': {name: limit, in: query, value: …}"
_COOKIE: Final = "declare each cookie under 'inputParameters': {name: …, in: cookie, value: …}"
_INPUTS: Final = "declare each input under 'inputParameters'"
_OUTPUTS: Final = "describe the response under 'outputParameters'"
_BODY: Final = "write 'body: {type: json, data: …}'"
_BASE: Final = "write 'baseUri: https://…'"
_DEADLINE: Final = "start with --deadline SECONDS"
_TRUST: Final = "the certificate authorities of the system are trusted; put a proxy in front to change that"
_TLS: Final = "put a proxy that ends TLS in front of the runtime"
_CORS: Final = "start with --allow-origin ORIGIN"
_AUTHENTICATION: Final = "write 'authentication: {type: bearer, token: \"{{TOKEN}}\"}'"
_CALL: Final = "write 'call: namespace.operation', an operation under 'consumes'"
_LABEL: Final = "write 'label'"
_DESCRIPTION: Final = "write 'description'"
_ENUM: Final = "write 'enum', a list of the allowed values"
_TYPE: Final = "write 'type', one of string, number, integer, boolean, array, object"
_MAPPING: Final = "write 'mapping', a JSONPath such as '$.name'"
_MAPPED_BY_EXPOSES: Final = (
    "map the response in the 'outputParameters' of the expose: those of a consumed operation are for steps only"
)
_RETRY: Final = "leave it out: a call is not repeated"
_CACHE: Final = "leave it out: responses are not cached"
_LIMIT: Final = "limit callers in a proxy in front of the runtime"

_SENT: Final = {
    "headers": _HEADER,
    "header": _HEADER,
    "query": _QUERY,
    "queryParameters": _QUERY,
    "queryParams": _QUERY,
    "params": _QUERY,
    "parameters": _INPUTS,
    "cookies": _COOKIE,
    "timeout": _DEADLINE,
    "timeoutMs": _DEADLINE,
    "connectTimeout": _DEADLINE,
    "readTimeout": _DEADLINE,
    "deadline": _DEADLINE,
    "retry": _RETRY,
    "retries": _RETRY,
    "cache": _CACHE,
    "rateLimit": _LIMIT,
}
_CONSUMED: Final = {
    **_SENT,
    "requestBody": _BODY,
    "payload": _BODY,
    "data": _BODY,
    "json": _BODY,
    "form": "write 'body: {type: formUrlEncoded, data: …}'",
    "responses": "callers get the response of the API; expose 'outputParameters' to shape it",
    "response": "expose 'outputParameters' to shape what callers get",
    "responseType": "write 'outputRawFormat: json', or another format",
    "contentType": "write the 'type' of the 'body': json, text, xml, formUrlEncoded …",
    "accept": _HEADER,
    "url": "write the host into 'baseUri' of the API, and the path into 'path' of the resource",
    "operationId": "write 'name'",
    "id": "write 'name'",
    "summary": _DESCRIPTION,
    "title": _LABEL,
    "verb": "write 'method'",
    "httpMethod": "write 'method'",
}
_API: Final = {
    **_SENT,
    "url": _BASE,
    "uri": _BASE,
    "host": _BASE,
    "hostname": _BASE,
    "endpoint": _BASE,
    "server": _BASE,
    "servers": _BASE,
    "basePath": _BASE,
    "auth": _AUTHENTICATION,
    "security": _AUTHENTICATION,
    "credentials": _AUTHENTICATION,
    "tls": _TRUST,
    "ssl": _TRUST,
    "verify": _TRUST,
    "insecure": _TRUST,
    "proxy": "set HTTP_PROXY or HTTPS_PROXY, or start with --base-uri NAMESPACE=URL",
    "paths": "write 'resources', each with a 'path' and 'operations'",
    "endpoints": "write 'resources', each with a 'path' and 'operations'",
    "operations": "write them under 'resources', each with a 'path'",
    "name": "write 'namespace'",
    "id": "write 'namespace'",
    "openapi": "write the operations under 'resources': an OpenAPI document is not read here",
    "spec": "write the operations under 'resources': an OpenAPI document is not read here",
}
_EXPOSED: Final = {
    "requestBody": "declare each field of the body under 'inputParameters', with 'in: body'",
    "body": "declare each field of the body under 'inputParameters', with 'in: body'",
    "parameters": _INPUTS,
    "params": _INPUTS,
    "input": _INPUTS,
    "inputs": _INPUTS,
    "args": _INPUTS,
    "arguments": _INPUTS,
    "inputSchema": _INPUTS,
    "outputSchema": _OUTPUTS,
    "output": _OUTPUTS,
    "outputs": _OUTPUTS,
    "returns": _OUTPUTS,
    "response": _OUTPUTS,
    "schema": _OUTPUTS,
    "headers": "declare each input under 'inputParameters', with 'in: header'",
    "query": "declare each input under 'inputParameters', with 'in: query'",
    "timeout": _DEADLINE,
    "handler": _CALL,
    "function": _CALL,
    "operation": _CALL,
    "operationId": _CALL,
    "target": _CALL,
    "url": _CALL,
    "uses": _CALL,
    "run": _CALL,
    "arguments_mapping": "write 'with: {parameter: namespace.input}'",
    "bind": "write 'with: {parameter: namespace.input}'",
    "args_mapping": "write 'with: {parameter: namespace.input}'",
    "summary": _DESCRIPTION,
    "auth": "write 'authentication' on the expose",
    "authentication": "write 'authentication' on the expose: all of it has the same",
    "security": "write 'authentication' on the expose",
    "cache": _CACHE,
    "retry": _RETRY,
    "rateLimit": _LIMIT,
    "mapping": "write it into an entry of 'outputParameters'",
}
_SERVED: Final = {
    "cors": _CORS,
    "tls": _TLS,
    "ssl": _TLS,
    "https": _TLS,
    "certificate": _TLS,
    "host": "write 'address'",
    "hostname": "write 'address'",
    "bind": "write 'address'",
    "listen": "write 'address' and 'port'",
    "auth": "write 'authentication'",
    "security": "write 'authentication'",
    "name": "write 'namespace'",
    "id": "write 'namespace'",
    "title": "write 'label' under 'info'",
    "timeout": _DEADLINE,
    "rateLimit": _LIMIT,
    "middleware": "put a proxy in front of the runtime",
    "headers": "start with --expose-header NAME to pass on an API's response header",
    "basePath": "write the whole path into each 'path'",
    "prefix": "write the whole path into each 'path'",
    "version": "write it under 'info'",
    "forwardHeaders": "write it on the API under 'consumes'",
    "exposedHeaders": "write it on the API under 'consumes', or start with --expose-header NAME",
    "requiredScopes": "write it under 'authentication'",
    "baseUrl": "start with --public-url URL",
    "publicUrl": "start with --public-url URL",
    "allowedHosts": "start with --allowed-host HOST",
    "allowedOrigins": "start with --allow-origin ORIGIN",
}
_INPUT: Final = {
    "allowedValues": _ENUM,
    "values": _ENUM,
    "choices": _ENUM,
    "options": _ENUM,
    "completion": _ENUM,
    "min": "write 'minimum'",
    "max": "write 'maximum'",
    "exclusiveMinimum": "write 'minimum', the least number that is allowed",
    "exclusiveMaximum": "write 'maximum', the greatest number that is allowed",
    "regex": "write 'pattern'",
    "schema": _TYPE,
    "properties": "write 'type: object', or declare each field as an input of its own",
    "example": "write 'examples', a list of values",
    "title": _LABEL,
    "optional": "write 'required: false'",
    "nullable": "write 'required: false'",
    "mandatory": "write 'required: true'",
    "const": "write 'value'",
    "location": "write 'in'",
    "placement": "write 'in'",
    "source": "write 'in'",
    "mapping": "write 'in: path', 'in: query', 'in: header' or 'in: body' for where the input is taken from",
    "from": "write 'in: path', 'in: query', 'in: header' or 'in: body' for where the input is taken from",
}
_OUTPUT: Final = {
    "path": _MAPPING,
    "jsonPath": _MAPPING,
    "jsonpath": _MAPPING,
    "selector": _MAPPING,
    "expression": _MAPPING,
    "source": _MAPPING,
    "from": _MAPPING,
    "field": _MAPPING,
    "schema": _TYPE,
    "fields": "write 'properties'",
    "children": "write 'properties'",
    "default": "write 'value' for a constant",
    "title": _LABEL,
    "required": "leave it out: a missing value is null",
    "nullable": "leave it out: a missing value is null",
    "format": "leave it out: values keep their form",
    "enum": "leave it out: values are not checked",
}

_MEANT: Final[Mapping[type, Mapping[str, str]]] = {
    Document: {
        "name": "write 'label' under 'info'",
        "title": "write 'label' under 'info'",
        "description": "write it under 'info'",
        "version": "write it under 'info'",
        "env": "write 'binds: [{namespace: env, keys: {NAME: NAME}}]'",
        "environment": "write 'binds: [{namespace: env, keys: {NAME: NAME}}]'",
        "variables": "write 'binds: [{namespace: env, keys: {NAME: NAME}}]'",
        "secrets": "write 'binds: [{namespace: env, keys: {NAME: NAME}}]'",
        "imports": "import an API under 'consumes': {location: ./file.yaml, import: namespace}",
        "include": "import an API under 'consumes': {location: ./file.yaml, import: namespace}",
        "servers": "write 'baseUri' on each API under 'consumes'",
        "paths": "write 'resources' under an entry of 'exposes'",
        "tools": "write them under an entry of 'exposes' with 'type: mcp'",
        "components": "write each part where it is used",
    },
    Info: {"title": _LABEL, "name": _LABEL, "summary": _DESCRIPTION},
    Capability: {
        "name": "write 'label' under 'info'",
        "description": "write it under 'info'",
        "apis": "write 'consumes'",
        "upstreams": "write 'consumes'",
        "services": "write 'consumes'",
        "tools": "write them under an entry of 'exposes' with 'type: mcp'",
        "routes": "write them under an entry of 'exposes' with 'type: rest'",
        "env": "write 'binds: [{namespace: env, keys: {NAME: NAME}}]'",
    },
    Bind: {
        "values": "write 'keys: {VARIABLE: name at the provider}'; values come from outside",
        "variables": "write 'keys: {VARIABLE: name at the provider}'",
        "env": "write 'keys: {VARIABLE: name at the provider}'",
        "name": "write 'namespace'",
        "path": "write 'location: file:///./secrets.env'",
        "file": "write 'location: file:///./secrets.env'",
        "provider": "write 'location: vault://…', or leave it out for the environment",
        "default": "leave it out: a missing variable stops the start",
    },
    ConsumedHttp: _API,
    ConsumedResource: {**_CONSUMED, "method": "write it on an entry of 'operations'", "url": "write 'path'"},
    ConsumedOperation: _CONSUMED,
    RestExpose: {
        "instructions": "write 'description'",
        **_SERVED,
        "routes": "write 'resources'",
        "paths": "write 'resources'",
        "endpoints": "write 'resources'",
    },
    McpExpose: {
        **_SERVED,
        "instructions": "write 'description': clients get it as the server's instructions",
        "functions": "write 'tools'",
        "capabilities": "leave it out: clients learn what is served",
        "serverInfo": "leave it out: clients get 'info'",
    },
    RestResource: {
        **_EXPOSED,
        "method": "write it on an entry of 'operations'",
        "call": "write it on an entry of 'operations'",
    },
    RestOperation: {
        **_EXPOSED,
        "title": _LABEL,
        "path": "write it on the resource",
        "status": "callers get the API's status",
    },
    McpTool: {
        "ttlMs": "write it on the expose: all of it has the same",
        "cacheScope": "write it on the expose: all of it has the same",
        **_EXPOSED,
        "title": _LABEL,
        "annotations": "write 'hints', with readOnly, destructive, idempotent and openWorld",
        "readOnly": "write 'hints: {readOnly: true}'",
        "readOnlyHint": "write 'hints: {readOnly: true}'",
        "destructive": "write 'hints: {destructive: true}'",
        "method": _CALL,
        "path": _CALL,
        "prompt": _DESCRIPTION,
        "examples": "say it in the 'description'",
    },
    AggregateFunction: {
        **_EXPOSED,
        "title": "leave it out: what refers to the function has a label",
        "label": "leave it out: what refers to the function has a label",
        "hints": "write 'semantics', with safe and idempotent",
        "ref": "write 'call': a function refers to no other one",
        "method": _CALL,
        "path": _CALL,
    },
    ConsumedParameter: {**_INPUT, **dict.fromkeys(ValueConstraints.model_fields, "write it on the exposed input")},
    ExposedParameter: _INPUT,
    ToolParameter: {**_INPUT, "in": "leave it out: arguments of a tool have no place"},
    Output: _OUTPUT,
    ConsumedOutput: {
        **{key: _MAPPED_BY_EXPOSES if meant == _MAPPING else meant for key, meant in _OUTPUT.items()},
        "mapping": _MAPPED_BY_EXPOSES,
    },
    BodyTemplate: {
        "content": "write 'data'",
        "template": "write 'data'",
        "value": "write 'data'",
        "schema": "write 'data', with '{{input}}' where a value goes",
        "contentType": "write 'type': json, text, xml, sparql, formUrlEncoded or multipartForm",
        "json": "write 'type: json' and 'data'",
        "form": "write 'type: formUrlEncoded' and 'data'",
    },
    **FOREIGN_AGENT_KEYS,
    **{kind.part: kind.foreign_keys for kind in KINDS},
}

_OTHER: Final[Mapping[type, str]] = {BodyTemplate: "write the fields of the body under 'data'"}
"""What to do with every other key."""


def advise_instead(part: type, key: str) -> Advice | None:
    """Advice for a key that a part does not have. None for a key without a known meaning."""
    for kind in part.__mro__:
        if (meant := _MEANT.get(kind)) is not None and key in meant:
            return _make_help(meant[key])()
    return None


def advise_other(part: type) -> Advice | None:
    """Advice for an unknown key that resembles no known one. None if a part has none."""
    return _make_help(_OTHER[part])() if part in _OTHER else None


@cache
def _make_help(text: str) -> Help:
    return Help(text.replace("{", "{{").replace("}", "}}"))
