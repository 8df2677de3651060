"""The interface to upstreams, and transports that call none (fixed responses, the sandbox)."""

from __future__ import annotations

from naftiko_runtime.transport.base import OutboundRequest, Transport, UpstreamResponse, UpstreamUnreachable

__all__ = ["OutboundRequest", "Transport", "UpstreamResponse", "UpstreamUnreachable"]
