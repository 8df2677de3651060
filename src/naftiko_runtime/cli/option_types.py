"""The kinds of values that options take."""

from __future__ import annotations

import sys
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
from click.core import ParameterSource

from naftiko_runtime.limits import WORKERS_MAX
from naftiko_runtime.link.exposed_headers import check_exposed_header
from naftiko_runtime.public_urls import InvalidPublicUrlError, parse_public_url
from naftiko_runtime.rules import render_text

_PORT_MAX: Final = 65535
_MANY_CAN_SERVE: Final = sys.platform == "linux"


class _PortAddress(click.ParamType[Any]):
    """``[HOST:]PORT``."""

    name = "[HOST:]PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        host, _, port = str(value).rpartition(":")
        if not port.isdecimal() or int(port) > _PORT_MAX:
            self.fail(f"'{value}' is not [HOST:]PORT", param, ctx)
        return host.strip("[]") or "127.0.0.1", int(port)


class _Pair(click.ParamType[Any]):
    """``NAMESPACE=VALUE``."""

    def __init__(self, value: str) -> None:
        self.name = f"NAMESPACE={value}"
        self._port = value == "PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return value
        namespace, equals, text = str(value).partition("=")
        if not equals or not namespace or not text:
            self.fail(f"'{value}' is not {self.name}", param, ctx)
        if not self._port:
            return namespace, text
        if not text.isdecimal() or int(text) > _PORT_MAX:
            self.fail(f"'{text}' is not a port (0 to {_PORT_MAX})", param, ctx)
        return namespace, int(text)


class _Network(click.ParamType[Any]):
    """An address or a network in CIDR notation."""

    name = "CIDR"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> IPv4Network | IPv6Network:
        try:
            return ip_network(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _ResponseHeader(click.ParamType[Any]):
    """The name of a response header that can be passed to callers."""

    name = "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        if isinstance(value, bytes):
            return value
        if fault := check_exposed_header(value):
            self.fail(render_text(fault), param, ctx)
        return str(value).lower().encode()


class _Host(click.ParamType[str]):
    """The name or address of a host, or ``*``; a port is ignored."""

    name = "HOST"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from naftiko_runtime.caller_policy import parse_host

        host = "*" if value == "*" else parse_host(str(value).encode())
        if not host or any(character in str(value) for character in "/@?#, "):
            self.fail(f"'{value}' is not the name of a host, such as api.example.com", param, ctx)
        return host


class _PageOrigin(click.ParamType[str]):
    """The origin of web pages, or ``*``."""

    name = "ORIGIN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == "*":
            return "*"
        try:
            origin = parse_public_url(str(value))
        except InvalidPublicUrlError:
            origin = ""
        if "*" in origin or origin.count("/") != 2:  # noqa: PLR2004 - those of '://'
            self.fail(f"'{value}' is not an origin, such as https://app.example.com", param, ctx)
        return origin


class _PublicUrl(click.ParamType[Any]):
    """``[NAMESPACE=]URL``; the namespace is empty if there is none."""

    name = "[NAMESPACE=]URL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        text = str(value)
        namespace, equals, url = text.partition("=")
        if not equals or "/" in namespace:  # the first sign is part of a URL
            namespace, url = "", text
        try:
            return namespace, parse_public_url(url)
        except InvalidPublicUrlError as error:
            self.fail(f"'{url}' {error}", param, ctx)


class ListeningAddress(NamedTuple):
    """Where exposes listen.

    Attributes:
        address: A name or an IP address.
        replaces: Whether it replaces the addresses of documents. A variable only completes them.
    """

    address: str
    replaces: bool


def _read_listening_address(ctx: click.Context, param: click.Parameter, value: str | None) -> ListeningAddress | None:
    if not value:
        return None
    return ListeningAddress(value, ctx.get_parameter_source(param.name or "") is not ParameterSource.ENVIRONMENT)


LISTENING_HOST: Final = click.option(
    "--host",
    envvar="NAFTIKO_HOST",
    callback=_read_listening_address,
    metavar="ADDRESS",
    help="Listen on this address instead of the file's. Without an address, exposes with authentication listen on all "
    "interfaces, and others on this machine only.",
)


class _Workers(click.ParamType[Any]):
    """A number, or ``auto``."""

    name = "N|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if value == "auto":
            return _count_workers()
        if not str(value).isdecimal() or not 1 <= int(value) <= WORKERS_MAX:
            self.fail(f"'{value}' is neither a number from 1 to {WORKERS_MAX} nor 'auto'", param, ctx)
        if int(value) > 1 and not _MANY_CAN_SERVE:
            self.fail("more than one process needs Linux", param, ctx)
        return int(value)


def _count_workers() -> int:
    from naftiko_runtime.cli.cpus import count_cpus

    return min(count_cpus(), WORKERS_MAX) if _MANY_CAN_SERVE else 1


_STRICT = "Treat any deviation from the official schema of the file's version as an error."
STRICT: Final = click.option("--strict", is_flag=True, help=_STRICT)
STRICT_OR_VARIABLE: Final = click.option("--strict", is_flag=True, envvar="NAFTIKO_STRICT", help=_STRICT)
ALLOW_IMPORT: Final = click.option(
    "--allow-import",
    "allowed_imports",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Allow imports to read files below this folder, besides the folder of the file; repeatable.",
)
ADDRESS: Final = _PortAddress()
PORT_OF: Final = _Pair("PORT")
URL_OF: Final = _Pair("URL")
HOST: Final = _Host()
ORIGIN: Final = _PageOrigin()
PUBLIC_URL: Final = _PublicUrl()
NETWORK: Final = _Network()
RESPONSE_HEADER: Final = _ResponseHeader()
WORKERS: Final = _Workers()
