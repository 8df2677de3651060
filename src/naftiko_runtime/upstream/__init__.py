"""The interface to upstreams, and fixed responses in place of theirs."""

from __future__ import annotations

from naftiko_runtime.upstream.interface import OutboundRequest, Transport, UpstreamResponse, UpstreamUnreachable

__all__ = ["OutboundRequest", "Transport", "UpstreamResponse", "UpstreamUnreachable"]
