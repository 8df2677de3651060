"""The SDK path: handles what the fast path leaves. It rejects messages with a fault; the SDK handles the rest."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from naftiko_runtime import limits
from naftiko_runtime.engine.threads import run_in_thread, run_without_collection
from naftiko_runtime.errors import TooLarge, UnsupportedCoding
from naftiko_runtime.exposes.cancellable_calls import make_session_id
from naftiko_runtime.exposes.list_subscriptions import TooManySubscriptionsError
from naftiko_runtime.exposes.mcp import message_check
from naftiko_runtime.exposes.mcp.endpoint_clients import SESSION, SentResponse
from naftiko_runtime.exposes.mcp.event_stream import accepts_events
from naftiko_runtime.exposes.mcp.listen import LISTEN, read_lists
from naftiko_runtime.exposes.mcp.message_check import CANCELLED, INVALID_PARAMS, MessageFault, NotAMessageError
from naftiko_runtime.exposes.mcp.revisions import STATELESS, UNNAMED
from naftiko_runtime.exposes.mcp.skill_requests import SkillMessages
from naftiko_runtime.exposes.mcp.skills import METHODS as SKILL_METHODS
from naftiko_runtime.json_limits import check_json_limits
from naftiko_runtime.problem_details import send_refusal
from naftiko_runtime.request_body import Disconnected, check_coding, read_body
from naftiko_runtime.send_response import send_bodyless, send_whole

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from naftiko_runtime.asgi_types import Receive, Scope, Send
    from naftiko_runtime.exposes.mcp.endpoint_clients import EndpointClients
    from naftiko_runtime.exposes.mcp.server_contents import McpContents
    from naftiko_runtime.upstream.interface import Header

_JSON: Final = (b"content-type", b"application/json")
_NORMAL: Final = (_JSON, (b"accept", b"application/json, text/event-stream"))
_REPLACED: Final = frozenset({b"accept", b"content-type", b"content-length", b"content-encoding"})
_BATCH_MAX: Final = 100
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class SdkServer(Protocol):
    """The SDK's server."""

    def handle(self, scope: Scope, receive: Receive, send: Send, *, streams: bool) -> Awaitable[None]:
        """Handle a valid message.

        Args:
            scope: The scope of the request.
            receive: Receives its body.
            send: Sends the response.
            streams: Whether the response is a stream with the progress of the call.
        """

    def find_params_fault(self, message: dict[str, Any], version: str) -> Awaitable[str | None]:
        """Return what is wrong with the parameters of a request with a supported method, or None.

        Args:
            message: A valid message.
            version: Its revision.
        """


