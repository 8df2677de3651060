"""Serves Naftiko capability files: REST routes and MCP tools in front of HTTP APIs, without generated code."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from naftiko_runtime._version import __version__
    from naftiko_runtime.diagnostic import Diagnostic, DocumentError, Span
    from naftiko_runtime.errors import BindError, CallError, Rejected
    from naftiko_runtime.library import (
        CapabilityApp,
        CapabilityClient,
        ClientResult,
        ExposeSummary,
        LibraryError,
        LoadedCapability,
        load,
    )
    from naftiko_runtime.link.operator_overrides import Overrides
    from naftiko_runtime.rules import Severity

__all__ = [
    "BindError",
    "CallError",
    "CapabilityApp",
    "CapabilityClient",
    "ClientResult",
    "Diagnostic",
    "DocumentError",
    "ExposeSummary",
    "LibraryError",
    "LoadedCapability",
    "Overrides",
    "Rejected",
    "Severity",
    "Span",
    "__version__",
    "load",
]

_MODULES = {
    "BindError": "errors",
    "CallError": "errors",
    "ClientResult": "library",
    "LoadedCapability": "library",
    "CapabilityApp": "library",
    "CapabilityClient": "library",
    "Diagnostic": "diagnostic",
    "DocumentError": "diagnostic",
    "ExposeSummary": "library",
    "LibraryError": "library",
    "Overrides": "link.operator_overrides",
    "Rejected": "errors",
    "Severity": "rules",
    "Span": "diagnostic",
    "__version__": "_version",
    "load": "library",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: few commands need all of them."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
