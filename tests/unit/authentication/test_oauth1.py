"""OAuth 1.0a with a private key: signatures, and the sources of keys."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from naftiko_runtime.authentication.oauth1 import SigningFlow, read_private_key
from naftiko_runtime.file_value import Unrenderable
from naftiko_runtime.upstream.interface import OutboundRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NONE = serialization.NoEncryption()
PEM = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, NONE).decode()
OLDER = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, NONE).decode()
DER = KEY.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, NONE)
LOCK = serialization.BestAvailableEncryption(b"pw")
LOCKED = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, LOCK).decode()
STORE = pkcs12.serialize_key_and_certificates(b"key", KEY, None, None, LOCK)
URL = "https://api.example/a%2Fb?q=1&q=%20x"


class Recording:
    """A transport that keeps the request."""

    async def send(self, request: OutboundRequest) -> Any:
        self.request = request
        return None


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def signed(
    body: Any, kind: bytes | None, method: str = "RSA-SHA256", verb: str = "POST"
) -> tuple[dict[str, str], Any]:
    transport: Any = Recording()
    headers = [] if kind is None else [(b"content-type", kind)]
    flow = SigningFlow("consumer!key", "", "", "", method, PEM)
    await flow.send(OutboundRequest("op", verb, URL, headers, body), transport)
    request = transport.request
    authorization = dict(request.headers)[b"authorization"].decode()
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', authorization)}, request


def check(given: dict[str, str], verb: str, form: str = "", algorithm: Any = None) -> None:
    """Check a signature as RFC 5849 has it (3.4), by nothing of ours and nothing of oauthlib's."""
    signature = b64decode(given.pop("oauth_signature"))
    fields = [*given.items(), *parse_qsl(urlsplit(URL).query), *parse_qsl(form)]
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in fields)
    parts = (verb, URL.partition("?")[0], "&".join(f"{name}={value}" for name, value in pairs))
    base = "&".join(quote(part, safe="~") for part in parts)
    KEY.public_key().verify(signature, base.encode(), padding.PKCS1v15(), algorithm or hashes.SHA256())


@pytest.mark.parametrize(("body", "content"), [(b'{"a":1}', b'{"a":1}'), (b"", b""), (None, b"")])
async def test_the_hash_of_a_body_is_signed(body: bytes | None, content: bytes) -> None:
    verb = "GET" if body is None else "POST"
    given, request = await signed(body, b"application/json" if body else None, verb=verb)
    assert given["oauth_body_hash"] == b64encode(hashlib.sha256(content).digest()).decode()
    assert (given["oauth_consumer_key"], given["oauth_signature_method"]) == ("consumer!key", "RSA-SHA256")
    assert request.body == body
    check(given, verb)


async def test_a_streamed_body_is_read_to_be_signed() -> None:
    given, request = await signed(stream(b"ab", b"c"), b"text/plain")
    assert given["oauth_body_hash"] == b64encode(hashlib.sha256(b"abc").digest()).decode()
    assert request.body == b"abc"
    check(given, "POST")


async def test_the_fields_of_a_form_are_signed_instead_of_its_hash() -> None:
    given, _ = await signed(b"a=1&b=%2F", b"application/x-www-form-urlencoded")
    assert "oauth_body_hash" not in given
    check(given, "POST", "a=1&b=%2F")


async def test_the_hash_is_that_of_the_method() -> None:
    given, _ = await signed(b"x", b"text/plain", "RSA-SHA512")
    assert given["oauth_body_hash"] == b64encode(hashlib.sha512(b"x").digest()).decode()
    check(given, "POST", algorithm=hashes.SHA512())


async def test_every_request_has_a_hash_of_its_own() -> None:
    first, _ = await signed(b"1", b"text/plain")
    second, _ = await signed(b"2", b"text/plain")
    assert first["oauth_body_hash"] != second["oauth_body_hash"]


@pytest.mark.parametrize(
    ("text", "password"),
    [
        (PEM, ""),
        (OLDER, ""),
        (PEM.replace("\n", "\\n"), ""),
        (f"  {PEM}\n", ""),
        (b64encode(DER).decode(), ""),
        (LOCKED, "pw"),
    ],
)
def test_a_key_may_be_the_value_itself(text: str, password: str, tmp_path: Path) -> None:
    assert read_private_key(text, password, str(tmp_path)) == PEM


@pytest.mark.parametrize(
    ("content", "password"),
    [(PEM.encode(), ""), (DER, ""), (LOCKED.encode(), "pw"), (STORE, "pw"), (OLDER.encode(), "")],
)
def test_a_key_may_be_in_a_file(content: bytes, password: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key.p12"
    file.write_bytes(content)
    assert read_private_key("key.p12", password, str(tmp_path)) == PEM
    assert read_private_key(str(file), password, "/nowhere") == PEM
    monkeypatch.chdir(tmp_path)
    assert read_private_key("key.p12", password, "/nowhere") == PEM


ELLIPTIC = ec.generate_private_key(ec.SECP256R1()).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, NONE
)


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("s3cret", ""),
        ("missing.pem", ""),
        ("c2VjcmV0", ""),
        ("-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----", ""),
        (LOCKED, ""),
        (LOCKED, "wrong"),
        (ELLIPTIC.decode(), ""),
        ("", ""),
        ("a\0b", ""),
        ("x" * 5000, ""),
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(text: str, password: str, tmp_path: Path) -> None:
    with pytest.raises(Unrenderable) as raised:
        read_private_key(text, password, str(tmp_path))
    assert "signing key" in str(raised.value)
    assert not text or text not in str(raised.value)
