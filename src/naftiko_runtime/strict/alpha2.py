"""What 1.0.0-alpha2 of the specification takes."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.strict.shapes import (
    Anything,
    Either,
    Flag,
    Imported,
    Items,
    Kinds,
    Later,
    Mapping,
    Named,
    Number,
    Shape,
    Text,
    Way,
    Ways,
    form,
    one_key,
    some_key,
    word,
)

VERSION: Final = "1.0.0-alpha2"

ANY, TEXT, FLAG = Anything(), Text(), Flag()
TYPE: Final = ANY
"""The ``type`` of a member of a union, which chose the member and so is right."""
TEXTS: Final = Items(TEXT)
KEBAB: Final = form(r"[a-zA-Z0-9-]+", "letters, digits and '-'")
EXTENDED: Final = form(r"[a-zA-Z0-9\-_*]+", "letters, digits, '-', '_' and '*'")
VARIABLE: Final = form(r"[A-Z][A-Z0-9_]*", "capitals, digits and '_', a capital first")
URI: Final = form(r"[a-zA-Z][a-zA-Z0-9+.\-]*://[\s\S]*", "a URI with a scheme, such as 'file:///./secrets.json'")
FILE: Final = form(r"file:///[\s\S]*", "a URI that begins with 'file:///'")
BASE_URI: Final = form(r"https?://[^/]+(/[^{]*)?", "an http or https URL without placeholders")
CALL: Final = form(r"[a-zA-Z0-9-]+\.[a-zA-Z0-9-]+", "'namespace.operation' of letters, digits and '-'")
TARGET: Final = form(r"[a-zA-Z0-9\-_.]+", "letters, digits, '-', '_' and '.'")
DATE: Final = form(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "a date as YYYY-MM-DD")
EMAIL: Final = form(r"[a-zA-Z0-9._%+\-]+@[a-zA-Z0-9.\-]+\.[a-zA-Z]{2,}", "an e-mail address")
_WORD: Final = r"[a-zA-Z0-9!#$&^_.+\-]+"
_SPACE: Final = r"[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*"
MEDIA_TYPE: Final = form(
    rf'{_WORD}/{_WORD}(?:{_SPACE};{_SPACE}{_WORD}=(?:{_WORD}|"[^"]*"))*', "a media type, such as 'image/png'"
)
_LABEL: Final = r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_BYTE: Final = r"(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)"
ADDRESS: Final = form(
    rf"{_LABEL}(\.{_LABEL})*|({_BYTE}\.){{3}}{_BYTE}|([0-9a-fA-F]{{0,4}}:){{2,7}}[0-9a-fA-F]{{0,4}}",
    "a host name or an IP address",
)
PORT: Final = Number(whole=True, least=1, most=65535)
POSITIVE: Final = Number(whole=True, least=1)
METHOD: Final = word("GET", "POST", "PUT", "PATCH", "DELETE")
LANGUAGE: Final = word("javascript", "python", "groovy")
INPUT_TYPE: Final = word("string", "number", "integer", "boolean", "array", "object")
OUTPUT_TYPE: Final = word("string", "number", "boolean", "object", "array")
SCALAR_TYPE: Final = word("string", "number", "boolean")
CONSUMED_PLACE: Final = word("query", "header", "path", "cookie", "body", "environment")
EXPOSED_PLACE: Final = word("query", "header", "path", "cookie", "body")
RAW_FORMATS: Final = ("json", "xml", "avro", "protobuf", "csv", "tsv", "psv", "yaml", "html", "markdown")
WITH: Final = Named(Either((TEXT, Number())))

PERSON: Final = Mapping(required={"role": TEXT, "fullName": TEXT}, optional={"email": EMAIL})
INFO: Final = Mapping(
    required={"label": TEXT, "description": TEXT},
    optional={"tags": TEXTS, "created": DATE, "modified": DATE, "stakeholders": Items(PERSON)},
)
BIND: Final = Mapping(
    required={"namespace": KEBAB, "keys": Named(EXTENDED, names=VARIABLE)},
    optional={"description": TEXT, "location": URI},
)
BINDS: Final = Items(BIND, least=1)

_USER: Final[dict[str, Shape]] = {"username": TEXT, "password": TEXT}
AUTHENTICATION: Final = Kinds(
    {
        "basic": Mapping({"type": TYPE}, _USER),
        "digest": Mapping({"type": TYPE}, _USER),
        "bearer": Mapping({"type": TYPE}, {"token": TEXT}),
        "apikey": Mapping({"type": TYPE}, {"key": TEXT, "value": TEXT, "placement": word("header", "query")}),
        "oauth2": Mapping(
            required={"type": TYPE, "authorizationServerUri": TEXT, "resource": TEXT},
            optional={
                "scopes": TEXTS,
                "audience": TEXT,
                "tokenEndpoint": TEXT,
                "tokenValidation": word("jwks", "introspection"),
            },
        ),
    }
)

# Outputs.

_MAPPED: Final[dict[str, Shape]] = {
    "mapping": TEXT,
    "const": Either((TEXT, Number(), FLAG, Items(ANY), Named(ANY))),
    "value": TEXT,
}
_MAPPED_SCALAR: Final = Mapping({"type": TYPE}, _MAPPED, (one_key("mapping", "value"),))
MAPPED_OUTPUT: Final[Shape] = Kinds(
    {
        "string": _MAPPED_SCALAR,
        "number": _MAPPED_SCALAR,
        "boolean": _MAPPED_SCALAR,
        "object": Mapping({"type": TYPE, "properties": Named(Later(lambda: MAPPED_OUTPUT))}, _MAPPED),
        "array": Mapping({"type": TYPE, "items": Later(lambda: MAPPED_OUTPUT)}, _MAPPED),
    }
)
MAPPED_OUTPUTS: Final = Items(MAPPED_OUTPUT)

_NAMED_SCALAR: Final = Mapping({"type": TYPE, "name": EXTENDED})
ORCHESTRATED_OUTPUT: Final[Shape] = Kinds(
    {
        "string": _NAMED_SCALAR,
        "number": _NAMED_SCALAR,
        "boolean": _NAMED_SCALAR,
        "object": Mapping(
            {"type": TYPE, "name": EXTENDED, "properties": Named(Later(lambda: ORCHESTRATED_OUTPUT))},
        ),
        "array": Mapping(
            {"type": TYPE, "name": EXTENDED, "items": Items(Later(lambda: ORCHESTRATED_OUTPUT), least=1)},
        ),
    }
)
ORCHESTRATED_OUTPUTS: Final = Items(ORCHESTRATED_OUTPUT)
MOCK_OUTPUTS: Final = Items(Mapping({"name": EXTENDED, "type": SCALAR_TYPE, "value": TEXT}), least=1)

# Steps.

LOOKUP: Final[dict[str, Shape]] = {
    "index": KEBAB,
    "match": KEBAB,
    "lookupValue": TEXT,
    "outputParameters": Items(TEXT, least=1),
}
SCRIPT: Final[dict[str, Shape]] = {
    "language": LANGUAGE,
    "location": FILE,
    "dependencies": Items(Text(least=1), least=1),
    "with": WITH,
}
STEPS: Final = Items(
    Kinds(
        {
            "call": Mapping({"type": TYPE, "name": KEBAB, "call": CALL}, {"with": WITH}),
            "lookup": Mapping({"type": TYPE, "name": KEBAB, **LOOKUP}),
            "script": Mapping({"type": TYPE, "name": KEBAB, "file": Text(least=1)}, SCRIPT),
        }
    ),
    least=1,
)
MAPPINGS: Final = Items(Mapping({"targetName": TARGET, "value": TEXT}))

# Consumed APIs.

_JSON: Final = Mapping({"type": TYPE, "data": Either((TEXT, Named(ANY), Items(ANY)))})
_PLAIN: Final = Mapping({"type": TYPE, "data": TEXT})
_PART: Final = Mapping({"name": TEXT, "value": TEXT}, {"filename": TEXT, "contentType": TEXT})
BODY: Final = Either(
    (
        TEXT,
        Kinds(
            {
                "json": _JSON,
                "text": _PLAIN,
                "xml": _PLAIN,
                "sparql": _PLAIN,
                "formUrlEncoded": Mapping({"type": TYPE, "data": Either((TEXT, Named(TEXT)))}),
                "multipartForm": Mapping({"type": TYPE, "data": Items(_PART)}),
            }
        ),
    )
)
CONSUMED_INPUTS: Final = Items(Mapping({"name": EXTENDED, "in": CONSUMED_PLACE}, {"value": TEXT}))
CONSUMED_OPERATION: Final = Mapping(
    required={"name": KEBAB, "method": METHOD},
    optional={
        "label": TEXT,
        "description": TEXT,
        "inputParameters": CONSUMED_INPUTS,
        "outputRawFormat": word(*RAW_FORMATS),
        "outputSchema": TEXT,
        "outputParameters": Items(Mapping({"name": EXTENDED, "type": OUTPUT_TYPE, "value": TEXT})),
        "body": BODY,
    },
)
CONSUMED_RESOURCE: Final = Mapping(
    required={"name": KEBAB, "path": TEXT, "operations": Items(CONSUMED_OPERATION, least=1)},
    optional={"label": TEXT, "description": TEXT, "inputParameters": CONSUMED_INPUTS},
)
CONSUMED_HTTP: Final = Mapping(
    required={"namespace": KEBAB, "type": word("http"), "baseUri": BASE_URI},
    optional={
        "description": TEXT,
        "inputParameters": CONSUMED_INPUTS,
        "authentication": AUTHENTICATION,
        "resources": Items(CONSUMED_RESOURCE, least=1),
    },
)
CONSUMED_IMPORT: Final = Mapping({"location": TEXT, "import": KEBAB}, {"as": KEBAB, "description": TEXT})
CONSUMES: Final = Items(Imported("location", CONSUMED_IMPORT, CONSUMED_HTTP), least=1)

# What is exposed.

EXPOSED_INPUTS: Final = Items(
    Mapping(
        required={"name": EXTENDED, "in": EXPOSED_PLACE, "type": INPUT_TYPE, "description": TEXT},
        optional={"pattern": TEXT, "value": TEXT},
    )
)
TOOL_INPUTS: Final = Items(
    Mapping(required={"name": EXTENDED, "type": INPUT_TYPE, "description": TEXT}, optional={"required": FLAG})
)
_CALLING: Final[dict[str, Shape]] = {"call": CALL, "with": WITH, "steps": STEPS, "mappings": MAPPINGS}
_BY_CALL: Final[dict[str, Shape]] = {"outputParameters": MAPPED_OUTPUTS}
_BY_STEPS: Final[dict[str, Shape]] = {"outputParameters": ORCHESTRATED_OUTPUTS}
_AS_MOCK: Final[dict[str, Shape]] = {"outputParameters": MOCK_OUTPUTS}

OPERATION: Final = Mapping(
    required={"method": METHOD},
    optional={
        "name": KEBAB,
        "label": TEXT,
        "description": TEXT,
        "inputParameters": EXPOSED_INPUTS,
        "ref": CALL,
        **_CALLING,
        "outputParameters": Items(ANY),
    },
    ways=(
        Ways(
            "needs 'call', 'steps' or 'ref'",
            (
                Way(keys=_BY_CALL),
                Way("steps", ("steps", "name"), keys=_BY_STEPS),
                Way("ref", ("ref",)),
            ),
        ),
    ),
)
FORWARD: Final = Mapping({"targetNamespace": KEBAB}, {"trustedHeaders": Items(TEXT, least=1)})
RESOURCE: Final = Mapping(
    required={"path": TEXT},
    optional={
        "label": TEXT,
        "description": TEXT,
        "name": KEBAB,
        "inputParameters": EXPOSED_INPUTS,
        "operations": Items(OPERATION),
        "forward": FORWARD,
    },
    ways=(some_key("operations", "forward"),),
)
REST: Final = Mapping(
    required={"type": TYPE, "port": PORT, "namespace": KEBAB},
    optional={"address": ADDRESS, "authentication": AUTHENTICATION, "resources": Items(RESOURCE, least=1)},
)

HINTS: Final = Mapping(optional={"readOnly": FLAG, "destructive": FLAG, "idempotent": FLAG, "openWorld": FLAG})
TOOL: Final = Mapping(
    optional={
        "name": KEBAB,
        "label": TEXT,
        "description": TEXT,
        "inputParameters": TOOL_INPUTS,
        "ref": CALL,
        **_CALLING,
        "hints": HINTS,
        "outputParameters": Items(ANY),
    },
    ways=(
        Ways(
            "needs 'call', 'steps', 'ref' or constant 'outputParameters'",
            (
                Way("call", ("name", "description", "call"), keys=_BY_CALL),
                Way("steps", ("name", "description", "steps"), keys=_BY_STEPS),
                Way("ref", ("ref",)),
                Way("outputParameters", ("name", "description", "outputParameters"), keys=_AS_MOCK),
            ),
        ),
    ),
)
MCP_RESOURCE: Final = Mapping(
    required={"name": EXTENDED, "label": TEXT, "uri": TEXT, "description": TEXT},
    optional={"mimeType": MEDIA_TYPE, **_CALLING, "outputParameters": Items(ANY), "location": FILE},
    ways=(
        Ways(
            "needs either 'call', 'steps' or 'location'",
            (
                Way("call", ("call",), ("location",), _BY_CALL),
                Way("steps", ("steps",), ("location",), _BY_STEPS),
                Way("location", ("location",), ("call", "steps")),
            ),
            only_one=True,
        ),
    ),
)
MESSAGES: Final = Items(Mapping({"role": word("user", "assistant"), "content": TEXT}), least=1)
ARGUMENT: Final = Mapping({"name": EXTENDED, "description": TEXT}, {"label": TEXT, "required": FLAG})
PROMPT: Final = Mapping(
    required={"name": EXTENDED, "label": TEXT, "description": TEXT},
    optional={"arguments": Items(ARGUMENT, least=1), "template": MESSAGES, "location": FILE},
    ways=(one_key("template", "location"),),
)
TRANSPORTS: Final = Ways(
    "needs a 'port'",
    (
        Way("transport", ("transport",), ("port",), {"transport": word("stdio")}),
        Way(None, ("port",), keys={"transport": word("http")}),
    ),
    only_one=True,
)
MCP: Final = Mapping(
    required={"type": TYPE, "namespace": KEBAB, "tools": Items(TOOL, least=1)},
    optional={
        "transport": word("http", "stdio"),
        "address": ADDRESS,
        "port": PORT,
        "description": TEXT,
        "authentication": AUTHENTICATION,
        "resources": Items(MCP_RESOURCE, least=1),
        "prompts": Items(PROMPT, least=1),
    },
    ways=(TRANSPORTS,),
)

FROM: Final = Mapping({"sourceNamespace": TEXT, "action": TEXT})
SKILL_TOOL: Final = Mapping(
    {"name": KEBAB, "description": TEXT},
    {"from": FROM, "instruction": TEXT},
    (one_key("from", "instruction"),),
)
SKILL_DETAILS: Final[dict[str, Shape]] = {
    "license": TEXT,
    "compatibility": Text(most=500),
    "metadata": Named(TEXT),
    "allowed-tools": Text(most=1024),
    "argument-hint": TEXT,
    "user-invocable": FLAG,
    "disable-model-invocation": FLAG,
    "location": FILE,
}
SKILL_DESCRIPTION: Final = Text(most=1024)
SKILL: Final = Mapping(
    required={"name": KEBAB, "description": SKILL_DESCRIPTION},
    optional={**SKILL_DETAILS, "tools": Items(SKILL_TOOL, least=1)},
)
SKILLS: Final = Mapping(
    required={"type": TYPE, "port": PORT, "namespace": KEBAB, "skills": Items(SKILL, least=1)},
    optional={"address": ADDRESS, "description": TEXT, "authentication": AUTHENTICATION},
)

LOGS: Final = Mapping(
    optional={"level-control": FLAG, "stream": FLAG, "max-subscribers": Number(whole=True, least=1, most=20)}
)
SCRIPTING: Final = Mapping(
    optional={
        "enabled": FLAG,
        "defaultLocation": FILE,
        "defaultLanguage": LANGUAGE,
        "timeout": POSITIVE,
        "statementLimit": POSITIVE,
        "allowedLanguages": Items(LANGUAGE),
    }
)
MANAGEMENT: Final = Mapping(
    optional={
        "health": FLAG,
        "info": FLAG,
        "reload": FLAG,
        "validate": FLAG,
        "logs": Either((FLAG, LOGS)),
        "scripting": SCRIPTING,
    }
)
_BUFFER: Final = Number(whole=True, least=10, most=10000)
TRACES: Final = Mapping(
    optional={
        "sampling": Number(least=0, most=1),
        "propagation": word("w3c", "b3"),
        "local": Mapping(optional={"enabled": FLAG, "buffer-size": _BUFFER}),
    }
)
OBSERVABILITY: Final = Mapping(
    optional={
        "enabled": FLAG,
        "metrics": Mapping(optional={"local": Mapping(optional={"enabled": FLAG})}),
        "traces": TRACES,
        "exporters": Mapping(optional={"otlp": Mapping({"endpoint": TEXT})}),
    }
)
CONTROL: Final = Mapping(
    required={"type": TYPE, "port": PORT},
    optional={
        "address": ADDRESS,
        "authentication": AUTHENTICATION,
        "management": MANAGEMENT,
        "observability": OBSERVABILITY,
    },
)

# The document.

SEMANTICS: Final = Mapping(optional={"safe": FLAG, "idempotent": FLAG, "cacheable": FLAG})
FUNCTION: Final = Mapping(
    required={"name": KEBAB, "description": TEXT},
    optional={
        "semantics": SEMANTICS,
        "inputParameters": TOOL_INPUTS,
        **_CALLING,
        "outputParameters": Items(ANY),
    },
    ways=(
        Ways(
            "needs 'call', 'steps' or constant 'outputParameters'",
            (
                Way("call", ("call",), keys=_BY_CALL),
                Way("steps", ("steps",), keys=_BY_STEPS),
                Way("outputParameters", ("outputParameters",), keys=_AS_MOCK),
            ),
        ),
    ),
)
AGGREGATE: Final = Mapping({"label": TEXT, "namespace": KEBAB, "functions": Items(FUNCTION, least=1)})
EXPOSES: Final = Items(Kinds({"rest": REST, "mcp": MCP, "skill": SKILLS, "control": CONTROL}), least=1)
CAPABILITY: Final = Mapping(
    optional={
        "binds": BINDS,
        "exposes": EXPOSES,
        "consumes": CONSUMES,
        "aggregates": Items(AGGREGATE, least=1),
    },
    ways=(some_key("exposes", "consumes"),),
)
DOCUMENT: Final = Mapping(
    required={"naftiko": word(VERSION)},
    optional={"info": INFO, "consumes": CONSUMES, "binds": BINDS, "capability": CAPABILITY},
    ways=(one_key("capability", "consumes"),),
)
