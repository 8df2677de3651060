"""The other client: the core of httpx2, which also supports HTTP/2."""
