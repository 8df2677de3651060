"""OpenAPI: what a plan's REST side looks like from outside."""

from naftiko_runtime.openapi.write import write_openapi

__all__ = ["write_openapi"]
