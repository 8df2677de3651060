"""The operator's settings for a document: addresses that override its own, and the strictness of its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from naftiko_runtime.source import read_source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from naftiko_runtime.plan import Server
    from naftiko_runtime.source import ReadSource

_THIS_MACHINE: Final = "localhost"
_ALL_INTERFACES: Final = "0.0.0.0"


class Overrides(Struct, frozen=True):
    """Values that override the document's, and the strictness of its checks.

    Attributes:
        base_uris: The URLs of APIs, by their namespaces.
        ports: The ports of exposes, by their namespaces. 0 for any free port.
        port_offset: Added to every port that is neither 0 nor given in ``ports``.
        host: The address that every expose listens on.
        allowed_imports: Folders, besides the document's own, that imports may read.
        skip_broken: Whether a document with errors is served without the parts that they concern.
        strict: Whether any deviation from the official schema is an error.
        lint: Whether to report warnings.
        reading: How the document and the files that it imports are read.
        default_host: The address of exposes whose document gives none. Without it, those that authenticate callers
            listen on all interfaces, and others on this machine only.
    """

    base_uris: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    port_offset: int = 0
    host: str | None = None
    allowed_imports: tuple[Path, ...] = ()
    skip_broken: bool = False
    strict: bool = False
    lint: bool = False
    reading: ReadSource = read_source
    default_host: str | None = None

    def move_server(self, server: Server) -> Server:
        """Move a server to the address and port of the operator."""
        if server.transport == "stdio":
            return server
        port = self.ports.get(server.namespace)
        if port is None:
            port = server.port + self.port_offset if server.port else 0
        return replace(server, address=self.host or server.address or self._choose_address(server), port=port)

    def _choose_address(self, server: Server) -> str:
        """Return the address of a server whose document gives none."""
        return self.default_host or (_THIS_MACHINE if server.guard is None else _ALL_INTERFACES)
