"""The head of a request: the checks that HTTP demands, and the ASGI scope."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from httptools import HttpParserInvalidURLError, parse_url

from naftiko_runtime.http_server.rejection import BAD_FRAMING, BAD_HOST, NOT_HTTP, UNKNOWN_CODING

if TYPE_CHECKING:
    from naftiko_runtime.asgi_types import Header, Scope
    from naftiko_runtime.http_server.rejection import Rejection

Address = tuple[str, int]

NOTED: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"expect"})
"""The headers to pass to :meth:`RequestHead.note`."""

_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}
_HASH: Final = ord("#")
_HOST: Final = re.compile(rb"[A-Za-z0-9!$&'()*+,;=._~%:\[\]-]*")
_VERSIONS: Final = ("1.0", "1.1")


class RequestHead:
    """The parts of a head that decide about its host, body and version.

    Attributes:
        framing: The header line that says where the body ends; empty without a body.
        expects_continue: Whether the caller waits for ``100 Continue`` before it sends the body.
        version: ``1.0`` or ``1.1``, once :meth:`check` has returned None.
    """

    __slots__ = ("_bad_host", "_coding", "_host", "expects_continue", "framing", "version")

    def __init__(self) -> None:
        self.framing = b""
        self.expects_continue = False
        self.version = ""
        self._host: bytes | None = None
        self._bad_host = False
        self._coding: bytes | None = None

    def note(self, name: bytes, value: bytes) -> None:
        """Note a header whose name is in :data:`NOTED`."""
        if name == b"host":
            if self._host is not None or not is_host(value):
                self._bad_host = True
            self._host = value
        elif name == b"content-length":
            self.framing = b"content-length: " + value
        elif name == b"transfer-encoding":
            self.framing = b"transfer-encoding: chunked"
            self._coding = value if self._coding is None else self._coding + b"," + value
        elif value.lower() == b"100-continue":
            self.expects_continue = True

    def check(self, version: str, url: bytes) -> Rejection | None:
        """Return what is wrong with the head, if anything."""
        if version not in _VERSIONS:
            return NOT_HTTP
        self.version = version
        old = version == "1.0"
        if self._coding is not None and (rejection := _check_coding(self._coding, old=old)) is not None:
            return rejection
        # The header may be empty where the target names the host, or is the server itself.
        unnamed = self._host is None or (not self._host and url.startswith(b"/"))
        return BAD_HOST if self._bad_host or (unnamed and not old) else None


def make_scope(
    head: RequestHead, method: bytes, url: bytes, headers: list[Header], client: Address | None, server: Address | None
) -> Scope:
    """Return the ASGI scope of a request.

    Raises:
        HttpParserInvalidURLError: The target is invalid, or for OPTIONS only.
    """
    if url.startswith(b"/") and _HASH not in url:  # a number: searching for bytes raises a hidden exception
        raw_path, _, query = url.partition(b"?")
    elif url == b"*" and method == b"OPTIONS":
        raw_path, query = url, b""
    else:
        raw_path, query, headers = _split_url(url, headers)
    path = raw_path.decode("ascii")
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": head.version,
        "method": method.decode("ascii"),
        "scheme": "http",
        "path": unquote(path) if "%" in path else path,
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "client": client,
        "server": server,
        "state": {},
    }


def _split_url(url: bytes, headers: list[Header]) -> tuple[bytes, bytes, list[Header]]:
    """Return the path and query of an absolute target, and the headers with the host of the target.

    Raises:
        HttpParserInvalidURLError: The target is invalid, or for OPTIONS only.
    """
    parsed = parse_url(url)
    if url == b"*" or (parsed.schema and not parsed.host):
        raise HttpParserInvalidURLError
    if parsed.host and parsed.schema:  # RFC 9112, 3.2.2
        host = parsed.host if parsed.port is None else b"%b:%d" % (parsed.host, parsed.port)
        headers = [(name, host if name == b"host" else value) for name, value in headers]
    return parsed.path or b"/", parsed.query or b"", headers


@lru_cache(maxsize=256)
def is_host(value: bytes) -> bool:
    """Return whether a Host header's value can be a host, or is empty."""
    return _HOST.fullmatch(value) is not None


def _check_coding(coding: bytes, *, old: bool) -> Rejection | None:
    """Check a Transfer-Encoding: only ``chunked`` is supported, and it must be the last coding."""
    codings = [part.strip().lower() for part in coding.split(b",")]
    if old or codings[-1] != b"chunked" or codings.count(b"chunked") > 1:
        return BAD_FRAMING
    return UNKNOWN_CODING if len(codings) > 1 else None
