"""The sockets that capabilities listen on, opened before anything else."""

from __future__ import annotations

import errno
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from naftiko_runtime.errors import BindError
from naftiko_runtime.http_server.listening_sockets import ListenError, get_port, open_shared_socket, open_socket
from naftiko_runtime.link.check_shared_ports import group_by_port

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Self

    from naftiko_runtime.link.check_shared_ports import PortKey
    from naftiko_runtime.plan import Server
    from naftiko_runtime.server.capability_to_serve import ServedCapability
    from naftiko_runtime.server.settings import ServerSettings


@dataclass(frozen=True, slots=True)
class OpenPort:
    """A listening socket and its server, or a server without one (stdio). ``server`` is None for the control port."""

    server: Server | None
    address: str
    port: int
    shared: bool = False
    """Whether other exposes listen there as well."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The sockets of a run.

    Attributes:
        sets: The sockets of each worker. The kernel divides new connections among the sockets of one port.
        control: The socket of the control port, which all workers share.
        opened: The open ports, for people.
    """

    sets: tuple[Mapping[PortKey, socket.socket], ...]
    control: socket.socket | None
    opened: tuple[OpenPort, ...]

    @classmethod
    def open(cls, capabilities: Sequence[ServedCapability], settings: ServerSettings) -> Self:
        """Open all or none.

        Raises:
            ListenError: A port cannot be opened.
        """
        servers = [server for one in capabilities for server in one.plan.servers]
        everything = group_by_port(servers, lambda server: server)
        groups = {key: group for key, group in everything.items() if group[0].transport == "http"}
        owners = {key: f"{group[0].kind} expose '{group[0].namespace}'" for key, group in groups.items()}
        options = {key: " ".join(f"--port {one.namespace}=N" for one in group) for key, group in groups.items()}
        with ExitStack() as opening:

            def keep(listening: socket.socket) -> socket.socket:
                return opening.enter_context(listening)

            many = settings.workers > 1
            first: dict[PortKey, socket.socket] = {}
            for key, owner in owners.items():
                with _advise_moving(key.port, options[key], "--host ADDRESS"):
                    first[key] = keep(open_socket(key.address, key.port, owner, many=many))
            control = None
            if settings.control:
                with _advise_moving(settings.control[1], "--control [HOST:]N", "--control HOST:N"):
                    control = keep(open_socket(*settings.control, "the control port"))
            beside = [
                {key: keep(open_shared_socket(first[key], owner)) for key, owner in owners.items()}
                for _ in range(1, settings.workers)
            ]
            opened = [
                OpenPort(server, server.address, get_port(first[key]), shared=len(group) > 1)
                for key, group in groups.items()
                for server in group
            ]
            if settings.control is not None and control is not None:
                opened.append(OpenPort(None, settings.control[0], get_port(control)))
            stdio = (server for server in servers if server.transport == "stdio")
            opened += [OpenPort(server, server.address, server.port) for server in stdio]
            opening.pop_all()
        return cls((first, *beside), control, tuple(opened))

    def close(self, *, but: int | None = None) -> None:
        """Close every socket, or all except those of one worker."""
        for number, sockets in enumerate(self.sets):
            for listening in sockets.values() if number != but else ():
                listening.close()
        if self.control is not None and but is None:
            self.control.close()


@contextmanager
def _advise_moving(port: int, option: str, host_option: str) -> Iterator[None]:
    """Add to an error of opening a port which option selects another port, and which another address.

    Raises:
        ListenError: The port cannot be opened.
    """
    try:
        yield
    except ListenError as error:
        if error.number == errno.EADDRINUSE:
            error.help = f"another process listens there ('lsof -i :{port}' names it); stop it, or start with {option}"
        elif error.number == errno.EACCES:
            error.help = f"ports below 1024 need privileges; start with {option}"
        elif error.unresolved or error.number == errno.EADDRNOTAVAIL:
            error.help = f"listen on an address of this machine, or on 0.0.0.0 for all of them: {host_option}"
        raise


def check_same_ports(before: Sequence[ServedCapability], after: Sequence[ServedCapability]) -> None:
    """Reject capabilities whose ports differ from the open ones.

    Raises:
        BindError: The ports differ. The message lists the differences.
    """
    was, now = _list_places(before), _list_places(after)
    if was.keys() != now.keys():
        raise BindError(
            [f"ports cannot change while running: {_format_places(was)} became {_format_places(now)}; restart"]
        )


def _list_places(capabilities: Sequence[ServedCapability]) -> dict[PortKey, Server]:
    """Return the first server of each port."""
    servers = [server for one in capabilities for server in one.plan.servers]
    return {key: first for key, (first, *_) in group_by_port(servers, lambda server: server).items()}


def _format_places(places: Mapping[PortKey, Server]) -> str:
    texts = [
        f"{first.kind} {key.address}"
        + (f":{key.port}" if first.transport == "http" else "")
        + (f" ({key.free})" if key.free else "")
        for key, first in places.items()
    ]
    return ", ".join(texts) or "none"
