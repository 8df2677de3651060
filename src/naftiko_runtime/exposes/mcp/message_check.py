"""Checks that the body of a POST is a valid MCP message. Errors are for the author of the client."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from naftiko_runtime.exposes.mcp.encode_result import CAPABILITIES, VERSION
from naftiko_runtime.exposes.mcp.revisions import HANDSHAKE, STATELESS, UNNAMED
from naftiko_runtime.suggest import find_closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from naftiko_runtime.telemetry.mcp import McpPath
    from naftiko_runtime.upstream.interface import Header

log = logging.getLogger(__name__)

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
HEADER_MISMATCH: Final = -32020
UNSUPPORTED_VERSION: Final = -32022

CANCELLED: Final = "notifications/cancelled"

BATCH_VERSION: Final = "2025-03-26"
"""The one revision that has batches."""

_ROUTING: Final = (b"mcp-protocol-version", b"mcp-method", b"mcp-name")
_OF_REVISIONS: Final = {True: ("server/discover", "subscriptions/listen"), False: ("initialize", "ping")}
"""The methods of every server, by whether the revision is stateless."""

_NOT_OFFERED: Final = {
    "completion/complete": "has no values to complete",
    "logging/setLevel": "sends no logs",
    "prompts/get": "has no prompts",
    "prompts/list": "has no prompts",
    "resources/directory/read": "has no skills",
    "resources/list": "has no resources",
    "resources/read": "has no resources",
    "resources/subscribe": "sends no notifications",
    "resources/templates/list": "has no resources",
    "resources/unsubscribe": "sends no notifications",
    "skills/get": "has no skills",
    "skills/list": "has no skills",
    "tools/call": "has no tools",
    "tools/list": "has no tools",
}
"""Methods of the protocol that some servers do not serve, and why."""

_SHOWN_CHARACTERS: Final = 60
_SURROGATE: Final = b"\\ud"


class MessageFault(Struct, frozen=True):
    """Why a message is rejected.

    Attributes:
        status: The status code of the HTTP response.
        code: The code of the JSON-RPC error.
        message: One or two sentences.
        data: Details for programs.
    """

    status: int
    code: int
    message: str
    data: dict[str, Any] | None = None


def log_path(path: McpPath, message: Any, namespace: str) -> None:
    """Log which path handles a message, for debugging.

    Args:
        path: The path.
        message: The JSON value of the body.
        namespace: The namespace of the expose.
    """
    if log.isEnabledFor(logging.DEBUG) and isinstance(message, dict):
        params = message.get("params")
        tool = params.get("name") if isinstance(params, dict) else None
        extra = {"namespace": namespace, "mcp_path": path, "method": message.get("method"), "tool": tool}
        log.debug("MCP message", extra={name: value for name, value in extra.items() if isinstance(value, str)})


class NotAMessageError(Exception):
    """The body is not JSON, or the headers rule it out."""

    def __init__(self, fault: MessageFault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def accepts_json(accept: bytes | None) -> bool:
    """Return whether an ``Accept`` header takes JSON. Without one, every type is taken (RFC 9110)."""
    if accept is None or not accept.strip():
        return True
    chosen, weight = -1, 0.0
    for part in accept.lower().split(b","):
        kind, *parameters = (piece.strip() for piece in part.split(b";"))
        if kind in _ACCEPTED and _ACCEPTED.index(kind) >= chosen:  # the most specific range counts
            chosen, weight = _ACCEPTED.index(kind), _read_weight(parameters)
    return weight > 0


_ACCEPTED: Final = (b"*/*", b"application/*", b"application/json")


def _read_weight(parameters: Iterable[bytes]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0


def allows_json_message(content_type: bytes | None) -> bool:
    """Return whether a content type is JSON, or absent."""
    return content_type is None or content_type.partition(b";")[0].strip().lower() == b"application/json"


def check_headers(headers: Iterable[Header]) -> dict[bytes, bytes]:
    """Check the headers of a request, and return them by name.

    Raises:
        NotAMessageError: They do not allow the body to be read.
    """
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in found and name in _ROUTING:
            twice = f"the {_format_name(name)} header is repeated; send it once"
            raise NotAMessageError(MessageFault(400, HEADER_MISMATCH, twice))
        found[name] = value if name not in found else found[name] + b", " + value
    if not accepts_json(found.get(b"accept")):
        detail = "the Accept header must allow application/json"
        raise NotAMessageError(MessageFault(406, INVALID_REQUEST, detail))
    if not allows_json_message(found.get(b"content-type")):
        detail = (
            f"a message is sent as application/json, and the Content-Type header says {_quote(found[b'content-type'])}"
        )
        raise NotAMessageError(MessageFault(415, INVALID_REQUEST, detail))
    return found


def parse(body: bytes) -> Any:
    """Return the JSON value of a body.

    Raises:
        NotAMessageError: It is not JSON in UTF-8.
    """
    if not body.strip():
        raise NotAMessageError(MessageFault(400, PARSE_ERROR, "the body is empty; send one JSON-RPC message"))
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant)
        if body.lower().find(_SURROGATE) >= 0:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        why = "it is not UTF-8"
    except UnicodeEncodeError:
        why = "it contains an unpaired surrogate"
    except json.JSONDecodeError as error:
        why = f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"
    except RecursionError:
        why = "it is nested too deeply"
    except ValueError as error:  # a number of thousands of digits, or none at all
        why = str(error) if isinstance(error, _NotJsonError) else "it contains a number with too many digits"
    else:
        return value
    raise NotAMessageError(MessageFault(400, PARSE_ERROR, f"the body is not JSON: {why}"))


class _NotJsonError(ValueError):
    pass


def _refuse_constant(name: str) -> Any:
    raise _NotJsonError(f"it contains {name}, which JSON does not allow")


def get_identity(message: Any) -> int | str | None:
    """Return the id for the response to a message. None if the message has no valid id."""
    identity = message.get("id") if isinstance(message, dict) else None
    return identity if type(identity) in (int, str) else None


def get_version(headers: dict[bytes, bytes]) -> str:
    """Return the revision that a request's headers name."""
    value = headers.get(b"mcp-protocol-version")
    return UNNAMED if value is None else value.decode("latin-1").strip()


