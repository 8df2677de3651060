"""The client options of ``naftiko run``: from the command line, and from the usual variables of HTTP clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from naftiko_runtime import limits
from naftiko_runtime.errors import BindError, Problem
from naftiko_runtime.http_client import open_client
from naftiko_runtime.http_client.certificates import TlsContexts, TlsOptions, read_tls_options
from naftiko_runtime.http_client.options import ClientOptions
from naftiko_runtime.http_client.proxies import Proxies, read_proxies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from naftiko_runtime.cli.run_options import UpstreamOptions
    from naftiko_runtime.upstream import Transport


@dataclass(frozen=True, slots=True)
class ClientOpener:
    """Opens a client. It is a value: capabilities with equal openers share a client, and workers receive it."""

    options: ClientOptions

    def __call__(self) -> Transport:
        """Open a client, in a running loop."""
        return open_client(self.options)


def read_client_options(options: UpstreamOptions, environ: Mapping[str, str]) -> ClientOptions:
    """Combine the options with proxies and certificates of the environment.

    Raises:
        BindError: A variable does not name a proxy, or a file is missing or broken; all of them are listed.
    """
    problems: list[Problem] = []
    tls, proxies = TlsOptions(), Proxies()
    try:
        tls = read_tls_options(environ, options.ca_file, options.client_cert, options.client_key)
        TlsContexts(tls)  # reads the files, so that a fault stops the start
    except BindError as error:
        problems += error.problems
    try:
        proxies = read_proxies(environ)
    except BindError as error:
        problems += error.problems
    if problems:
        raise BindError(problems)
    connections = options.upstream_connections
    return ClientOptions(
        options.http_client,
        connections_max=max(limits.UPSTREAM_CONNECTIONS_MAX, connections),
        connections_each_max=connections,
        tls=tls,
        proxies=proxies,
    )
