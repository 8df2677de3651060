"""A journey: a document, calls, the expected requests to the upstream, and the expected responses.

README.md in this folder describes the format.
"""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator

from naftiko_runtime import source
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import load
from support.upstream import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from naftiko_runtime.plan import Plan
    from support.upstream import RecordedRequest, Upstream

_KEYS = {
    "journey": {"journey", "environment", "files", "options", "caller", "document", "upstream", "schemas", "steps"},
    "options": {"skip-broken"},
    "step": {"step", "rest", "tool", "sent", "tool-sent", "response", "tool-response"},
    "rest": {"request", "headers", "json", "text", "type"},
    "tool": {"name", "arguments"},
    "sent": {"request", "headers", "without", "json", "text", "type"},
    "response": {
        "status",
        "headers",
        "without",
        "type",
        "json",
        "text",
        "base64",
        "empty",
        "refused",
        "failed",
        "note",
    },
    "reply": {"status", "headers", "type", "json", "text", "base64"},
}


@dataclass(frozen=True)
class Story:
    """One file."""

    name: str
    environment: dict[str, str]
    document: dict[str, Any]
    upstream: dict[str, Any]
    schemas: dict[str, Any]
    steps: list[dict[str, Any]]
    folder: Path
    files: dict[str, str] = field(default_factory=dict)
    options: dict[str, bool] = field(default_factory=dict)
    caller: dict[str, str] = field(default_factory=dict)

    def plan(self, url: str) -> Plan:
        """The plan of the document, every consumed API moved to an upstream on this machine, exposes to free ports."""
        capability = {key: value for key, value in self.document.items() if key not in ("binds", "ikanos", "naftiko")}
        key = "ikanos" if "ikanos" in self.document else "naftiko"
        whole = {
            key: self.document.get(key, "1.0.0-alpha2"),
            "info": {"label": self.name},
            "binds": self.document.get("binds", []),
            "capability": capability,
        }
        for name, text in self.files.items():
            (self.folder / name).write_text(text.replace("{upstream}", url))
        file = self.folder / f"{self.name}.yml"
        file.write_bytes(yaml.dump(whole, Dumper=_AsWritten, sort_keys=False).replace("{upstream}", url).encode())
        ports = {expose["namespace"]: 0 for expose in capability["exposes"]}
        apis = [api for api in capability["consumes"] if "{{" not in api.get("baseUri", "{{")]
        base_uris = {api["namespace"]: url + urlsplit(api["baseUri"]).path for api in apis}
        skip_broken = self.options.get("skip-broken", False)
        loaded = load(file, Overrides(base_uris, ports, host="127.0.0.1", skip_broken=skip_broken))
        assert loaded.plan is not None, "\n".join(f"{d.span}: {d.message}" for d in loaded.diagnostics)
        return loaded.plan

    def variables(self, url: str) -> dict[str, str]:
        """What the binds find; ``{upstream}``, ``{host}`` and ``{port}`` in a value are the upstream's."""
        parts = urlsplit(url)
        marks = {"{upstream}": url, "{host}": str(parts.hostname), "{port}": str(parts.port)}
        found = dict(self.environment)
        for mark, value in marks.items():
            found = {name: text.replace(mark, value) for name, text in found.items()}
        return found

    def script(self, upstream: Upstream) -> None:
        """Let the upstream forget what it knew, and respond as this story says."""
        upstream.reset()
        for line, reply in self.upstream.items():
            check_keys(reply, "reply")
            method, path = line.split(" ")
            typed = {"content-type": get_content_type(reply)} if get_content_type(reply) else {}
            named = {
                name: value.replace("{upstream}", upstream.url) for name, value in reply.get("headers", {}).items()
            }
            headers = {**typed, **named}
            upstream.on(method, path, Reply(reply.get("status", 200), headers, make_content(reply)))


class _AsWritten(yaml.SafeDumper):
    """Numbers as the story spells them, and every value where it is used."""

    def ignore_aliases(self, _: Any) -> bool:
        return True

    def represent_number(self, value: source.WrittenInt | source.WrittenFloat) -> yaml.Node:
        kind = "int" if isinstance(value, int) else "float"
        return self.represent_scalar(f"tag:yaml.org,2002:{kind}", value.text)


_AsWritten.add_representer(source.WrittenInt, _AsWritten.represent_number)
_AsWritten.add_representer(source.WrittenFloat, _AsWritten.represent_number)


