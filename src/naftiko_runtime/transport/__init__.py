"""Where requests leave: the seam, and what implements it, behind :func:`open_transport`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never

from naftiko_runtime import limits
from naftiko_runtime.transport.base import OutboundRequest, Transport, UpstreamResponse, UpstreamUnreachable

if TYPE_CHECKING:
    import ssl

__all__ = ["HttpClient", "OutboundRequest", "Transport", "UpstreamResponse", "UpstreamUnreachable", "open_transport"]


HttpClient: TypeAlias = Literal["native", "httpx2"]
"""What carries requests to upstreams."""


def open_transport(
    name: HttpClient,
    ssl_context: ssl.SSLContext | None = None,
    *,
    connections_each_max: int = limits.UPSTREAM_CONNECTIONS_EACH_MAX,
) -> Transport:
    """The transport of that name. To be called in a running loop; the libraries of the others are not imported.

    Args:
        name: What carries the requests.
        ssl_context: Whom to trust; by default the certificate authorities of the system.
        connections_each_max: To one upstream.
    """
    connections_max = max(limits.UPSTREAM_CONNECTIONS_MAX, connections_each_max)
    match name:
        case "native":
            from naftiko_runtime.transport.native import NativeTransport  # noqa: PLC0415

            return NativeTransport(
                connections_max=connections_max, connections_each_max=connections_each_max, ssl_context=ssl_context
            )
        case "httpx2":
            from naftiko_runtime.transport.httpx2_transport import Httpx2Transport  # noqa: PLC0415

            return Httpx2Transport(
                connections_max=connections_max, connections_each_max=connections_each_max, ssl_context=ssl_context
            )
        case _:
            assert_never(name)
