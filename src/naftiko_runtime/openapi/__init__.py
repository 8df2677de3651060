"""Writes the OpenAPI document of a plan's REST servers."""

from naftiko_runtime.openapi.write import write_openapi

__all__ = ["write_openapi"]
