"""The HTTP clients that call upstreams: two implementations of the interface in ``transport``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never

from naftiko_runtime import limits

if TYPE_CHECKING:
    import ssl

    from naftiko_runtime.transport.base import Transport

__all__ = ["HttpClient", "open_client"]


HttpClient: TypeAlias = Literal["native", "httpx2"]


def open_client(
    name: HttpClient,
    ssl_context: ssl.SSLContext | None = None,
    *,
    connections_each_max: int = limits.UPSTREAM_CONNECTIONS_EACH_MAX,
) -> Transport:
    """Open the client of that name, in a running loop. The libraries of the other one are not imported.

    Args:
        name: Which client.
        ssl_context: Which certificates to trust; by default those that the system trusts.
        connections_each_max: The most connections to one upstream.
    """
    connections_max = max(limits.UPSTREAM_CONNECTIONS_MAX, connections_each_max)
    match name:
        case "native":
            from naftiko_runtime.http_client.native.client import NativeClient  # noqa: PLC0415

            return NativeClient(
                connections_max=connections_max, connections_each_max=connections_each_max, ssl_context=ssl_context
            )
        case "httpx2":
            from naftiko_runtime.http_client.httpx2.client import Httpx2Client  # noqa: PLC0415

            return Httpx2Client(
                connections_max=connections_max, connections_each_max=connections_each_max, ssl_context=ssl_context
            )
        case _:
            assert_never(name)
