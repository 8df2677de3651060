"""The other client: httpx2's core, which also speaks HTTP/2."""
