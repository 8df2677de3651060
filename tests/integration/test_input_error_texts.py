"""The texts of input errors: what was received, what is allowed. REST, both MCP eras, and both paths say the same."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from naftiko_runtime.bind_plan import bind
from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.exposes.app_services import AppServices
from naftiko_runtime.exposes.kinds import get_kind
from support.asgi_requests import request
from support.linked import link_plan, make_document, make_mcp_expose, make_rest_expose
from support.mcp_fast_path import encoded, headers, message
from support.repeating_transport import FixedResponse, RepeatingTransport

SECRET: Final = "hunter2-is-secret"
LONG: Final = "x" * 5000
INPUTS: Final[dict[str, dict[str, Any]]] = {
    "limit": {"type": "integer"},
    "rate": {"type": "number", "minimum": 1},
    "active": {"type": "boolean"},
    "name": {"type": "string", "pattern": "[a-z]+"},
    "tags": {"type": "array", "items": {"type": "integer"}},
    "box": {"type": "object"},
    "status": {"type": "string", "enum": ["open", "closed"]},
    "password": {"type": "integer"},
    "pin": {"type": "integer", "format": "password"},
    "secret": {"type": "string", "pattern": "^[0-9]+$"},
}
INPUT_LIST: Final = [{"name": name, "in": "body", "required": False, **more} for name, more in INPUTS.items()]

CASES: Final[list[tuple[str, Any, str]]] = [
    ("limit", "many", "must be a whole number; received 'many'"),
    ("limit", 2.5, "must be a whole number; received 2.5"),
    ("limit", True, "must be a whole number; received true"),
    ("limit", [1], "must be a whole number; received a list"),
    ("limit", {"token": SECRET}, "must be a whole number; received an object"),
    ("limit", LONG, f"must be a whole number; received '{LONG[:79]}…"),
    ("rate", "fast", "must be a number; received 'fast'"),
    ("rate", 0, "must be at least 1; received 0"),
    ("active", "yes", "must be true or false; received 'yes'"),
    ("name", 7, "must be a string; received 7"),
    ("name", "A B", "must match [a-z]+; received 'A B'"),
    ("tags", 7, "must be a list; received 7"),
    ("tags", [1, "two"], "item 2 must be a whole number; received 'two'"),
    ("box", 7, "must be an object; received 7"),
    ("status", "opn", "must be one of 'open', 'closed'; received 'opn', did you mean 'open'?"),
    ("password", SECRET, "must be a whole number; received ***"),
    ("pin", SECRET, "must be a whole number; received ***"),
    ("secret", SECRET, "must match ^[0-9]+$; received ***"),
    ("limit", "sk_live_4f8a9b2c1d", "must be a whole number; received '***'"),
]

DOCUMENT: Final = make_document(
    {"method": "POST", "inputParameters": [{"name": name, "in": "body"} for name in INPUTS]},
    [
        make_rest_expose(method="POST", inputs=INPUT_LIST),
        make_mcp_expose(inputs=[{key: value for key, value in one.items() if key != "in"} for one in INPUT_LIST]),
    ],
)


async def collect_texts(arguments: dict[str, Any]) -> dict[str, str]:
    """The text about the arguments, by where it comes from."""
    plan = link_plan(DOCUMENT)
    texts: dict[str, str] = {}
    async with bind(plan, {}, lambda: RepeatingTransport(FixedResponse(200))) as bound:
        rest, mcp = bound.servers
        async with get_kind(rest.server).open_app([rest], AppServices(CallerPolicy())) as app:
            sent = {"host": "localhost", "content-type": "application/json"}
            status, body = await request(app, "POST", "/ships", sent, encoded(arguments))
            assert status == 400, body
            (error,) = json.loads(body)["errors"]
            texts["rest"] = f"'{error['name']}': {error['detail']}"
        for direct in (True, False):
            services = AppServices(CallerPolicy(mcp_fast_path=direct))
            async with get_kind(mcp.server).open_app([mcp], services) as app:
                for version in ("2026-07-28", "2025-06-18"):
                    sent = {"host": "localhost"} | headers(version, "tool")
                    _, body = await request(app, "POST", "/mcp", sent, encoded(message(version, "tool", arguments)))
                    result = json.loads(body)["result"]
                    assert result["isError"], result
                    texts[f"{version} {direct}"] = result["content"][0]["text"]
    return texts


@pytest.mark.parametrize(("name", "value", "expected"), CASES)
async def test_all_say_what_was_received_and_what_is_allowed(name: str, value: Any, expected: str) -> None:
    texts = await collect_texts({name: value})
    assert texts.pop("rest") == f"'{name}': {expected}"
    assert len(texts) == 4
    for where, text in texts.items():
        assert f"'{name}': {expected}" in text, where
        assert SECRET not in text
        assert "4f8a9b2c1d" not in text
        assert len(text) < 1000
    assert len(set(texts.values())) == 1
