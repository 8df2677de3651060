"""A credential that is fetched when it is needed: one fetch for all who wait, renewed before it expires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from naftiko_runtime.lazy_import import import_lazily

if TYPE_CHECKING:
    import asyncio
    import http
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any, TypeAlias

    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse

    NoteSecrets: TypeAlias = Callable[[Sequence[str]], None]
    FetchToken: TypeAlias = Callable[[Transport], Coroutine[Any, Any, "FetchedCredential"]]
else:
    asyncio = import_lazily("asyncio")
    http = import_lazily("http")


class FetchedCredential(Protocol):
    """A token from an authorization server, or the secret of a caller. It is immutable, and its ``repr()`` hides it."""

    @property
    def fresh_until(self) -> float:
        """Until when it is used, by the clock of who fetched it."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that no output may show."""

    def authorize(self, request: OutboundRequest) -> OutboundRequest:
        """Return a request with it."""


class TokenSource:
    """Holds one token, or another fetched credential."""

    def __init__(self, clock: Callable[[], float], note_secrets: NoteSecrets | None = None) -> None:
        """Prepare the source.

        Args:
            clock: The time, in seconds.
            note_secrets: Called with the secrets of the token before each request that has them.
        """
        self._clock = clock
        self._note_secrets = note_secrets
        self._token: FetchedCredential | None = None
        self._fetching: asyncio.Task[FetchedCredential] | None = None

    @property
    def is_fetching(self) -> bool:
        """Whether somebody may wait for the token."""
        return self._fetching is not None and not self._fetching.done()

    async def send(self, request: OutboundRequest, transport: Transport, fetch: FetchToken) -> UpstreamResponse:
        """Send a request with the token. After a 401, send it again with a new one, unless its body was streamed."""
        token = await self._get_token(transport, fetch)
        sent = token.authorize(request)
        response = await transport.send(sent)
        if response.status != http.HTTPStatus.UNAUTHORIZED:
            return response
        if self._token is token:
            self._token = None
        if not isinstance(request.body, bytes | None):
            return response
        await response.close()
        token = await self._get_token(transport, fetch)
        again = replace(request, resend_count=sent.resend_count + 1)  # the client may have sent it again
        return await transport.send(token.authorize(again))

    async def aclose(self) -> None:
        """Stop fetching the token."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def _get_token(self, transport: Transport, fetch: FetchToken) -> FetchedCredential:
        token = await self._find_token(transport, fetch)
        if self._note_secrets is not None:
            self._note_secrets(token.secrets)
        return token

    async def _find_token(self, transport: Transport, fetch: FetchToken) -> FetchedCredential:
        """Return the token, or wait for the one that is being fetched. Cancelling one waiter does not affect others."""
        if self._token is not None and self._clock() < self._token.fresh_until:
            return self._token
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch(transport, fetch))
            self._fetching.add_done_callback(_ignore_error)
        return await asyncio.shield(self._fetching)

    async def _fetch(self, transport: Transport, fetch: FetchToken) -> FetchedCredential:
        self._token = await fetch(transport)
        return self._token


def _ignore_error(task: asyncio.Task[FetchedCredential]) -> None:
    """Read the error of a fetch that nothing waits for, so that asyncio logs no warning."""
    if not task.cancelled():
        task.exception()
