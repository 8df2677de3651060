"""HTTP/1.1 as an ASGI server: one listening socket, its connections, and the requests that come on them."""
