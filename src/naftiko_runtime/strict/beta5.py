"""What 1.0.0-beta5 of the specification takes: lists of named things as maps. What did not change is 1.0.0-alpha2's."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.strict.alpha2 import (
    ADDRESS,
    ANY,
    AUTHENTICATION,
    BASE_URI,
    BIND,
    BODY,
    CALL,
    CONSUMED_PLACE,
    CONTROL,
    DATE,
    EXPOSED_PLACE,
    EXTENDED,
    FILE,
    FLAG,
    FORWARD,
    FROM,
    HINTS,
    INPUT_TYPE,
    KEBAB,
    LOOKUP,
    MAPPED_OUTPUT,
    MAPPED_OUTPUTS,
    MEDIA_TYPE,
    MESSAGES,
    METHOD,
    OUTPUT_TYPE,
    PERSON,
    PORT,
    RAW_FORMATS,
    SCALAR_TYPE,
    SCRIPT,
    SEMANTICS,
    SKILL_DESCRIPTION,
    SKILL_DETAILS,
    TARGET,
    TEXT,
    TEXTS,
    TRANSPORTS,
    TYPE,
    WITH,
)
from naftiko_runtime.strict.shapes import (
    Either,
    IfList,
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
    not_both,
    one_key,
    some_key,
    word,
)

VERSION: Final = "1.0.0-beta5"

IMPORT: Final = Mapping({"from": TEXT, "import": KEBAB}, {"as": KEBAB, "description": TEXT})
SIZE: Final = form(r"\d+(\.\d+)?(B|KiB|MiB|GiB)", "a size with its unit, such as '512KiB'")
_DETAILS: Final[dict[str, Shape]] = {"display": TEXT, "description": TEXT, "tags": TEXTS}

INFO: Final = Mapping(
    required={"display": TEXT, "description": TEXT},
    optional={"tags": TEXTS, "created": DATE, "modified": DATE, "version": TEXT, "stakeholders": Items(PERSON)},
)

# Outputs and steps.

_TYPED: Final = Mapping({"type": TYPE})
_ORCHESTRATED_OUTPUT: Final[Shape] = Kinds(
    {
        "string": _TYPED,
        "number": _TYPED,
        "boolean": _TYPED,
        "object": Mapping({"type": TYPE, "properties": Named(Later(lambda: _ORCHESTRATED_OUTPUT))}),
        "array": Mapping({"type": TYPE, "items": Named(Later(lambda: _ORCHESTRATED_OUTPUT), least=1)}),
    }
)
ORCHESTRATED_OUTPUTS: Final = Named(_ORCHESTRATED_OUTPUT)
MOCK_OUTPUTS: Final = Named(Mapping({"type": SCALAR_TYPE, "value": TEXT}), least=1)
STEPS: Final = Named(
    Kinds(
        {
            "call": Mapping({"type": TYPE, "call": CALL}, {"with": WITH}),
            "lookup": Mapping({"type": TYPE, **LOOKUP}),
            "script": Mapping({"type": TYPE, "file": Text(least=1)}, SCRIPT),
        }
    ),
    names=KEBAB,
    least=1,
)
MAPPINGS: Final = Items(Mapping({"target": TARGET, "value": TEXT}))

# Consumed APIs.

CONSUMED_INPUTS: Final = Named(Mapping({"in": CONSUMED_PLACE}, {"value": TEXT}), names=EXTENDED)
CONSUMED_OPERATION: Final = Mapping(
    required={"method": METHOD},
    optional={
        **_DETAILS,
        "inputParameters": CONSUMED_INPUTS,
        "outputRawFormat": word(*RAW_FORMATS, "binary"),
        "outputMediaType": TEXT,
        "maxBinarySize": SIZE,
        "outputSchema": TEXT,
        "outputParameters": Named(Mapping({"type": OUTPUT_TYPE, "value": TEXT})),
        "body": BODY,
    },
)
CONSUMED_RESOURCE: Final = Mapping(
    required={"path": TEXT, "operations": Named(CONSUMED_OPERATION, names=KEBAB, least=1)},
    optional={**_DETAILS, "inputParameters": CONSUMED_INPUTS},
)
TUNNEL: Final = Kinds(
    {"ziti": Mapping({"type": TYPE, "service": TEXT, "identity": TEXT}, {"fallback": word("fail", "direct")})}
)
CONSUMED_HTTP: Final = Mapping(
    required={"namespace": KEBAB, "type": word("http"), "baseUri": BASE_URI},
    optional={
        "description": TEXT,
        "inputParameters": CONSUMED_INPUTS,
        "authentication": AUTHENTICATION,
        "tunnel": TUNNEL,
        "resources": Named(CONSUMED_RESOURCE, names=KEBAB, least=1),
    },
)

# What is exposed.

EXPOSED_INPUTS: Final = Named(
    Mapping(
        required={"in": EXPOSED_PLACE, "type": INPUT_TYPE, "description": TEXT},
        optional={"pattern": TEXT, "value": TEXT},
    ),
    names=EXTENDED,
)
TOOL_INPUTS: Final = Named(Mapping({"type": INPUT_TYPE, "description": TEXT}, {"required": FLAG}), names=EXTENDED)
_CALLING: Final[dict[str, Shape]] = {"call": CALL, "with": WITH, "steps": STEPS, "mappings": MAPPINGS}
_BY_CALL: Final[dict[str, Shape]] = {"outputParameters": MAPPED_OUTPUTS}
_BY_STEPS: Final[dict[str, Shape]] = {"outputParameters": ORCHESTRATED_OUTPUTS}
_AS_MOCK: Final[dict[str, Shape]] = {"outputParameters": MOCK_OUTPUTS}

STATUS: Final = form(r"[1-5][0-9X]{2}", "a status such as '200' or '4XX'")
RESPONSE: Final = Mapping(
    optional={
        "description": TEXT,
        "content": Named(Mapping(optional={"binary": FLAG, "schema": Named(ANY)}), names=MEDIA_TYPE, least=1),
    }
)
BINARY_RESPONSE: Final = Mapping(
    {"mediaType": MEDIA_TYPE}, {"status": Number(whole=True, least=100, most=599), "description": TEXT}
)
OPERATION: Final = Mapping(
    required={"method": METHOD},
    optional={
        **_DETAILS,
        "inputParameters": EXPOSED_INPUTS,
        "ref": CALL,
        **_CALLING,
        "outputParameters": ANY,
        "responses": Named(RESPONSE, names=STATUS),
        "responseBinary": BINARY_RESPONSE,
    },
    ways=(
        Ways(
            "needs 'call', 'steps' or 'ref'",
            (
                Way(keys={"outputParameters": IfList(MAPPED_OUTPUT)}),
                Way("steps", ("steps",), keys=_BY_STEPS),
                Way("ref", ("ref",)),
            ),
        ),
        not_both("responses", "responseBinary"),
    ),
)
RESOURCE: Final = Mapping(
    required={"path": TEXT},
    optional={
        **_DETAILS,
        "inputParameters": EXPOSED_INPUTS,
        "operations": Named(OPERATION, names=KEBAB, least=1),
        "forward": FORWARD,
    },
    ways=(some_key("operations", "forward"),),
)
REST: Final = Mapping(
    required={"type": TYPE, "port": PORT, "namespace": KEBAB},
    optional={
        "address": ADDRESS,
        "authentication": AUTHENTICATION,
        "maxBinarySize": SIZE,
        "resources": Named(RESOURCE, names=KEBAB, least=1),
    },
)

TOOL: Final = Mapping(
    optional={
        **_DETAILS,
        "inputParameters": TOOL_INPUTS,
        "ref": CALL,
        **_CALLING,
        "hints": HINTS,
        "outputParameters": ANY,
    },
    ways=(
        Ways(
            "needs 'call', 'steps', 'ref' or constant 'outputParameters'",
            (
                Way("call", ("description", "call"), keys=_BY_CALL),
                Way("steps", ("description", "steps"), keys=_BY_STEPS),
                Way("ref", ("ref",)),
                Way("outputParameters", ("description", "outputParameters"), keys=_AS_MOCK),
            ),
        ),
    ),
)
MCP_RESOURCE: Final = Mapping(
    required={"display": TEXT, "uri": TEXT, "description": TEXT},
    optional={
        "mimeType": MEDIA_TYPE,
        "binary": FLAG,
        **_CALLING,
        "outputParameters": Either((Items(ANY), Named(ANY))),
        "location": FILE,
    },
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
PROMPT: Final = Mapping(
    required={"display": TEXT, "description": TEXT},
    optional={
        "arguments": Named(Mapping({"description": TEXT}, {"display": TEXT, "required": FLAG}), names=EXTENDED),
        "template": MESSAGES,
        "location": FILE,
    },
    ways=(one_key("template", "location"),),
)
MCP: Final = Mapping(
    required={"type": TYPE, "namespace": KEBAB, "tools": Named(TOOL, names=KEBAB, least=1)},
    optional={
        "transport": word("http", "stdio"),
        "address": ADDRESS,
        "port": PORT,
        "description": TEXT,
        "maxBinarySize": SIZE,
        "ttlMs": Number(whole=True),
        "cacheScope": word("public", "private"),
        "authentication": AUTHENTICATION,
        "resources": Named(MCP_RESOURCE, names=KEBAB, least=1),
        "prompts": Named(PROMPT, names=KEBAB, least=1),
    },
    ways=(TRANSPORTS,),
)
SKILL_TOOL: Final = Mapping(
    {"description": TEXT}, {"from": FROM, "instruction": TEXT}, (one_key("from", "instruction"),)
)
SKILL: Final = Mapping(
    required={"description": SKILL_DESCRIPTION},
    optional={**SKILL_DETAILS, "tools": Named(SKILL_TOOL, names=KEBAB, least=1)},
)
SKILLS: Final = Mapping(
    required={"type": TYPE, "port": PORT, "namespace": KEBAB, "skills": Named(SKILL, names=KEBAB, least=1)},
    optional={"address": ADDRESS, "description": TEXT, "authentication": AUTHENTICATION},
)

# The document.

FLOW: Final = Mapping(
    required={"description": TEXT},
    optional={
        "tags": TEXTS,
        "semantics": SEMANTICS,
        "outputMediaType": TEXT,
        "inputParameters": TOOL_INPUTS,
        **_CALLING,
        "outputParameters": ANY,
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
AGGREGATE: Final = Mapping(
    required={"display": TEXT, "flows": Named(FLOW, names=KEBAB, least=1)}, optional={"namespace": KEBAB}
)
_EXPOSE: Final = Kinds({"rest": REST, "mcp": MCP, "skill": SKILLS, "control": CONTROL})
BINDS: Final = Items(Imported("from", IMPORT, BIND), least=1)
CONSUMES: Final = Items(Imported("from", IMPORT, CONSUMED_HTTP), least=1)
EXPOSES: Final = Items(Imported("from", IMPORT, _EXPOSE), least=1)
AGGREGATES: Final = Items(Imported("from", IMPORT, AGGREGATE), least=1)
SECTIONS: Final[dict[str, Shape]] = {
    "binds": BINDS,
    "consumes": CONSUMES,
    "exposes": EXPOSES,
    "aggregates": AGGREGATES,
}
CAPABILITY: Final = Mapping(optional=SECTIONS, ways=(some_key("exposes", "consumes"),))
DOCUMENT: Final = Mapping(
    required={"ikanos": word(VERSION)},
    optional={"info": INFO, **SECTIONS, "capability": CAPABILITY},
    ways=(
        Ways(
            "needs either 'capability', or one of 'consumes', 'exposes', 'aggregates' and 'binds' to be imported",
            (
                Way("capability", ("capability",)),
                *(Way(key, (key,), ("capability",)) for key in ("consumes", "exposes", "aggregates", "binds")),
            ),
            only_one=True,
        ),
    ),
)
