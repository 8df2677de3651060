"""Reads secrets of a Vault server's key-value engine, with version 2 of the engine, or else version 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from naftiko_runtime.limits import VAULT_SECONDS
from naftiko_runtime.missing_extra import advise_install

if TYPE_CHECKING:
    from collections.abc import Mapping


class VaultError(Exception):
    """A secret cannot be read. The text says why, without values."""


class MissingSecretError(VaultError):
    """Nothing is at the path."""


class VaultAccess(Struct, frozen=True):
    """How a Vault server is reached. The token is a secret, so ``repr()`` hides it.

    Attributes:
        address: The URL of the server.
        token: The token of the runtime.
        namespace: The namespace of the server; empty for none.
    """

    address: str
    token: str
    namespace: str = ""

    def __repr__(self) -> str:
        return f"VaultAccess({self.address!r})"


def check_installed() -> None:
    """Check that the client of Vault is installed.

    Raises:
        VaultError: It is not.
    """
    try:
        import hvac  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise VaultError(f"it needs the extra 'vault'; {advise_install('vault')}") from None


def read_vault(access: VaultAccess, mount: str, path: str) -> Mapping[str, Any]:
    """Return the values at a path, by key.

    Raises:
        MissingSecretError: Nothing is there.
        VaultError: It cannot be read.
    """
    check_installed()
    import hvac  # noqa: PLC0415 - an extra
    from requests import RequestException  # noqa: PLC0415 - hvac's

    namespace = access.namespace or None
    client = hvac.Client(
        url=access.address,
        token=access.token,
        namespace=namespace,
        timeout=VAULT_SECONDS,
        allow_redirects=False,  # the token would go to another server
    )
    try:
        try:
            response = client.secrets.kv.v2.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
            return _require_mapping(_require_response(response)["data"]["data"])
        except hvac.exceptions.InvalidPath:
            response = client.secrets.kv.v1.read_secret(path, mount_point=mount)
            return _require_mapping(_require_response(response)["data"])
    except hvac.exceptions.InvalidPath:
        raise MissingSecretError("the path does not exist") from None
    except hvac.exceptions.Forbidden:
        raise VaultError("VAULT_TOKEN has no permission to read it") from None
    except hvac.exceptions.VaultError as error:
        raise VaultError(f"the server rejects the request ({type(error).__name__})") from None
    except (RequestException, ValueError):
        raise VaultError("the server at VAULT_ADDR sends no usable response") from None
    except (KeyError, TypeError):
        raise VaultError("the server's response has no values") from None


def _require_response(response: Any) -> Any:
    """Return the body of a response. What hvac could not read as one, it returns as it came."""
    if getattr(response, "is_redirect", False):
        raise VaultError("the server at VAULT_ADDR redirects, and no other server gets VAULT_TOKEN; set its address")
    return response


def _require_mapping(values: Any) -> Mapping[str, Any]:
    if not isinstance(values, dict):
        raise TypeError
    return values