def read_story(path: Path, folder: Path) -> Story:
    """The story of a file, which writes its document and files into a folder."""
    data = source.read_source(path).data
    assert data["journey"]
    check_keys(data, "journey")
    check_keys(data.get("options", {}), "options")
    for step in data["steps"]:
        check_keys(step, "step")
        for key, kind in _PARTS:
            for part in step[key] if isinstance(step.get(key), list) else [step.get(key)]:
                if isinstance(part, dict):
                    check_keys(part, kind)
    return Story(
        path.stem,
        data.get("environment", {}),
        data["document"],
        data.get("upstream", {}),
        data.get("schemas", {}),
        data["steps"],
        folder,
        data.get("files", {}),
        data.get("options", {}),
        data.get("caller", {}),
    )


_PARTS = (
    ("rest", "rest"),
    ("tool", "tool"),
    ("sent", "sent"),
    ("tool-sent", "sent"),
    ("response", "response"),
    ("tool-response", "response"),
)


def check_keys(part: dict[str, Any], kind: str) -> None:
    """Check the keys of a part: the expectation of a misspelt key would never be checked."""
    assert part.keys() <= _KEYS[kind], f"{kind} has no {sorted(part.keys() - _KEYS[kind])}"


def make_content(part: dict[str, Any]) -> bytes:
    """The body that a part of a story describes."""
    if "json" in part:
        return json.dumps(part["json"]).encode()
    return b64decode(part["base64"]) if "base64" in part else str(part.get("text", "")).encode()


def get_content_type(part: dict[str, Any]) -> str | None:
    return part.get("type") or ("application/json" if "json" in part else None)


def check_same_json(actual: bytes | str, expected: Any) -> None:
    """JSON of the same text, but for order and white space: ``1``, ``1.0``, ``true`` and ``"1"`` all differ."""
    shown = json.dumps(json.loads(actual), sort_keys=True)
    assert shown == json.dumps(expected, sort_keys=True)


def check_sent(received: list[RecordedRequest], sent: list[Any] | dict[str, Any] | str | None) -> None:
    """Check what the upstream received."""
    if sent == "nothing":
        assert [f"{request.method} {request.target}" for request in received] == []
        return
    expected = sent if isinstance(sent, list) else [sent]
    assert len(received) == len(expected)
    for request, wanted in zip(received, expected, strict=True):
        names = [name for name, _ in request.headers]
        assert sorted(names) == sorted(set(names)), "a header was sent twice"
        if isinstance(wanted, dict):
            _check_request(request, wanted)


def _check_request(request: RecordedRequest, sent: dict[str, Any]) -> None:
    if "request" in sent:
        assert f"{request.method} {request.target}" == sent["request"]
    for name, value in sent.get("headers", {}).items():
        assert _utf8(request.header(name.lower()) or "") == value, f"header {name}"
    for name in sent.get("without", ()):
        assert request.header(name.lower()) is None, f"header {name}"
    if "json" in sent:
        check_same_json(request.body, sent["json"])
        assert request.header("content-type") == "application/json"
    elif "text" in sent:
        assert request.body.decode() == sent["text"]
    if "type" in sent:
        assert request.header("content-type") == sent["type"]


def _utf8(text: str) -> str:
    return text.encode("latin-1").decode()


@dataclass(frozen=True)
class RestResponse:
    """What a REST caller got."""

    status: int
    headers: dict[str, str]
    body: bytes


def check_response(given: RestResponse, response: dict[str, Any]) -> None:
    """Check what a REST caller got."""
    if "refused" in response or "failed" in response:
        _check_problem(given, response)
        return
    if not response:
        assert given.status < HTTPStatus.BAD_REQUEST, given.body
    assert given.status == response.get("status", given.status), given.body
    for name, value in response.get("headers", {}).items():
        assert given.headers.get(name.lower()) == value, f"header {name}"
    for name in response.get("without", ()):
        assert name.lower() not in given.headers, f"header {name}"
    if (expected := get_content_type(response)) is not None:
        assert given.headers["content-type"] == expected
    if "json" in response:
        check_same_json(given.body, response["json"])
    elif response.keys() & {"text", "base64", "empty"}:
        assert given.body == make_content(response)


def _check_problem(given: RestResponse, response: dict[str, Any]) -> None:
    problem = json.loads(given.body)
    assert given.headers["content-type"] == "application/problem+json"
    status = response.get("status", 400 if "refused" in response else 502)
    assert (given.status, problem["status"]) == (status, status)
    if "refused" not in response:
        assert response["failed"] in problem["detail"]
        return
    faults = {(fault["name"], fault["in"]): fault["detail"] for fault in problem["errors"]}
    assert faults.keys() == {_parse_input(line) for line in response["refused"]}
    for line, why in response["refused"].items():
        assert why in faults[_parse_input(line)]