class CheckedMessages:
    """Handles the POSTs to one MCP server."""

    def __init__(
        self,
        sdk: SdkServer,
        contents: McpContents,
        body_bytes_max: int,
        namespace: str,
        clients: EndpointClients,
    ) -> None:
        """Compile what all messages share.

        Args:
            sdk: Checks parameters, and handles valid messages.
            contents: What is served.
            body_bytes_max: The size limit of a body, in bytes.
            namespace: The namespace of the expose.
            clients: The clients of the endpoint.
        """
        self._namespace = namespace
        self._sdk = sdk
        self._clients = clients
        self._methods = contents.methods
        self._tools = contents.tools
        self._skills = SkillMessages(contents)
        self._scopes = contents.required_scopes
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a POST."""
        try:
            check_coding(scope["headers"])
            headers = message_check.check_headers(scope["headers"])
            body = (await read_body(receive, self._body_bytes_max)).removeprefix(_BYTE_ORDER_MARK)
            message = await _parse(body)
        except NotAMessageError as error:
            await _send_fault(send, error.fault, None)
        except UnsupportedCoding as error:
            fault = MessageFault(415, message_check.INVALID_REQUEST, str(error))
            await _send_fault(send, fault, None, (b"accept-encoding", b"identity"))
        except TooLarge as error:
            fault = MessageFault(413, message_check.INVALID_REQUEST, str(error))
            await _send_fault(send, fault, None, (b"connection", b"close"))
        except Disconnected:
            return
        else:
            messages = message if isinstance(message, list) else [message]
            refusals = (self._scopes.find_refusal(one, scope) for one in messages if isinstance(one, dict))
            if (refusal := next(filter(None, refusals), None)) is not None:
                await send_refusal(send, refusal)
            elif isinstance(message, list):
                await self._handle_batch(message, headers, scope, receive, send)
            else:
                await self._handle_one(message, body, headers, scope, receive, send)

    async def _handle_one(
        self,
        message: Any,
        body: bytes,
        headers: dict[bytes, bytes],
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        batched: bool = False,
    ) -> None:
        message_check.log_path("sdk", message, self._namespace)
        fault = message_check.find_fault(message, headers, self._methods)
        version = message_check.get_version(headers)
        if fault is None and message_check.is_reply(message):
            fault = _find_reply_fault(version)
            if fault is None:
                return await send_bodyless(send, 202, [(b"content-length", b"0")])
        if fault is None and message["method"] == CANCELLED and "id" not in message and version not in STATELESS:
            self._clients.cancel(headers.get(SESSION), message, scope)
            return await send_bodyless(send, 202, [(b"content-length", b"0")])
        if fault is None and message["method"] == LISTEN and "id" in message:
            return await self._listen(message, headers, scope, receive, send)
        if fault is None and message["method"] in SKILL_METHODS and "id" in message:
            return await self._respond_to_skill_request(message, headers, send)
        begins = fault is None and message_check.begins_handshake(message)
        if fault is None and "id" in message:
            version = UNNAMED if begins else version
            fault = await self._find_params_fault(message, version)
        if fault is not None:
            return await _send_fault(send, fault, message_check.get_identity(message))
        kept = [h for h in scope["headers"] if h[0] not in _REPLACED and not (begins and h[0].startswith(b"mcp-"))]
        length = (b"content-length", str(len(body)).encode())
        normal = {**scope, "headers": [*kept, *_NORMAL, length]}
        streams = not batched and self._has_progress(message, headers)
        response = SentResponse(_add_session(send) if begins else send)
        call = self._sdk.handle(normal, _replay_body(body, receive), response.send, streams=streams)
        key = None
        if "id" in message and not begins and version not in STATELESS:
            key = self._clients.make_key(headers.get(SESSION), message["id"], scope)
        return await self._clients.run_whole(key, call, response)

    async def _respond_to_skill_request(self, message: dict[str, Any], headers: dict[bytes, bytes], send: Send) -> None:
        response = self._skills.make_response(message, headers)
        if isinstance(response, MessageFault):
            return await _send_fault(send, response, message["id"])
        return await send_whole(send, 200, [_JSON], response)

    def _has_progress(self, message: dict[str, Any], headers: dict[bytes, bytes]) -> bool:
        """Return whether the response is a stream with the progress of a call."""
        params = message.get("params") or {}
        meta = params.get("_meta")
        asks = message["method"] == "tools/call" and isinstance(meta, dict) and "progressToken" in meta
        return asks and self._tools.has_progress(params["name"]) and accepts_events(headers.get(b"accept"))

    async def _find_params_fault(self, message: dict[str, Any], version: str) -> MessageFault | None:
        why = await self._sdk.find_params_fault(message, version)
        return None if why is None else MessageFault(400 if version in STATELESS else 200, INVALID_PARAMS, why)

    async def _listen(
        self, message: dict[str, Any], headers: dict[bytes, bytes], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Handle ``subscriptions/listen``, without the SDK."""
        version, identity = message_check.get_version(headers), message["id"]
        lists = read_lists(message.get("params"), version)
        if not accepts_events(headers.get(b"accept")):
            fault = MessageFault(406, message_check.INVALID_REQUEST, "the Accept header must allow text/event-stream")
        elif b"mcp-method" not in headers:
            fault = MessageFault(400, message_check.HEADER_MISMATCH, "the Mcp-Method header is missing")
        elif lists is None:
            found = await self._find_params_fault(message, version)
            fault = found or MessageFault(400, INVALID_PARAMS, "the parameters do not match the protocol")
        else:
            try:
                return await self._clients.listen(identity, lists, scope, receive, send)
            except TooManySubscriptionsError:
                fault = MessageFault(503, message_check.INTERNAL_ERROR, "too many clients listen; try again later")
        return await _send_fault(send, fault, identity)

    async def _handle_batch(
        self, batch: list[Any], headers: dict[bytes, bytes], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Handle the messages of a batch one after the other. Send the responses in an array."""
        fault = _find_batch_fault(batch, headers)
        if fault is not None:
            return await _send_fault(send, fault, None)
        responses: list[bytes] = []
        for message in batch:
            if isinstance(message, dict) and message.get("method") == "initialize":
                fault = MessageFault(400, message_check.INVALID_REQUEST, "'initialize' cannot be part of a batch")
                responses.append(_render_fault(fault, message_check.get_identity(message)))
                continue
            capture = _ResponseCapture()
            await self._handle_one(
                message, json.dumps(message).encode(), headers, scope, receive, capture.send, batched=True
            )
            responses += [capture.body] if capture.body else []
        if not responses:
            return await send_bodyless(send, 202, [(b"content-length", b"0")])
        return await send_whole(send, 200, [_JSON], b"[" + b",".join(responses) + b"]")


async def _parse(body: bytes) -> Any:
    """Parse the body as JSON. A large body is parsed in a thread.

    Raises:
        NotAMessageError: It is not JSON, or exceeds a limit.
    """
    try:
        check_json_limits(body, limits.REQUEST_VALUES_MAX, limits.REQUEST_DEPTH_MAX)
    except ValueError as error:
        detail = f"the body exceeds a limit: {error}"
        raise NotAMessageError(MessageFault(400, message_check.PARSE_ERROR, detail)) from None
    if len(body) <= limits.DECODED_INLINE_BYTES_MAX:
        return message_check.parse(body)
    return await run_in_thread(partial(run_without_collection, partial(message_check.parse, body)))


class _ResponseCapture:
    """Keeps the body of a response."""

    def __init__(self) -> None:
        self.body = b""

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Keep the body of an ASGI event."""
        self.body += message.get("body", b"")


def _replay_body(body: bytes, receive: Receive) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    """Return a receive function that begins with the whole body."""
    waiting = [body]

    async def give() -> MutableMapping[str, Any]:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return give


def _add_session(send: Send) -> Send:
    """Give the client of a handshake a session id, in the head of a successful response."""

    async def add_header(event: MutableMapping[str, Any]) -> None:
        if event["type"] == "http.response.start":
            event["headers"] = [*event["headers"], (SESSION, make_session_id())]
        await send(event)

    return add_header


def _find_reply_fault(version: str) -> MessageFault | None:
    """Return why a client must not send a response. None if the revision has a handshake."""
    if version not in STATELESS:
        return None
    return MessageFault(400, message_check.INVALID_REQUEST, "a client can only send requests and notifications")


def _find_batch_fault(batch: list[Any], headers: dict[bytes, bytes]) -> MessageFault | None:
    version = message_check.get_version(headers)
    if version != message_check.BATCH_VERSION:
        detail = f"{version} has no batches, and the body is an array; send each message in its own POST"
    elif not batch:
        detail = "the batch is empty"
    elif len(batch) > _BATCH_MAX:
        detail = f"the batch has {len(batch):,} messages, and {_BATCH_MAX} are allowed"
    else:
        return None
    return MessageFault(400, message_check.INVALID_REQUEST, detail)


def _render_fault(fault: MessageFault, identity: int | str | None) -> bytes:
    error: dict[str, Any] = {"code": fault.code, "message": fault.message}
    if fault.data is not None:
        error["data"] = fault.data
    return json.dumps({"jsonrpc": "2.0", "id": identity, "error": error}, separators=(",", ":")).encode()


async def _send_fault(send: Send, fault: MessageFault, identity: int | str | None, *headers: Header) -> None:
    """Respond with a JSON-RPC error."""
    await send_whole(send, fault.status, [_JSON, *headers], _render_fault(fault, identity))
