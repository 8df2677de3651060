"""Sends the capabilities of a reload from the supervisor to its workers.

The file is in memory and has no name, because it holds secrets: nothing is written to a disk, and only processes
that receive the descriptor can read it. All workers read the same file, so they do not share its position.
"""

from __future__ import annotations

import mmap
import os
import pickle
from contextlib import contextmanager
from typing import TYPE_CHECKING

from naftiko_runtime.secret import Secret
from naftiko_runtime.server.capability_to_serve import ServedCapability

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextmanager
def write_capabilities(capabilities: Sequence[ServedCapability]) -> Iterator[int]:
    """Write capabilities to a file, and yield its descriptor. The file is open inside the context only.

    Raises:
        OSError: There is no memory, or no descriptor left.
    """
    # Secrets refuse to be pickled, so that none gets anywhere by accident.
    revealed = [(c.plan, {name: s.reveal() for name, s in c.secrets.items()}, c.open_client) for c in capabilities]
    file = os.memfd_create("capabilities", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(file), "wb") as writer:
            pickle.dump(revealed, writer, protocol=pickle.HIGHEST_PROTOCOL)
        yield file
    finally:
        os.close(file)


def read_capabilities(file: int) -> list[ServedCapability]:
    """Read what :func:`write_capabilities` wrote, and close the descriptor."""
    try:
        with mmap.mmap(file, 0, access=mmap.ACCESS_READ) as content:
            revealed = pickle.loads(content)  # noqa: S301 - of the parent process, over a channel of its own
    finally:
        os.close(file)
    return [
        ServedCapability(plan, {name: Secret(value) for name, value in values.items()}, open_client)
        for plan, values, open_client in revealed
    ]
