"""The clients of one endpoint: those that listen to changes, and the calls that they can cancel."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.caller_identity import CALLER
from naftiko_runtime.exposes.cancellable_calls import CancelledByClientError, make_call_key
from naftiko_runtime.exposes.list_subscriptions import LISTS, TooManySubscriptionsError
from naftiko_runtime.exposes.mcp.event_stream import EVENTS, EventStream
from naftiko_runtime.exposes.mcp.listen import serve_listen, serve_notifications
from naftiko_runtime.exposes.mcp.progress import stream_call
from naftiko_runtime.exposes.mcp.revisions import STATELESS
from naftiko_runtime.problem_details import send_problem_document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Iterable, Mapping, MutableMapping

    from naftiko_runtime.asgi_types import Receive, Scope, Send
    from naftiko_runtime.exposes.app_services import AppServices
    from naftiko_runtime.exposes.cancellable_calls import CallKey
    from naftiko_runtime.exposes.list_subscriptions import Subscription

SESSION: Final = b"mcp-session-id"
_STATELESS: Final = frozenset(version.encode() for version in STATELESS)


def wants_notifications(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a GET asks for the stream of notifications, which only revisions with a handshake have."""
    asks = EVENTS in headers.get(b"accept", b"").lower()
    return asks and headers.get(b"mcp-protocol-version") not in _STATELESS


class SentResponse:
    """Sends a response that may be cut short, because its call is cancelled."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._started = False

    async def send(self, event: MutableMapping[str, Any]) -> None:
        """Send an ASGI event."""
        self._started = True
        await self._send(event)

    async def end(self) -> None:
        """End the response: an empty stream if nothing was sent."""
        if self._started:
            await self._send({"type": "http.response.body", "body": b""})
        else:
            await EventStream(self._send).finish()


class EndpointClients:
    """The clients of one endpoint."""

    def __init__(self, services: AppServices, topic: str, info: Mapping[str, str]) -> None:
        """Prepare the endpoint.

        Args:
            services: The services of the program.
            topic: The name of the endpoint, see :func:`naftiko_runtime.exposes.mcp.compare_lists.get_topic`.
            info: The name, title and version of the server.
        """
        self._info = info
        self._changes = services.changes
        self._calls = services.calls
        self._topic = topic
        self._streams: dict[bytes, Subscription] = {}

    def subscribe(self, lists: Iterable[str], scope: Scope) -> Subscription:
        """Return a subscription to changes of this endpoint's lists. It ends when the caller's token expires.

        Raises:
            TooManySubscriptionsError: There are too many.
        """
        subscription = self._changes.subscribe(self._topic, lists)
        if (caller := scope.get(CALLER)) is not None:
            subscription.end_after(max(0.0, caller.identity.expires_at - time.time()))
        return subscription

    async def listen(
        self, identity: int | str, lists: Iterable[str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Respond to ``subscriptions/listen``.

        Raises:
            TooManySubscriptionsError: There are too many.
        """
        await serve_listen(identity, self._info, self.subscribe(lists, scope), receive, send)

    async def notify(self, headers: Mapping[bytes, bytes], scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to the GET of a client with a handshake. A message goes to one stream of a session: the latest."""
        try:
            subscription = self.subscribe(LISTS, scope)
        except TooManySubscriptionsError:
            return await send_problem_document(send, 503, "too-many-subscriptions", "too many clients listen")
        session = headers.get(SESSION)
        if session is None:
            return await serve_notifications(subscription, receive, send)
        if (former := self._streams.get(session)) is not None:
            former.end()
        self._streams[session] = subscription
        try:
            return await serve_notifications(subscription, receive, send)
        finally:
            if self._streams.get(session) is subscription:
                del self._streams[session]

    def make_key(self, session: bytes | None, identity: int | str, scope: Scope) -> CallKey | None:
        """Return the key of a call; None if it cannot be cancelled."""
        caller = scope.get(CALLER)
        owner = "" if caller is None else f"{caller.identity.issuer} {caller.identity.subject}"
        return make_call_key(f"{self._topic} {owner}", session, identity)

    def cancel(self, session: bytes | None, message: Mapping[str, Any], scope: Scope) -> None:
        """Handle ``notifications/cancelled``. What does not name a call in progress of its caller is ignored."""
        identity = (message.get("params") or {}).get("requestId")
        key = self.make_key(session, identity, scope) if isinstance(identity, int | str) else None
        if key is not None:
            self._calls.request_cancel(key)

    async def run_whole(self, key: CallKey | None, call: Awaitable[None], response: SentResponse) -> None:
        """Run a call that may be cancelled, and that sends its response.

        Args:
            key: Its key; None if it cannot be cancelled.
            call: Sends the response.
            response: What it sends.
        """
        if key is None:
            return await call
        try:
            await self._calls.run(key, call)
        except CancelledByClientError:
            await response.end()

    async def run_streamed(
        self, key: CallKey | None, token: int | str | None, call: Coroutine[Any, Any, bytes], send: Send
    ) -> bytes | None:
        """Run a call that may be cancelled, or whose progress is sent.

        Args:
            key: Its key; None if it cannot be cancelled.
            token: The client's name for its progress; None if it wants none.
            call: Returns the response.
            send: Sends a stream.

        Returns:
            The response to send; None if it was sent, or must not be sent.
        """
        stream = EventStream(send)
        work = call if token is None else stream_call(call, token, stream)
        try:
            response = await work if key is None else await self._calls.run(key, work)
        except CancelledByClientError:
            await stream.finish()
            return None
        if token is None:
            return response
        await stream.finish(response)
        return None
