"""Files for TLS: they apply, and all errors in them are listed at startup."""

from __future__ import annotations

import os
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from naftiko_runtime.errors import BindError
from naftiko_runtime.http_client import ClientOptions, HttpClient, open_client
from naftiko_runtime.http_client.certificates import TlsContexts, TlsOptions, read_tls_options
from naftiko_runtime.upstream import OutboundRequest, UpstreamUnreachable
from support.certificates import make_server_context, write_certificate
from support.rawserver import RawServer, make_response, serve

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS: list[HttpClient] = ["native", "httpx2"]


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return write_certificate(tmp_path / "server.pem")


def split(pem: Path, password: bytes = b"") -> tuple[Path, Path]:
    """The certificate and the key of a file, in a file of their own."""
    text = pem.read_bytes()
    key = serialization.load_pem_private_key(text, None)
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    paths = pem.with_suffix(".crt"), pem.with_suffix(".key")
    paths[0].write_bytes(x509.load_pem_x509_certificate(text).public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    paths[1].write_bytes(private)
    return paths


def hashed(directory: Path, pem: Path) -> Path:
    """A directory in which OpenSSL finds a certificate."""
    directory.mkdir()
    name = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", str(pem)], check=True, capture_output=True, text=True
    ).stdout.strip()
    (directory / f"{name}.0").write_bytes(split(pem)[0].read_bytes())
    return directory


async def status(client: HttpClient, tls: TlsOptions, server: RawServer) -> int:
    transport = open_client(ClientOptions(client, tls=tls))
    try:
        response = await transport.send(OutboundRequest("a.b", "GET", server.url(), ()))
        await response.close()
        return response.status
    finally:
        await transport.aclose()


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("by", ["--ca-file", "SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_authorities_are_trusted(client: HttpClient, pem: Path, tmp_path: Path, by: str) -> None:
    match by:
        case "--ca-file":
            tls = read_tls_options({"SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": "/nowhere"}, ca_file=split(pem)[0])
        case "SSL_CERT_FILE":
            tls = read_tls_options({"SSL_CERT_FILE": str(split(pem)[0])})
        case _:
            tls = read_tls_options({"SSL_CERT_DIR": str(hashed(tmp_path / "found", pem))})
    async with serve(make_response(b""), tls=make_server_context(pem)) as server:
        assert await status(client, tls, server) == 200


@pytest.mark.parametrize("client", CLIENTS)
async def test_no_other_authority_is_trusted(client: HttpClient, pem: Path, tmp_path: Path) -> None:
    other = write_certificate(tmp_path / "other.pem")
    async with serve(make_response(b""), tls=make_server_context(pem)) as server:
        with pytest.raises(UpstreamUnreachable, match="its TLS certificate is not valid"):
            await status(client, read_tls_options({"SSL_CERT_FILE": str(other)}), server)


def test_authorities_take_the_place_of_those_of_the_system(pem: Path) -> None:
    context = TlsContexts(read_tls_options({}, ca_file=pem)).get_upstream_context()
    assert [ca["subject"] for ca in context.get_ca_certs()] == [((("commonName", "test"),),)]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(("files", "password"), [(1, ""), (2, ""), (2, "s3cret")])
async def test_a_certificate_is_shown_to_upstreams_that_ask(
    client: HttpClient, pem: Path, files: int, password: str
) -> None:
    context = make_server_context(pem)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pem)
    shown, key = split(pem, password.encode()) if files == 2 else (pem, None)
    environ = {"SSL_CERT_FILE": str(pem), "NAFTIKO_CLIENT_KEY_PASSWORD": password}
    async with serve(make_response(b""), tls=context) as server:
        assert await status(client, read_tls_options(environ, None, shown, key), server) == 200


@pytest.mark.parametrize("client", CLIENTS)
async def test_an_upstream_that_asks_for_a_certificate_gets_none_by_default(client: HttpClient, pem: Path) -> None:
    context = make_server_context(pem)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pem)
    async with serve(make_response(b""), tls=context) as server:
        with pytest.raises(UpstreamUnreachable):
            await status(client, read_tls_options({"SSL_CERT_FILE": str(pem)}), server)