def _parse_input(line: str) -> tuple[str, str]:
    """``query limit`` names an input and its place; ``path`` the whole of a place."""
    place, _, name = line.partition(" ")
    return name, place


ADVISED = {400, 401, 403, 404, 407, 409, 410, 412, 422, 429}
"""Statuses below 500 that say what a caller can do."""


def check_result(result: Any, response: dict[str, Any], schema: dict[str, Any] | None = None) -> None:
    """Check what a tool's caller got: the same response as content, and by the tool's output schema."""
    status = response.get("status", 200)
    assert len(result.content) <= 2
    noted = result.content[1].text.splitlines() if len(result.content) > 1 else []
    assert [line for line in noted if "structuredContent" not in line] == response.get("note", [])
    if "refused" in response or "failed" in response:
        _check_failure(result, response)
    elif status >= HTTPStatus.BAD_REQUEST:
        assert result.is_error
        head, _, body = result.content[0].text.partition("\n")
        head, _, advice = head.partition("; ")
        assert head.endswith(f"responded with {status} {HTTPStatus(status).phrase}")
        assert body == make_content(response).decode()
        _check_advice(advice, status, noted, result.structured_content, schema)
    elif response.get("empty"):
        assert not result.is_error
        empty = {} if schema is None else dict.fromkeys(schema.get("properties", {}))
        assert result.structured_content == empty
        assert str(status) in result.content[0].text
    else:
        assert not result.is_error, result.content
        _check_content(result, response, schema)


def _check_advice(advice: str, status: int, noted: list[str], structured: Any, schema: dict[str, Any] | None) -> None:
    """Check that the caller is told when to try again, also as structured content where no schema forbids it."""
    retry = next((line.removeprefix("Retry-After: ") for line in noted if line.startswith("Retry-After: ")), None)
    if retry is None:
        assert structured is None
        assert bool(advice) == (status in ADVISED or status >= HTTPStatus.INTERNAL_SERVER_ERROR), advice
        return
    assert advice == f"try again after {retry} seconds"
    problem = None if structured is None else (structured["status"], structured["retryAfter"])
    assert problem == (None if schema is not None else (status, int(retry)))


def _check_failure(result: Any, response: dict[str, Any]) -> None:
    text = result.content[0].text
    assert (result.is_error, result.structured_content) == (True, None)
    assert response.get("failed", "") in text
    for line, why in response.get("refused", {}).items():
        assert _parse_input(line)[0] in text
        assert why in text


def _check_content(result: Any, response: dict[str, Any], schema: dict[str, Any] | None) -> None:
    block, media_type = result.content[0], (get_content_type(response) or "").partition(";")[0]
    if "json" in response:
        check_same_json(block.text, response["json"])
        _check_structured(result, response["json"], schema)
    elif "text" in response:
        assert block.text == response["text"]
        if media_type.endswith("json"):
            _check_structured(result, json.loads(response["text"]))
        else:
            assert result.structured_content is None
    elif "base64" in response:
        kind = media_type.partition("/")[0]
        if kind in ("image", "audio"):
            assert (block.type, block.data, block.mime_type) == (kind, response["base64"], media_type)
        else:
            assert block.type == "resource"
            assert (block.resource.blob, block.resource.mime_type) == (response["base64"], media_type)
        assert result.structured_content is None


def _check_structured(result: Any, value: Any, schema: dict[str, Any] | None = None) -> None:
    """JSON comes as a value too; what is no object as the result of one: older protocol revisions only take objects."""
    expected = value if isinstance(value, dict) else {"result": value}
    if schema is not None:
        inner = schema.get("properties", {}).get("result")
        expected = _allow_null(value, schema) if inner is None else {"result": _allow_null(value, inner)}
    assert json.dumps(result.structured_content, sort_keys=True) == json.dumps(expected, sort_keys=True)
    noted = any("structuredContent" in block.text for block in result.content[1:])
    assert noted == (expected not in (value, {"result": value})), "the two differ, and nothing says so, or the reverse"


def _allow_null(value: Any, schema: dict[str, Any]) -> Any:
    """A value with null for every scalar of another type than its schema says."""
    if isinstance(value, dict) and "properties" in schema:
        return {name: _allow_null(item, schema["properties"][name]) for name, item in value.items()}
    if isinstance(value, dict) and "additionalProperties" in schema:
        return {name: _allow_null(item, schema["additionalProperties"]) for name, item in value.items()}
    if isinstance(value, list) and "items" in schema:
        return [_allow_null(item, schema["items"]) for item in value]
    return value if Draft202012Validator(schema).is_valid(value) else None
