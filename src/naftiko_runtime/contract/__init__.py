"""Checks and converts the caller's input of an exposed operation, in the same way for REST and MCP."""
