"""The HTTP clients that call upstreams: two implementations of the interface in ``upstream``."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from naftiko_runtime.http_client.options import ClientOptions, HttpClient

if TYPE_CHECKING:
    from naftiko_runtime.upstream.interface import Transport

__all__ = ["ClientOptions", "HttpClient", "open_client"]


def open_client(options: ClientOptions) -> Transport:
    """Open a client, in a running loop. The libraries of the other one are not imported.

    Raises:
        BindError: Files that the options name are missing or broken.
    """
    match options.client:
        case "native":
            from naftiko_runtime.http_client.native.client import NativeClient  # noqa: PLC0415

            return NativeClient(options)
        case "httpx2":
            from naftiko_runtime.http_client.httpx2.client import Httpx2Client  # noqa: PLC0415

            return Httpx2Client(options)
        case _:
            assert_never(options.client)
