"""Forms in which an MCP expose is distributed: an entry of the registry, and a bundle for desktop clients."""
