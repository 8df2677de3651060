"""A stream of notifications ends when the access token of its caller expires."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from support.authorization_server import AuthorizationServer
from support.gateway import Gateway
from support.mcp_streams import LEGACY, Exchange, listen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VALID_SECONDS = 3


@pytest.fixture
def issuer() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as server:
        yield server


def test_streams_end_when_the_token_expires(documents: Path, issuer: AuthorizationServer) -> None:
    with Gateway(
        documents / "oauth2.yaml",
        ["ships", "tools", "opaque"],
        "--base-uri",
        f"api={issuer.url}",
        environment=issuer.make_environment(),
    ) as gateway:
        url = gateway.urls["tools"]
        expires_at = int(time.time()) + VALID_SECONDS
        short = {"authorization": f"Bearer {issuer.sign(exp=expires_at)}"}
        long = {"authorization": f"Bearer {issuer.sign()}"}
        older = short | {"accept": "text/event-stream", "mcp-protocol-version": LEGACY}
        with (
            listen(url, short, toolsListChanged=True) as stream,
            Exchange(url, "GET", older) as notifications,
            listen(url, long, toolsListChanged=True) as other,
        ):
            for each in (stream, other):
                assert each.read_message()["method"] == "notifications/subscriptions/acknowledged"
            assert notifications.read_comment().startswith(b":")
            assert stream.read_message()["result"]["resultType"] == "complete"
            assert stream.read_message() is None
            assert notifications.read_message() is None
            assert expires_at <= time.time() < expires_at + VALID_SECONDS * 5
            with listen(url, long, toolsListChanged=True) as again:
                assert again.read_message()["method"] == "notifications/subscriptions/acknowledged"
        with listen(url, {"authorization": f"Bearer {issuer.sign(exp=expires_at - 60)}"}) as refused:
            assert refused.response.status == 401
