"""MCP: tools over the streamable HTTP transport."""
