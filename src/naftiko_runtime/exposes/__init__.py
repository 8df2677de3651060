"""Thin encoders round the engine, one package for each kind of expose: Bound to ASGI applications."""
