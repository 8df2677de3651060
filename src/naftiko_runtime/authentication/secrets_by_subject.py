"""Secrets of each caller, from a path of Vault that has the caller's subject: ``vault://mount/path/{subject}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from msgspec import Struct

if TYPE_CHECKING:
    from naftiko_runtime.terms import Term

SUBJECT: Final = "{subject}"
_SCHEME: Final = "vault://"


class CallerSecrets(Struct, frozen=True):
    """A credential with secrets of each caller.

    Attributes:
        credential: The credential. Its variables of callers have no values in the plan.
        mount: The mount of the engine in Vault.
        path: The path there, with ``{subject}`` as one of its segments.
        keys: The keys of the variables of callers, by their full names.
        address: The URL of Vault.
        token: The token for it.
        namespace: The namespace of Vault.
    """

    credential: Struct
    mount: str
    path: str
    keys: tuple[tuple[str, str], ...]
    address: Term
    token: Term
    namespace: Term


def is_of_callers(location: str | None) -> bool:
    """Return whether the values at the location of a bind differ for each caller."""
    return location is not None and SUBJECT in location


def parse_location(location: str) -> tuple[str, str] | None:
    """Return the mount and the path of a location with ``{subject}``. None if a subject could change more than a name.

    The subject is one whole segment of the path, so that no text of a caller leads elsewhere.
    """
    if not location.startswith(_SCHEME):
        return None
    mount, *path = unquote(location.removeprefix(_SCHEME)).split("/")
    if path.count(SUBJECT) != 1 or location.count(SUBJECT) != 1:
        return None
    if any(segment in ("", ".", "..") for segment in (mount, *path)):
        return None
    return mount, "/".join(path)
