"""Which certificates to trust, and which one to show: files from options and variables, and what they hold."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from naftiko_runtime.errors import BindError

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY_PASSWORD: Final = "NAFTIKO_CLIENT_KEY_PASSWORD"  # noqa: S105 - the variable's name
_HASHED_NAME: Final = "[0-9a-f]" * 8 + ".[0-9]*"
"""The name of a certificate in a directory as OpenSSL looks for it."""


@dataclass(frozen=True, slots=True)
class NamedPath:
    """A path, and the option or variable that it comes from."""

    name: str
    path: str

    def __str__(self) -> str:
        return f"{self.name}: '{self.path}'"


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """Files for TLS with upstreams, in PEM format.

    Attributes:
        ca_file: Certificate authorities to trust instead of those of the system.
        ca_directories: More of them, one a file, whose name is a hash.
        client_certificate: A certificate, with those between it and its authority, to show to upstreams that ask.
        client_key: Its private key; none if that is in the same file.
        key_password: What the key is encrypted with. It is a secret.
    """

    ca_file: NamedPath | None = None
    ca_directories: tuple[NamedPath, ...] = ()
    client_certificate: NamedPath | None = None
    client_key: NamedPath | None = None
    key_password: str = field(default="", repr=False)

    @property
    def is_default(self) -> bool:
        """Whether all options have their defaults."""
        return self.ca_file is None and not self.ca_directories and self.client_certificate is None


def read_tls_options(
    environ: Mapping[str, str],
    ca_file: Path | None = None,
    client_certificate: Path | None = None,
    client_key: Path | None = None,
) -> TlsOptions:
    """Combine what options give with ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, which count when no ``ca_file`` is given.

    Raises:
        BindError: There is a key without a certificate.
    """
    if client_key is not None and client_certificate is None:
        raise BindError(("--client-key: there is no certificate; give it by --client-cert",))
    directories: list[str] = []
    if ca_file is not None:
        trusted = [NamedPath("--ca-file", str(ca_file))]
    else:
        trusted = [NamedPath("SSL_CERT_FILE", path) for path in (environ.get("SSL_CERT_FILE"),) if path]
        directories = environ.get("SSL_CERT_DIR", "").split(os.pathsep)
    return TlsOptions(
        trusted[0] if trusted else None,
        tuple(NamedPath("SSL_CERT_DIR", path) for path in directories if path),
        NamedPath("--client-cert", str(client_certificate)) if client_certificate is not None else None,
        NamedPath("--client-key", str(client_key)) if client_key is not None else None,
        environ.get(_KEY_PASSWORD, ""),
    )


class TlsContexts:
    """The contexts of one client. Files that options name are read at once, those of the system at the first use."""

    __slots__ = ("_for_proxies", "_for_upstreams", "_options")

    def __init__(self, options: TlsOptions) -> None:
        """Read the files.

        Raises:
            BindError: Some are missing or broken; all of them are named.
        """
        self._options = options
        self._for_proxies: ssl.SSLContext | None = None
        self._for_upstreams = None if options.is_default else _make_context(options)

    def get_upstream_context(self) -> ssl.SSLContext:
        """Return the context for connections to upstreams."""
        if self._for_upstreams is None:
            self._for_upstreams = ssl.create_default_context()
        return self._for_upstreams

    def get_proxy_context(self) -> ssl.SSLContext:
        """Return the context for connections to proxies: they are not shown the client's certificate."""
        if self._for_proxies is None:
            self._for_proxies = _make_context(TlsOptions(self._options.ca_file, self._options.ca_directories))
        return self._for_proxies


def _make_context(options: TlsOptions) -> ssl.SSLContext:
    alone = options.ca_file is None
    faults = [fault for each in options.ca_directories if (fault := _check_directory(each, alone=alone))]
    context = _trust(options, faults)
    if options.client_certificate is not None:
        _load_client_certificate(context, options, options.client_certificate, faults)
    if faults:
        raise BindError(tuple(faults))
    return context


def _trust(options: TlsOptions, faults: list[str]) -> ssl.SSLContext:
    file, directories = options.ca_file, os.pathsep.join(each.path for each in options.ca_directories)
    try:
        return ssl.create_default_context(cafile=file.path if file else None, capath=directories or None)
    except ssl.SSLError:
        faults.append(f"{file} does not hold certificates in PEM format")
    except OSError as error:
        faults.append(f"{file} cannot be read: {error.strerror}")
    return ssl.create_default_context()


def _check_directory(directory: NamedPath, *, alone: bool) -> str:
    """Return the error in a directory of authorities, or an empty text: OpenSSL searches it later, and reports none.

    An empty directory is valid beside a file: many systems set both variables.
    """
    path = Path(directory.path)
    if not path.is_dir() or not os.access(path, os.R_OK | os.X_OK):
        return f"{directory} cannot be read as a directory"
    if alone and not any(path.glob(_HASHED_NAME)):
        return f"{directory} holds no certificates that OpenSSL finds; name them by 'openssl rehash'"
    return ""


def _load_client_certificate(
    context: ssl.SSLContext, options: TlsOptions, certificate: NamedPath, faults: list[str]
) -> None:
    files = [certificate] if options.client_key is None else [certificate, options.client_key]
    unreadable = [f"{file} cannot be read: {reason}" for file in files if (reason := _read_fault(file))]
    if unreadable:
        faults += unreadable
        return
    key = files[-1]

    def give_password() -> str:
        return options.key_password or _raise_encrypted()

    try:
        context.load_cert_chain(certificate.path, key.path, give_password)
    except _EncryptedError:
        faults.append(f"{key} has an encrypted key; set {_KEY_PASSWORD}")
    except (ssl.SSLError, ValueError) as error:
        faults.append(_explain_chain(error, certificate, key, decrypted=bool(options.key_password)))


class _EncryptedError(Exception):
    """A key needs a password, and there is none."""


def _raise_encrypted() -> NoReturn:
    raise _EncryptedError


def _read_fault(file: NamedPath) -> str:
    try:
        with Path(file.path).open("rb"):
            return ""
    except OSError as error:
        return error.strerror or "it is not a file"


def _explain_chain(error: Exception, certificate: NamedPath, key: NamedPath, *, decrypted: bool) -> str:
    if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
        return f"{key} is not the key of the certificate in '{certificate.path}'"
    if key == certificate:
        return f"{certificate} does not hold a certificate and its key in PEM format"
    why = f", or {_KEY_PASSWORD} is not its password" if decrypted else ""
    return f"{certificate} and {key} are not a certificate and its key in PEM format{why}"
