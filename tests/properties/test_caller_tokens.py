"""One caller's token or response never reaches another, however calls, exchanges and failures are interleaved."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from hypothesis import given, settings
from hypothesis import strategies as st

from naftiko_runtime.authentication.refreshed_credential import TokenSource
from naftiko_runtime.authentication.token_exchange import CallerTokensFlow
from naftiko_runtime.bind_plan import bind
from naftiko_runtime.caller_identity import AuthenticatedCaller, Identity
from naftiko_runtime.engine.invocation import Invocation
from naftiko_runtime.errors import CallError
from naftiko_runtime.secret import Secret
from naftiko_runtime.upstream.stub_response import Stub, StubResponse
from support.linked import link_plan, make_document, make_rest_expose

if TYPE_CHECKING:
    import pytest

    from naftiko_runtime.engine.bound_operation import BoundOperation
    from naftiko_runtime.upstream.interface import OutboundRequest

ENDPOINT: Final = "https://auth.example/token"


class InterleavedTransport:
    """Holds every request until the script releases it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[OutboundRequest, asyncio.Future[int]]] = []
        self.issued = 0

    async def send(self, request: OutboundRequest) -> StubResponse:
        released: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.waiting.append((request, released))
        status = await released
        if request.url != ENDPOINT:
            return StubResponse(Stub(status, (), dict(request.headers)[b"authorization"]))
        assert isinstance(request.body, bytes)
        self.issued += 1
        subject = parse_qs(request.body.decode())["subject_token"][0].removeprefix("token-of-")
        body = f'{{"access_token": "{subject}/{self.issued}", "expires_in": 600}}'
        return StubResponse(Stub(status, (), body.encode()))

    async def aclose(self) -> None:
        """Close nothing."""

    def release(self, number: int, status: int) -> None:
        if self.waiting:
            _, released = self.waiting.pop(number % len(self.waiting))
            if not released.done():
                released.set_result(status)


IDENTITIES: Final = (
    Identity("x", "s", "c", frozenset({"r"}), 0.0),
    Identity("i", "x", "c", frozenset({"r"}), 0.0),
    Identity("i", "s", "x", frozenset({"r"}), 0.0),
    Identity("i", "s", "c", frozenset({"x"}), 0.0),
)
"""Callers differ in one thing only: their issuer, subject, client or scopes."""


async def call(operation: BoundOperation, number: int) -> None:
    """Call as one caller, and look whose token the upstream got."""
    try:
        async with operation.run(
            Invocation(caller=AuthenticatedCaller(IDENTITIES[number], f"token-of-{number}"))
        ) as result:
            if result.status == 200:
                assert (await result.read()).decode().startswith(f"Bearer {number}/")
    except CallError:
        return


STEPS = st.one_of(
    st.tuples(st.just("call"), st.integers(0, len(IDENTITIES) - 1), st.just(0)),
    st.tuples(st.just("release"), st.integers(0, 9), st.sampled_from([200, 200, 200, 401, 500])),
    st.tuples(st.just("cancel"), st.integers(0, 9), st.just(0)),
)


async def play(script: list[tuple[str, int, int]]) -> None:
    authentication = {"type": "oauth2", "grant": "token-exchange", "tokenEndpoint": ENDPOINT, "clientId": "me"}
    guard = {"type": "oauth2", "authorizationServerUri": "https://auth.example", "resource": "https://me.example"}
    document = make_document(
        exposes=[make_rest_expose() | {"authentication": guard}],
        authentication=authentication | {"clientSecret": "{{SECRET}}"},
        binds={"SECRET": "SECRET"},
    )
    transport, tasks = InterleavedTransport(), []
    async with bind(link_plan(document), {"env.SECRET": Secret("s")}, lambda: transport) as bound:
        (_, operation) = bound.servers[0].parts[0]
        for kind, number, status in script:
            if kind == "call":
                tasks.append(asyncio.create_task(call(operation, number)))
            elif kind == "release":
                transport.release(number, status)
            elif tasks:
                tasks[number % len(tasks)].cancel()
            for _ in range(3):
                await asyncio.sleep(0)
        while not all(task.done() for task in tasks):
            transport.release(0, 200)
            await asyncio.sleep(0)
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert outcome is None or isinstance(outcome, asyncio.CancelledError), outcome


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_no_token_reaches_another_caller(script: list[tuple[str, int, int]]) -> None:
    asyncio.run(play(script))


def test_the_property_fails_if_tokens_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_any(self: CallerTokensFlow, _: AuthenticatedCaller) -> TokenSource:
        return next(iter(self._sources.values()), None) or self._sources.setdefault(
            ("", "", "", frozenset()), TokenSource(self._clock)
        )

    monkeypatch.setattr(CallerTokensFlow, "_find_source", find_any)
    script = [("call", 0, 0), ("release", 0, 200), ("release", 0, 200), ("call", 1, 0), ("release", 0, 200)]
    try:
        asyncio.run(play(script))
    except AssertionError:
        return
    raise AssertionError
