"""OAuth 1.0a (RFC 5849): requests signed by oauthlib, with a shared secret or with a private key."""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode, b64encode
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.auth.outbound import repeatable, with_authorization
from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.file_value import Unrenderable

if TYPE_CHECKING:
    from naftiko_runtime.transport.base import OutboundRequest, Transport, UpstreamResponse

_FORM: Final = b"application/x-www-form-urlencoded"
_PEM: Final = "-----BEGIN "
_KEY_BYTES_MAX: Final = 65_536


class SigningFlow:
    """Signs every request."""

    def __init__(
        self,
        consumer_key: str,
        consumer_secret: str,
        token: str,
        token_secret: str,
        method: str,
        private_key: str | None = None,
    ) -> None:
        """Prepare it.

        Args:
            consumer_key: Who signs.
            consumer_secret: What HMAC signs with.
            token: Of a user; empty for none.
            token_secret: Of that token.
            method: As OAuth names it, ``RSA-SHA256`` say.
            private_key: What RSA signs with, as PEM.
        """
        from oauthlib.oauth1 import Client  # noqa: PLC0415 - few documents need it

        self._hash = method.partition("-")[2].lower() if private_key is not None else None
        self._client = Client(
            consumer_key,
            client_secret=consumer_secret,
            resource_owner_key=token or None,
            resource_owner_secret=token_secret or None,
            signature_method=method,
            rsa_key=private_key,
        )

    async def send(self, request: OutboundRequest, transport: Transport) -> UpstreamResponse:
        """See :class:`Flow`. The fields of a form are signed, so a form is read first.

        With a private key any other body is signed by its hash, and so read first, too; otherwise it is not signed.
        """
        kinds = [value for name, value in request.headers if name == b"content-type"]
        form: str | None = None
        digest: str | None = None
        if any(kind.startswith(_FORM) for kind in kinds):
            request = await repeatable(request)
            form = request.body.decode("latin-1") if isinstance(request.body, bytes) else None
        elif self._hash is not None:
            request = await repeatable(request)
            body = request.body if isinstance(request.body, bytes) else b""
            digest = b64encode(hashlib.new(self._hash, body).digest()).decode()
        return await transport.send(with_authorization(request, self._signed(request, form, digest)))

    def _signed(self, request: OutboundRequest, form: str | None, digest: str | None) -> str:
        """The ``Authorization`` of a request, of whose body the fields of a form, or the hash, are signed."""
        client: Any = self._client
        if digest is not None:
            client = _with_body_hash(client, digest)
        headers = {"Content-Type": _FORM.decode()} if form is not None else {}
        try:
            _, signed, _ = client.sign(request.url, request.method, form, headers)
        except ValueError:
            raise UpstreamError("the request holds what OAuth 1.0a cannot sign") from None
        return str(signed["Authorization"])


def _with_body_hash(client: Any, digest: str) -> Any:
    """A client that signs the hash of one body: oauthlib's own knows SHA-1 alone."""
    hashing = copy(client)
    hashing.get_oauth_params = lambda request: [*client.get_oauth_params(request), ("oauth_body_hash", digest)]
    return hashing


def read_private_key(text: str, password: str, folder: str) -> str:
    """A private key as PEM: itself, or what a file holds.

    Args:
        text: PEM, its line breaks maybe escaped; DER as base64; or the path of a file with PEM, DER or PKCS #12.
        password: Of an encrypted key or a PKCS #12 file; empty for none.
        folder: What a relative path is looked up in, before the working directory.

    Raises:
        Unrenderable: It is none of that; the text never says what it is.
    """
    text = text.replace("\\n", "\n").strip()
    content = text.encode() if _PEM in text else _file(text, folder) or _der(text)
    try:
        return _as_pem(content, password.encode() or None)
    except (ValueError, TypeError):
        raise Unrenderable("the signing key is no RSA key that can be read") from None


def _file(text: str, folder: str) -> bytes:
    """What a file holds; nothing when there is none."""
    if "\n" in text or "\0" in text:
        return b""
    for path in (Path(folder) / text, Path(text)):
        try:
            if path.is_file():
                with path.open("rb") as file:
                    return file.read(_KEY_BYTES_MAX)
        except OSError:  # a name that no file can have, or one that may not be read
            continue
    return b""


def _der(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unrenderable("the signing key is neither PEM nor a file that can be read") from None


def _as_pem(content: bytes, password: bytes | None) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - few documents need it
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import pkcs12  # noqa: PLC0415

    key: Any
    if _PEM.encode() in content:
        key = serialization.load_pem_private_key(content, password)
    else:
        try:
            key = serialization.load_der_private_key(content, password)
        except (ValueError, TypeError):
            key = pkcs12.load_key_and_certificates(content, password)[0]
    if not isinstance(key, RSAPrivateKey):
        raise TypeError
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()
