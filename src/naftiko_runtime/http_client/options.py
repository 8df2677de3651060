"""The options of a client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from naftiko_runtime import limits
from naftiko_runtime.http_client.certificates import TlsOptions
from naftiko_runtime.http_client.proxies import Proxies

HttpClient: TypeAlias = Literal["native", "httpx2"]


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """How a client connects to upstreams.

    Attributes:
        client: Which client.
        connections_max: The most connections to all upstreams.
        connections_each_max: The most connections to one upstream.
        connect_seconds: How long opening a connection may take, with its tunnel and TLS.
        tls: Which certificates to trust, and which one to show.
        proxies: The proxies that requests go through.
    """

    client: HttpClient = "native"
    connections_max: int = limits.UPSTREAM_CONNECTIONS_MAX
    connections_each_max: int = limits.UPSTREAM_CONNECTIONS_EACH_MAX
    connect_seconds: float = limits.UPSTREAM_CONNECT_SECONDS
    tls: TlsOptions = field(default_factory=TlsOptions)
    proxies: Proxies = field(default_factory=Proxies)
