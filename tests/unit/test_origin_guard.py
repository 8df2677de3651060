"""The guard against foreign web pages as an application around another one."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.caller_policy import CallerPolicy
from naftiko_runtime.origin_guard import guard_pages
from naftiko_runtime.public_urls import PublicUrls
from naftiko_runtime.send_response import send_bodyless

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from naftiko_runtime.asgi_types import App, Receive, Scope, Send


async def respond(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send_bodyless(send, 200, [])


async def get_status(app: App, headers: dict[str, str], client: str = "127.0.0.1") -> int:
    lines = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/", "headers": lines, "client": (client, 1)}
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.1.2.3", "api.example.com"])
def test_where_nothing_is_to_check_there_is_no_guard(address: str) -> None:
    assert guard_pages(respond, CallerPolicy(), "web", address) is respond
    assert guard_pages(respond, CallerPolicy(), "web", address, checks_origin=True) is not respond


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
async def test_a_local_listener_has_the_names_of_this_machine(address: str) -> None:
    app = guard_pages(respond, CallerPolicy(), "web", address)
    for _ in range(2):  # the second time from the accepted ones
        for host in ("localhost", "LOCALHOST:80", "127.0.0.1:1", "127.9.9.9", "[::1]:80"):
            assert await get_status(app, {"host": host}) == 200
        for host in ("", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "128.0.0.1", "[", "\xe4"):
            assert await get_status(app, {"host": host}) == 403
    assert await get_status(app, {}) == 200, "browsers always send it"


async def test_a_host_behind_a_trusted_proxy_is_not_accepted_from_others() -> None:
    policy = CallerPolicy((ip_network("10.0.0.0/8"),), allowed_hosts=frozenset({"api.example.com"}))
    app = guard_pages(respond, policy, "web", "0.0.0.0")
    forwarded = {"host": "inner", "x-forwarded-host": "api.example.com"}
    assert await get_status(app, forwarded, "10.0.0.1") == 200
    assert await get_status(app, forwarded, "192.0.2.1") == 403
    assert await get_status(app, {"host": "inner"}, "192.0.2.1") == 403
    lying = {"host": "api.example.com", "x-forwarded-host": "evil.example"}
    assert await get_status(app, lying, "10.0.0.1") == 403
    assert await get_status(app, lying, "192.0.2.1") == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://api.example.com", 200),
        ("HTTPS://API.example.com", 200),
        ("http://api.example.com", 403),
        ("https://api.example.com.evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
async def test_the_origin_of_a_public_url(origin: str, status: int) -> None:
    policy = CallerPolicy(public_urls=PublicUrls({"": "https://api.example.com/prefix"}))
    app = guard_pages(respond, policy, "tools", "0.0.0.0", checks_origin=True)
    assert await get_status(app, {"host": "10.0.0.1", "origin": origin}) == status
