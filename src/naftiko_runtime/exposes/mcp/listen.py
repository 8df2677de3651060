"""Notifies clients of changed lists: ``subscriptions/listen``, and the stream of GET in revisions with a handshake."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from naftiko_runtime import limits
from naftiko_runtime.exposes.list_subscriptions import LISTS
from naftiko_runtime.exposes.mcp.encode_result import SERVER_INFO
from naftiko_runtime.exposes.mcp.event_stream import EventStream
from naftiko_runtime.exposes.mcp.fast_path_envelope import is_plain_envelope
from naftiko_runtime.exposes.mcp.write_json import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.asgi_types import Receive, Send
    from naftiko_runtime.exposes.list_subscriptions import Subscription

LISTEN: Final = "subscriptions/listen"
_SUBSCRIPTION: Final = "io.modelcontextprotocol/subscriptionId"


class _ListFilter(Struct):
    tools: bool | None = msgspec.field(default=None, name="toolsListChanged")
    prompts: bool | None = msgspec.field(default=None, name="promptsListChanged")
    resources: bool | None = msgspec.field(default=None, name="resourcesListChanged")
    uris: list[str] | None = msgspec.field(default=None, name="resourceSubscriptions")
    """Accepted, and not honoured: nobody says when a resource changes."""


class _ListenParams(Struct):
    notifications: _ListFilter


def read_lists(params: Any, version: str) -> list[str] | None:
    """Return the lists that the parameters of a request ask for. None if they do not have the protocol's shape."""
    try:
        wanted = msgspec.convert(params, _ListenParams).notifications
    except msgspec.ValidationError:
        return None
    if not is_plain_envelope(params.get("_meta"), version):
        return None
    return [name for name in LISTS if getattr(wanted, name)]


def make_notification(name: str, meta: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the notification that a list has changed."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": f"notifications/{name}/list_changed"}
    return message if meta is None else message | {"params": {"_meta": meta}}


async def serve_listen(
    identity: int | str, info: Mapping[str, str], subscription: Subscription, receive: Receive, send: Send
) -> None:
    """Respond to ``subscriptions/listen``: acknowledge, notify, and send the result when the process stops.

    Args:
        identity: The id of the request.
        info: The name, title and version of the server.
        subscription: What the client asked for.
        receive: Tells when the client has gone.
        send: Sends the response.
    """
    meta = {_SUBSCRIPTION: identity}
    honoured = {f"{name}ListChanged": True for name in LISTS if name in subscription.lists}
    stream = EventStream(send)
    with subscription:
        acknowledged = {"_meta": meta, "notifications": honoured}
        await stream.send_message(
            {"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged", "params": acknowledged}
        )
        await _notify(stream, subscription, receive, meta)
    result = {"resultType": "complete", "_meta": {SERVER_INFO: info, **meta}}
    await stream.finish(write_json({"jsonrpc": "2.0", "id": identity, "result": result}))


async def serve_notifications(subscription: Subscription, receive: Receive, send: Send) -> None:
    """Respond to a GET of a client with a handshake."""
    stream = EventStream(send)
    with subscription:
        await stream.send_comment()
        await _notify(stream, subscription, receive, None)
    await stream.finish()


async def _notify(
    stream: EventStream, subscription: Subscription, receive: Receive, meta: dict[str, Any] | None
) -> None:
    """Send notifications until the subscription ends or the client has gone."""
    gone = asyncio.create_task(_wait_gone(receive, subscription))
    try:
        while (changed := await subscription.wait(limits.EVENT_STREAM_IDLE_SECONDS)) is not None:
            if not changed:
                await stream.send_comment()
            for name in changed:
                await stream.send_message(make_notification(name, meta))
    finally:
        gone.cancel()


async def _wait_gone(receive: Receive, subscription: Subscription) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscription.end()
