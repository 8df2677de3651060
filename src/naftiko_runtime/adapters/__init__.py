"""Thin encoders round the engine: Bound to ASGI applications."""
