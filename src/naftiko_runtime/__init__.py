"""Serves Naftiko capability files: REST routes and MCP tools in front of HTTP APIs, without generated code."""

from naftiko_runtime._version import __version__
from naftiko_runtime.diagnostics import Diagnostic, DocumentError, Severity, Span
from naftiko_runtime.load import Loaded, load

__all__ = ["Diagnostic", "DocumentError", "Loaded", "Severity", "Span", "__version__", "load"]
