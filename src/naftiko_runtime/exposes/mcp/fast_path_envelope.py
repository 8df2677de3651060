"""The shapes of envelopes that the fast path handles: what clients send about themselves.

Each shape is at least as strict as the SDK's. Keys that are not named here are ignored, as the SDK ignores them.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

from naftiko_runtime.exposes.mcp.encode_result import CAPABILITIES, CLIENT_INFO, VERSION
from naftiko_runtime.exposes.mcp.revisions import STATELESS

_JsonObject: TypeAlias = dict[str, Any]


class _Icon(Struct):
    src: str
    mime_type: str | None = msgspec.field(default=None, name="mimeType")
    sizes: list[str] | None = None
    theme: Literal["dark", "light"] | None = None


class _ClientInfo(Struct):
    name: str
    version: str
    title: str | None = None
    description: str | None = None
    website_url: str | None = msgspec.field(default=None, name="websiteUrl")
    icons: list[_Icon] | None = None


class _Roots(Struct):
    list_changed: bool | None = msgspec.field(default=None, name="listChanged")


class _Sampling(Struct):
    context: _JsonObject | None = None
    tools: _JsonObject | None = None


class _Elicitation(Struct):
    form: _JsonObject | None = None
    url: _JsonObject | None = None


class _Capabilities(Struct):
    experimental: dict[str, _JsonObject] | None = None
    extensions: dict[str, _JsonObject] | None = None
    roots: _Roots | None = None
    sampling: _Sampling | None = None
    elicitation: _Elicitation | None = None
    tasks: None = None
    """Their shape is the SDK's to judge."""


class _Envelope(Struct):
    """``_meta`` of a revision with a handshake. If it names a revision, the SDK checks it."""

    progress_token: str | int | UnsetType = msgspec.field(default=UNSET, name="progressToken")
    version: UnsetType = msgspec.field(default=UNSET, name=VERSION)


class _StatelessEnvelope(Struct):
    version: str = msgspec.field(name=VERSION)
    capabilities: _Capabilities = msgspec.field(name=CAPABILITIES)
    client_info: _ClientInfo | None = msgspec.field(default=None, name=CLIENT_INFO)
    log_level: UnsetType = msgspec.field(default=UNSET, name="io.modelcontextprotocol/logLevel")
    progress_token: str | int | UnsetType = msgspec.field(default=UNSET, name="progressToken")


class _Initialize(Struct, forbid_unknown_fields=True):
    version: str = msgspec.field(name="protocolVersion")
    capabilities: _Capabilities
    client_info: _ClientInfo = msgspec.field(name="clientInfo")


def is_plain_envelope(meta: Any, version: str) -> bool:
    """Return whether ``params._meta`` has a shape that the SDK is known to accept.

    Args:
        meta: The value, or None if it is absent.
        version: The revision that the request's headers name.
    """
    if version not in STATELESS:
        return not meta if meta is None or meta == {} else _has_shape(meta, _Envelope)
    try:
        return msgspec.convert(meta, _StatelessEnvelope).version == version
    except msgspec.ValidationError:
        return False


def is_plain_initialize(params: dict[str, Any]) -> bool:
    """Return whether the parameters of ``initialize`` have a shape that the SDK is known to accept."""
    return _has_shape(params, _Initialize)


def _has_shape(value: Any, shape: type[Struct]) -> bool:
    try:
        msgspec.convert(value, shape)
    except msgspec.ValidationError:
        return False
    return True