def find_fault(message: Any, headers: dict[bytes, bytes], methods: Mapping[bool, Sequence[str]]) -> MessageFault | None:
    """Return what is wrong with a single message, except for its parameters. None if it is valid.

    Args:
        message: The JSON value of the body.
        headers: The headers of the request.
        methods: The methods that are served, by whether the revision is stateless.
    """
    fault = _find_shape_fault(message)
    if fault is not None or "method" not in message:
        return fault
    begins = begins_handshake(message)
    fault = None if begins else _find_version_fault(message, headers)
    fault = fault or _find_method_header_fault(message["method"], headers)
    if fault is not None:
        return fault
    stateless = get_version(headers) in STATELESS and not begins
    if "id" not in message:
        return _find_notification_fault(message)
    return _find_request_fault(message, methods[stateless], stateless=stateless)


def begins_handshake(message: dict[str, Any]) -> bool:
    """Return whether a valid message is ``initialize``. It negotiates a revision, whatever the headers name."""
    return message["method"] == "initialize" and "id" in message and _get_envelope_version(message) is None


def is_reply(message: dict[str, Any]) -> bool:
    """Return whether a valid message is a response. The server never waits for one."""
    return "method" not in message


def _find_shape_fault(message: Any) -> MessageFault | None:
    """Return why a message is not JSON-RPC 2.0."""
    why = None
    if not isinstance(message, dict):
        why = f"a message is a JSON object, and the body is {_name_kind(message)}"
    elif message.get("jsonrpc") != "2.0":
        why = "'jsonrpc' must be \"2.0\""
    elif "id" in message and get_identity(message) is None:
        why = f"'id' must be a string or an integer, and is {_name_kind(message['id'])}"
    elif "method" not in message:
        if "result" in message or "error" in message:
            return None
        why = "'method' is missing"
    elif not isinstance(message["method"], str):
        why = f"'method' must be a string, and is {_name_kind(message['method'])}"
    elif "result" in message or "error" in message:
        why = "a message has either 'method', or 'result' or 'error'"
    elif not isinstance(message.get("params"), dict | None):
        return MessageFault(400, INVALID_PARAMS, f"'params' must be an object, and is {_name_kind(message['params'])}")
    return None if why is None else MessageFault(400, INVALID_REQUEST, why)


