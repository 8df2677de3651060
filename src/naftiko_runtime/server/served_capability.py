"""One capability to serve, with all that binding it needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from naftiko_runtime.plan import Plan
    from naftiko_runtime.secret import Secret
    from naftiko_runtime.transport.base import Transport


@dataclass(frozen=True, slots=True)
class ServedCapability:
    """One capability to serve.

    Attributes:
        plan: What to serve.
        secrets: The values of its variables.
        open_client: Opens the client to its upstreams; capabilities with the same one share its client.
        files_digest: A digest of the files that it was read from.
    """

    plan: Plan
    secrets: Mapping[str, Secret]
    open_client: Callable[[], Transport]
    files_digest: str = ""


LoadCapabilities: TypeAlias = "Callable[[], Sequence[ServedCapability]]"
"""Loads all documents and their variables; raises :class:`BindError` for what is wrong with them."""


def content_digest(capabilities: Sequence[ServedCapability]) -> str:
    """Return a digest by which two processes know whether they have read the same files and variables."""
    digest = hashlib.sha256()
    for one in capabilities:
        values = sorted((name, secret.reveal()) for name, secret in one.secrets.items())
        digest.update(repr((one.files_digest, values)).encode())
    return digest.hexdigest()
