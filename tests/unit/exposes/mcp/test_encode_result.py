"""Our names of MCP are those of the SDK."""

from __future__ import annotations

import mcp_types
from mcp_types import version

from naftiko_runtime.exposes.mcp import encode_result, revisions


def test_revisions_and_names_are_the_librarys() -> None:
    assert revisions.HANDSHAKE == version.HANDSHAKE_PROTOCOL_VERSIONS
    assert revisions.STATELESS == version.MODERN_PROTOCOL_VERSIONS
    assert revisions.UNNAMED == mcp_types.DEFAULT_NEGOTIATED_VERSION
    assert encode_result.VERSION == mcp_types.PROTOCOL_VERSION_META_KEY
    assert encode_result.CLIENT_INFO == mcp_types.CLIENT_INFO_META_KEY
    assert encode_result.CAPABILITIES == mcp_types.CLIENT_CAPABILITIES_META_KEY
    assert encode_result.SERVER_INFO == mcp_types.SERVER_INFO_META_KEY