def _find_version_fault(message: dict[str, Any], headers: dict[bytes, bytes]) -> MessageFault | None:
    """Return why the header and the envelope do not name one supported revision."""
    header = headers.get(b"mcp-protocol-version")
    version = get_version(headers)
    meta = (message.get("params") or {}).get("_meta")
    envelope = _get_envelope_version(message)
    if envelope is not None and not isinstance(envelope, str):
        return MessageFault(
            400, INVALID_PARAMS, f"params._meta['{VERSION}'] must be a string, and is {_name_kind(envelope)}"
        )
    if envelope is not None and (header is None or envelope != version):
        header_state = "is missing" if header is None else f"says {_quote(version)}"
        detail = f"the MCP-Protocol-Version header {header_state}, and params._meta['{VERSION}'] {_quote(envelope)}"
        return MessageFault(400, HEADER_MISMATCH, f"{detail}; both must name the same version")
    if version in HANDSHAKE:
        return None
    if version not in STATELESS:
        supported = list(STATELESS if envelope is not None else (*STATELESS, *reversed(HANDSHAKE)))
        detail = f"the protocol version {_quote(version)} is not supported"
        detail += f"; this server supports {', '.join((*STATELESS, *reversed(HANDSHAKE)))}"
        return MessageFault(400, UNSUPPORTED_VERSION, detail, {"supported": supported, "requested": version})
    given = meta if isinstance(meta, dict) else {}
    if "id" in message and (missing := [f"'{key}'" for key in (VERSION, CAPABILITIES) if given.get(key) is None]):
        detail = f"a request of {version} needs {' and '.join(missing)} in 'params._meta'"
        return MessageFault(400, INVALID_PARAMS, detail)
    return None


def _get_envelope_version(message: dict[str, Any]) -> Any:
    """Return the revision that the envelope of a message names, or None."""
    meta = (message.get("params") or {}).get("_meta")
    return meta.get(VERSION) if isinstance(meta, dict) else None


def _find_method_header_fault(method: str, headers: dict[bytes, bytes]) -> MessageFault | None:
    header = headers.get(b"mcp-method")
    if header is None or header.decode("latin-1").strip() == method:
        return None
    detail = f"the Mcp-Method header says {_quote(header)}, and the message's 'method' {_quote(method)}"
    return MessageFault(400, HEADER_MISMATCH, detail)


def _find_request_fault(message: dict[str, Any], served: Sequence[str], *, stateless: bool) -> MessageFault | None:
    method: str = message["method"]
    if method in served:
        return None
    if method in _OF_REVISIONS[not stateless]:
        revisions = "2026-07-28" if not stateless else "the revisions with a handshake"
        why = f"'{method}' is a method of {revisions} only"
    elif method in _NOT_OFFERED:
        why = f"'{method}' is not served: this server {_NOT_OFFERED[method]}"
    else:
        meant = find_closest(method[:_SHOWN_CHARACTERS], served)
        hint = f"; did you mean '{meant}'?" if meant else f"; known: {', '.join(served)}"
        why = f"unknown method {_quote(method)}{hint}"
    return MessageFault(404 if stateless else 200, METHOD_NOT_FOUND, why, {"method": method})


def _find_notification_fault(message: dict[str, Any]) -> MessageFault | None:
    method: str = message["method"]
    if method.startswith("notifications/"):
        return None
    return MessageFault(400, INVALID_REQUEST, f"{_quote(method)} is not a notification; add an 'id'")


def _name_kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def _quote(text: str | bytes) -> str:
    """Quote a text of a caller, cut to one line."""
    shown = text.decode("latin-1") if isinstance(text, bytes) else text
    return f"'{shown[:_SHOWN_CHARACTERS]}{'…' if len(shown) > _SHOWN_CHARACTERS else ''}'"


def _format_name(name: bytes) -> str:
    return "-".join(part.upper() if part == "mcp" else part.title() for part in name.decode().split("-"))