def test_a_proxy_is_not_shown_the_certificate(pem: Path) -> None:
    contexts = TlsContexts(read_tls_options({}, pem, pem))
    assert contexts.get_proxy_context() is not contexts.get_upstream_context()
    assert contexts.get_proxy_context().get_ca_certs() == contexts.get_upstream_context().get_ca_certs()


def faults(tls: TlsOptions) -> tuple[str, ...]:
    with pytest.raises(BindError) as caught:
        TlsContexts(tls)
    return tuple(each.message for each in caught.value.problems)


def test_a_file_that_is_missing_or_holds_no_certificate_is_named(pem: Path, tmp_path: Path) -> None:
    (empty := tmp_path / "empty.pem").write_text("")
    (half := tmp_path / "half.pem").write_bytes(split(pem)[0].read_bytes()[:200])
    missing = tmp_path / "missing.pem"
    assert faults(read_tls_options({}, ca_file=missing)) == (
        f"--ca-file: '{missing}' cannot be read: No such file or directory",
    )
    for broken in (empty, half):
        assert faults(read_tls_options({"SSL_CERT_FILE": str(broken)})) == (
            f"SSL_CERT_FILE: '{broken}' does not hold certificates in PEM format",
        )
    assert faults(read_tls_options({}, ca_file=tmp_path)) == (
        f"--ca-file: '{tmp_path}' cannot be read: Is a directory",
    )


def test_a_directory_in_which_openssl_finds_nothing_is_named(pem: Path, tmp_path: Path) -> None:
    assert pem.parent == tmp_path
    assert faults(read_tls_options({"SSL_CERT_DIR": f"{tmp_path}{os.pathsep}{tmp_path}/none"})) == (
        f"SSL_CERT_DIR: '{tmp_path}' holds no certificates that OpenSSL finds; name them by 'openssl rehash'",
        f"SSL_CERT_DIR: '{tmp_path}/none' cannot be read as a directory",
    )
    TlsContexts(read_tls_options({"SSL_CERT_DIR": str(tmp_path), "SSL_CERT_FILE": str(pem)}))


def test_what_is_wrong_with_a_client_certificate_is_said(pem: Path, tmp_path: Path) -> None:
    shown, key = split(pem)
    _, locked = split(write_certificate(tmp_path / "locked.pem"), b"s3cret")
    _, foreign = split(write_certificate(tmp_path / "foreign.pem"))
    missing = tmp_path / "missing.key"

    def said(certificate: Path, key: Path | None = None, password: str = "") -> tuple[str, ...]:
        return faults(read_tls_options({"NAFTIKO_CLIENT_KEY_PASSWORD": password}, None, certificate, key))

    assert said(shown, missing) == (f"--client-key: '{missing}' cannot be read: No such file or directory",)
    assert said(shown) == (f"--client-cert: '{shown}' does not hold a certificate and its key in PEM format",)
    assert said(shown, foreign) == (f"--client-key: '{foreign}' is not the key of the certificate in '{shown}'",)
    assert said(shown, locked) == (f"--client-key: '{locked}' has an encrypted key; set NAFTIKO_CLIENT_KEY_PASSWORD",)
    (wrong,) = said(shown, locked, "wrong")
    assert wrong.endswith("in PEM format, or NAFTIKO_CLIENT_KEY_PASSWORD is not its password")
    (swapped,) = said(key, shown)
    assert (
        swapped == f"--client-cert: '{key}' and --client-key: '{shown}' are not a certificate and its key in PEM format"
    )


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    tls = read_tls_options({"SSL_CERT_DIR": str(tmp_path)}, None, tmp_path / "a", tmp_path / "b")
    assert [fault.partition(":")[0] for fault in faults(tls)] == ["SSL_CERT_DIR", "--client-cert", "--client-key"]


def test_a_key_needs_a_certificate(pem: Path) -> None:
    with pytest.raises(BindError, match="there is no certificate; give it by --client-cert"):
        read_tls_options({}, client_key=pem)


def test_a_password_is_not_shown() -> None:
    assert "s3cret" not in repr(read_tls_options({"NAFTIKO_CLIENT_KEY_PASSWORD": "s3cret"}))
