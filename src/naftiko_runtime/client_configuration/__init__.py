"""The configuration files of MCP clients: which servers a client starts or calls."""
