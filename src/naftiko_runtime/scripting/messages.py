"""Messages between the pool and a worker process: each has a head of fixed size and a body.

The pool trusts no byte of a worker: a hostile script may control it. It reads a head of five bytes, and a body of
at most the size that it allows.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final

from msgspec import Struct

from naftiko_runtime.scripting.script_program import ErrorKind, ScriptLimits, ScriptProgram  # noqa: TC001 - msgspec reads them

REQUEST_HEAD: Final = struct.Struct("!II")
"""The sizes of a :class:`Task` and of the context, which follow."""
REPLY_HEAD: Final = struct.Struct("!BI")
"""A :class:`ReplyKind` and the size of the body."""
FAILURE_BYTES_MAX: Final = 8 * 1024
"""Of the body of any reply but a result."""


class Task(Struct, frozen=True):
    """What a worker runs; its context follows as JSON."""

    program: ScriptProgram
    limits: ScriptLimits


class ScriptFailure(Struct, frozen=True):
    """Why it failed, as in :func:`explain_failure`."""

    kind: ErrorKind
    reason: str


class ReplyKind(IntEnum):
    """What a reply holds."""

    READY = 0
    """Nothing: the worker accepts tasks."""
    RESULT = 1
    """The result as JSON."""
    FAILED = 2
    """A :class:`ScriptFailure`; the worker goes on."""
    LAST = 3
    """A :class:`ScriptFailure`, after which the worker ends."""
