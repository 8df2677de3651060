"""OAuth 1.0a (RFC 5849): requests signed by oauthlib, with a shared secret or with a private key."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from msgspec import Struct

from naftiko_runtime import rules
from naftiko_runtime.authentication.flow import Flow, buffer_body, replace_authorization
from naftiko_runtime.authentication.kind import AuthenticationKind, AuthenticationPart, SecretFile, SecretText, SentText
from naftiko_runtime.errors import UpstreamError
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.lazy_import import import_lazily
from naftiko_runtime.model.part import Meanings
from naftiko_runtime.rules import message_clauses

if TYPE_CHECKING:
    import copy
    import hashlib
    from collections.abc import Mapping, Sequence

    from naftiko_runtime.authentication.kind import Linker, TextOf
    from naftiko_runtime.terms import Term
    from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse
else:
    copy = import_lazily("copy")
    hashlib = import_lazily("hashlib")

_FORM: Final = b"application/x-www-form-urlencoded"
_PEM: Final = "-----BEGIN "
_KEY_BYTES_MAX: Final = 65_536
_SIGNATURE_FIELDS: Final = (
    "oauth_body_hash",
    "oauth_consumer_key",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_token",
    "oauth_version",
)
"""What a signature consists of (RFC 5849, 3.1), which servers also take from the query (3.5.3)."""


class OAuth1(AuthenticationPart):
    """OAuth 1.0a signatures (RFC 5849). Not part of the specification, but common in real files."""

    type: Literal["oauth1"]
    consumer_key: SentText = ""
    consumer_secret: SecretText = ""
    token: SecretText = ""
    token_secret: SecretText = ""
    signing_key: SecretFile = ""
    signing_key_password: SentText = ""
    signature_method: (
        Literal["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "PLAINTEXT", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512"] | None
    ) = None
    """Without it ``RSA-SHA256`` with a signing key, otherwise ``HMAC-SHA1``."""

    meanings: ClassVar[Meanings] = {
        "consumerKey": ("The consumer key.", "{{CONSUMER_KEY}}"),
        "consumerSecret": ("The consumer secret.", "{{CONSUMER_SECRET}}"),
        "token": ("The access token, if the API gives one to each user.", "{{TOKEN}}"),
        "tokenSecret": ("The secret of `token`.", "{{TOKEN_SECRET}}"),
        "signingKey": (
            "The private key that signs requests with RSA: PEM text, or the path of a file (PEM, DER or PKCS #12).",
            "{{SIGNING_KEY}}",
        ),
        "signingKeyPassword": ("The password of the private key.", "{{KEY_PASSWORD}}"),
        "signatureMethod": (
            "The signature method. The default is HMAC-SHA1, or RSA-SHA256 with `signingKey`.",
            "HMAC-SHA256",
        ),
    }


class OAuth1Credential(Struct, frozen=True):
    """The credential of OAuth 1.0a. The token may be empty.

    ``signing_key`` is a private key or names a file, which is looked up in ``folder`` first.
    """

    consumer_key: Term
    consumer_secret: Term
    token: Term
    token_secret: Term
    method: str
    signing_key: Term | None = None
    signing_key_password: Term | None = None
    folder: str = ""


class OAuth1Kind(AuthenticationKind[OAuth1, OAuth1Credential]):
    """See :class:`AuthenticationKind`."""

    name = "oauth1"
    part = OAuth1
    foreign_keys: ClassVar[Mapping[str, str]] = {
        "secret": "write 'consumerSecret'",
        "accessToken": "write 'token'",
    }

    def link(self, part: OAuth1, linker: Linker) -> OAuth1Credential | None:
        key = part.signing_key
        method = part.signature_method or ("RSA-SHA256" if key else "HMAC-SHA1")
        with_key = method.startswith("RSA-")
        needed = {"consumerKey": part.consumer_key}
        needed |= {"signingKey": key} if with_key else {"consumerSecret": part.consumer_secret}
        if key and not with_key:
            linker.report(rules.NO_EFFECT_SIGNING_KEY(method=method), part.get_path("signingKey"), key=True)
        if missing := [name for name, value in needed.items() if not value]:
            linker.report(rules.EMPTY_CREDENTIAL_OAUTH1(missing=tuple(missing)), part.get_path("type"))
            return None

        def link_term(name: str, value: str) -> Term:
            return linker.link_secret_text(value, part.get_path(name))

        return OAuth1Credential(
            link_term("consumerKey", part.consumer_key),
            link_term("consumerSecret", part.consumer_secret),
            link_term("token", part.token),
            link_term("tokenSecret", part.token_secret),
            method,
            link_term("signingKey", key) if with_key else None,
            link_term("signingKeyPassword", part.signing_key_password) if with_key else None,
            str(Path(linker.find_span(part.get_path()).file).parent),
        )

    def list_secrets(self, credential: OAuth1Credential) -> Sequence[Term]:
        own = (credential.consumer_secret, credential.token, credential.token_secret)
        signing = (credential.signing_key, credential.signing_key_password)
        return (*own, *(term for term in signing if term is not None))

    def list_reserved_query(self, _: OAuth1Credential) -> Sequence[str]:
        return _SIGNATURE_FIELDS

    def open_flow(self, credential: OAuth1Credential, text: TextOf) -> SigningFlow:
        key, password, private = credential.signing_key, credential.signing_key_password, None
        if key is not None:
            private = read_private_key(text(key), text(password) if password else "", credential.folder)
        consumer = text(credential.consumer_key), text(credential.consumer_secret)
        token = text(credential.token), text(credential.token_secret)
        return SigningFlow(*consumer, *token, credential.method, private)


OAUTH1: Final = OAuth1Kind()


class SigningFlow(Flow):
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
        """Read the keys.

        Args:
            consumer_key: The id of the client.
            consumer_secret: The key for HMAC.
            token: The token of a user. Empty for none.
            token_secret: The secret of that token.
            method: The signature method, such as ``RSA-SHA256``.
            private_key: The key for RSA, as PEM.
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

        With a private key, the hash of any other body is signed, so the body is read first. Otherwise it is not signed.
        """
        kinds = [value for name, value in request.headers if name == b"content-type"]
        form: str | None = None
        digest: str | None = None
        if any(kind.startswith(_FORM) for kind in kinds):
            request = await buffer_body(request)
            form = request.body.decode("latin-1") if isinstance(request.body, bytes) else None
        elif self._hash is not None:
            request = await buffer_body(request)
            body = request.body if isinstance(request.body, bytes) else b""
            digest = b64encode(hashlib.new(self._hash, body).digest()).decode()
        return await transport.send(replace_authorization(request, self._sign(request, form, digest)))

    def _sign(self, request: OutboundRequest, form: str | None, digest: str | None) -> str:
        """Return the ``Authorization`` of a request, of whose body the fields of a form, or the hash, are signed."""
        client: Any = self._client
        if digest is not None:
            client = _add_body_hash(client, digest)
        headers = {"Content-Type": _FORM.decode()} if form is not None else {}
        try:
            _, signed, _ = client.sign(request.url, request.method, form, headers)
        except ValueError:
            raise UpstreamError("OAuth 1.0a cannot sign this request") from None
        return str(signed["Authorization"])


def _add_body_hash(client: Any, digest: str) -> Any:
    """Return a client that signs the hash of one body. The hash of oauthlib itself is always SHA-1."""
    hashing = copy.copy(client)
    hashing.get_oauth_params = lambda request: [*client.get_oauth_params(request), ("oauth_body_hash", digest)]
    return hashing


def read_private_key(text: str, password: str, folder: str) -> str:
    """Return a private key as PEM, from a text or a file.

    Args:
        text: PEM, its line breaks maybe escaped; DER as base64; or the path of a file with PEM, DER or PKCS #12.
        password: The password of an encrypted key or a PKCS #12 file. Empty for none.
        folder: The folder that a relative path is looked up in, before the working directory.

    Raises:
        Unrenderable: It is none of these. The message does not quote it.
    """
    text = text.replace("\\n", "\n").strip()
    content = text.encode() if _PEM in text else _read_file(text, folder) or _decode_der(text)
    try:
        return _convert_to_pem(content, password.encode() or None)
    except (ValueError, TypeError):
        raise Unrenderable(message_clauses.KEY_NOT_RSA()) from None


def _read_file(text: str, folder: str) -> bytes:
    """Return the content of a file. Empty if there is no file."""
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


def _decode_der(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unrenderable(message_clauses.KEY_NOT_READ()) from None


def _convert_to_pem(content: bytes, password: bytes | None) -> str:
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
