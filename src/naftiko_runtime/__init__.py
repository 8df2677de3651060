"""Serves Naftiko capability files: REST routes and MCP tools in front of HTTP APIs, without generated code."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from naftiko_runtime._version import __version__
    from naftiko_runtime.diagnostics import Diagnostic, DocumentError, Severity, Span
    from naftiko_runtime.loading import Loaded, load

__all__ = ["Diagnostic", "DocumentError", "Loaded", "Severity", "Span", "__version__", "load"]

_WHERE = {"__version__": "_version", "load": "loading", "Loaded": "loading"}


def __getattr__(name: str) -> Any:
    """What is offered, imported when it is asked for: a command does not need it all."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE.get(name, 'diagnostics')}"), name)
