"""What the operator puts in place of the document's addresses, so that any file runs anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from naftiko_runtime import diagnostics as rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.diagnostics import Findings
    from naftiko_runtime.plan import Server

_PORT_MAX = 65535


@dataclass(frozen=True, slots=True)
class Overrides:
    """Values that win over the document's.

    Attributes:
        base_uris: By consumed namespace, the URL of its API.
        ports: By exposed namespace, the port; 0 for a free one.
        port_offset: Added to every port that is neither 0 nor given in ``ports``.
        host: The address that every expose listens on.
    """

    base_uris: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    port_offset: int = 0
    host: str | None = None

    def moved(self, server: Server) -> Server:
        """A server at the place it will really listen."""
        port = self.ports.get(server.namespace)
        if port is None:
            port = server.port + self.port_offset if server.port else 0
        return replace(server, address=self.host or server.address, port=port)


def check_ports(servers: Sequence[Server], findings: Findings) -> None:
    """Report servers that would listen on the same address and port, and ports that there are none of."""
    taken: dict[tuple[str, int], Server] = {}
    for server in servers:
        if not 0 <= server.port <= _PORT_MAX:
            findings.add(rules.PORT, f"with the offset the port would be {server.port}", server.span)
        first = taken.setdefault((server.address, server.port), server)
        if first is not server and server.port != 0:
            message = f"'{first.namespace}' and '{server.namespace}' both listen on {server.address}:{server.port}"
            advice = f"change one, or start with --port {server.namespace}=N"
            findings.add(rules.PORT, message, server.span, advice)
