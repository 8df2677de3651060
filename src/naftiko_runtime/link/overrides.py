"""What the operator puts in place of the document's addresses, so that any file runs anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from naftiko_runtime import diagnostics as rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from naftiko_runtime.diagnostics import Findings
    from naftiko_runtime.plan import Server

_PORT_MAX = 65535
_ALL_ADDRESSES = frozenset({"0.0.0.0", "::"})


@dataclass(frozen=True, slots=True)
class Overrides:
    """Values that win over the document's.

    Attributes:
        base_uris: By consumed namespace, the URL of its API.
        ports: By exposed namespace, the port; 0 for a free one.
        port_offset: Added to every port that is neither 0 nor given in ``ports``.
        host: The address that every expose listens on.
        allowed_imports: Folders, besides the document's own, that imports may read.
        skip_broken: Whether a document with errors is served without the parts that they concern.
    """

    base_uris: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    port_offset: int = 0
    host: str | None = None
    allowed_imports: tuple[Path, ...] = ()
    skip_broken: bool = False

    def moved(self, server: Server) -> Server:
        """A server at the place it will really listen."""
        port = self.ports.get(server.namespace)
        if port is None:
            port = server.port + self.port_offset if server.port else 0
        return replace(server, address=self.host or server.address, port=port)


def _clash(one: Server, other: Server) -> bool:
    """Whether two servers want the same port; one that listens on all addresses wants it on each."""
    same_address = one.address == other.address or bool({one.address, other.address} & _ALL_ADDRESSES)
    return one.port == other.port != 0 and same_address


def check_ports(servers: Sequence[Server], findings: Findings) -> None:
    """Report servers that would listen on the same address and port, and ports that there are none of."""
    for number, server in enumerate(servers):
        if not 0 <= server.port <= _PORT_MAX:
            advice = f"choose an offset that leaves it between 1 and {_PORT_MAX}"
            findings.add(rules.PORT, f"with the offset the port would be {server.port}", server.span, advice)
        first = next((other for other in servers[:number] if _clash(other, server)), None)
        if first is not None:
            message = f"'{first.namespace}' and '{server.namespace}' both listen on port {server.port}"
            advice = f"change one, or start with --port {server.namespace}=N"
            findings.add(rules.PORT, message, server.span, advice)
