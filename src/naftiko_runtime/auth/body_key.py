"""Keys of APIs that are a field of the request's body."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

import orjson
from msgspec.structs import replace

from naftiko_runtime.auth.outbound import repeatable
from naftiko_runtime.encode import encode_json
from naftiko_runtime.errors import Fault, Rejected, UnsupportedCoding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from naftiko_runtime.transport.base import OutboundRequest, Transport, UpstreamResponse

_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = re.compile(r"application/([\w.+-]+\+)?json")
_BOUNDARY: Final = re.compile(r'multipart/form-data\s*;.*boundary="?([^";]+)"?', re.IGNORECASE)
_WITH_BODY: Final = ("POST", "PUT", "PATCH", "DELETE")


class BodyKeyFlow:
    """Adds the keys to a JSON object or a form; a request without a body gets a JSON object of them."""

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        self._keys = dict(keys)

    async def send(self, request: OutboundRequest, transport: Transport) -> UpstreamResponse:
        """See :class:`Flow`. A streamed body is read first.

        Raises:
            Rejected: The body can take no key, or a caller gives one.
            UnsupportedCoding: It is compressed.
        """
        request = await repeatable(request)
        headers = [pair for pair in request.headers if pair[0] not in (b"content-type", b"content-length")]
        coding = b",".join(value for name, value in headers if name == b"content-encoding").strip().lower()
        if coding not in (b"", b"identity"):
            raise UnsupportedCoding
        kinds = [value.decode("latin-1") for name, value in request.headers if name == b"content-type"]
        body = request.body if isinstance(request.body, bytes) else b""
        if not body and request.method not in _WITH_BODY:
            raise _refused(f"the API's key goes in the body, and a {request.method} has none")
        kind = kinds[0] if kinds else "application/json"
        headers += [(b"content-type", kind.encode("latin-1"))]
        return await transport.send(replace(request, headers=headers, body=self._added(body, kind)))

    def _added(self, body: bytes, kind: str) -> bytes:
        plain = kind.partition(";")[0].strip().lower()
        if plain == _FORM:
            return self._added_to_form(body)
        if match := _BOUNDARY.match(kind):
            return self._added_to_parts(body, match[1].encode("latin-1"))
        if _JSON.fullmatch(plain):
            return self._added_to_json(body or b"{}")
        raise _refused("must be JSON or a form: the API's key is a field of it")

    def _added_to_json(self, body: bytes) -> bytes:
        """An object with the keys; what is in it stays byte for byte."""
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise _refused("must be JSON") from None
        if not isinstance(given, dict):
            raise _refused("must be a JSON object: the API's key is a field of it")
        self._check(given)
        rest = body.lstrip()[1:]
        return encode_json(self._keys)[:-1] + (b"," if given else b"") + rest

    def _added_to_form(self, body: bytes) -> bytes:
        self._check(name for name, _ in parse_qsl(body.decode("latin-1"), keep_blank_values=True))
        return b"&".join(filter(None, (body, urlencode(self._keys).encode())))

    def _added_to_parts(self, body: bytes, boundary: bytes) -> bytes:
        opening = b"--" + boundary
        if not body.startswith(opening):
            raise _refused("must be parts of a form, from its first byte on")
        names = re.findall(rb'(?i)\r\ncontent-disposition:[^\r\n]*\bname="?([^"\r\n;]*)', b"\r\n" + body)
        self._check(name.decode("utf-8", "replace") for name in names)
        parts = [
            opening + b'\r\ncontent-disposition: form-data; name="' + name.encode() + b'"\r\n\r\n' + value.encode()
            for name, value in self._keys.items()
        ]
        return b"\r\n".join([*parts, body])

    def _check(self, names: object) -> None:
        """Refuse a caller's own key: which of two an API takes, nobody knows."""
        for name in names:  # type: ignore[attr-defined]
            if name in self._keys:
                raise Rejected(Fault(name, "body", "is for the runtime to send"))


def _refused(why: str) -> Rejected:
    return Rejected(Fault("", "body", why))
