"""The default client: HTTP/1.1 on the event loop, read by llhttp."""
