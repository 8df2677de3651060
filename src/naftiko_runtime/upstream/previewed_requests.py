"""Previews: a sandbox without responses for all steps of a workflow tells which requests the steps would send."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final

PREVIEWED: Final[ContextVar[list[dict[str, Any]] | None]] = ContextVar("previewed_requests", default=None)
"""Where the sandbox keeps the requests of the current step; None outside of a preview."""


class NoResponse(Exception):  # noqa: N818 - named for what happened
    """The sandbox has no response for a request of a preview."""
