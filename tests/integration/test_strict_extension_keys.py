"""``--strict`` refuses each key that the official schema lacks, also where the runtime serves it."""

from __future__ import annotations

from typing import Any, Final

import pytest

from naftiko_runtime.link.operator_overrides import Overrides
from support.linked import load_document, make_document, make_mcp_expose, make_rest_expose

INPUT_KEYS: Final[dict[str, dict[str, Any]]] = {
    "enum": {"type": "string", "enum": ["a"]},
    "minimum": {"type": "integer", "minimum": 1},
    "maximum": {"type": "integer", "maximum": 9},
    "minLength": {"type": "string", "minLength": 1},
    "maxLength": {"type": "string", "maxLength": 9},
    "format": {"type": "string", "format": "date"},
    "items": {"type": "array", "items": {"type": "string"}},
    "examples": {"type": "string", "examples": ["a"]},
}


def list_deviations(data: dict[str, Any], key: str, *, strict: bool) -> list[str]:
    """What is said of a key: the severities of its deviations."""
    loaded = load_document(data, Overrides(strict=strict))
    return [
        str(one.severity)
        for one in loaded.diagnostics
        if one.rule.slug == "non-standard" and f"no key '{key}' here" in one.message
    ]


@pytest.mark.parametrize("kind", ["rest", "mcp"])
@pytest.mark.parametrize("key", INPUT_KEYS)
def test_keys_of_inputs_are_refused(key: str, kind: str) -> None:
    base = {"name": "x", "description": "An input."}
    if kind == "rest":
        exposes = [make_rest_expose(inputs=[base | {"in": "query"} | INPUT_KEYS[key]])]
    else:
        exposes = [make_mcp_expose(inputs=[base | INPUT_KEYS[key]])]
    data = make_document({"inputParameters": [{"name": "x", "in": "query"}]}, exposes)
    assert list_deviations(data, key, strict=True) == ["error"]
    assert list_deviations(data, key, strict=False) == []


@pytest.mark.parametrize(
    ("key", "api"),
    [
        ("forwardHeaders", {"forwardHeaders": ["X-Tenant"]}),
        (
            "grant",
            {
                "authentication": {
                    "type": "oauth2",
                    "grant": "token-exchange",
                    "tokenUrl": "https://login.example/token",
                    "clientId": "a",
                    "clientSecret": "{{SECRET}}",
                }
            },
        ),
    ],
)
def test_keys_of_consumed_apis_are_refused(key: str, api: dict[str, Any]) -> None:
    data = make_document({}, binds={"SECRET": "SECRET"}, **api)
    found = list_deviations(data, key, strict=True)
    assert found
    assert set(found) == {"error"}
