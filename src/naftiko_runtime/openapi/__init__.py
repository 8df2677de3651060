"""OpenAPI: what a plan's REST side looks like from outside."""

from naftiko_runtime.openapi.write import as_openapi

__all__ = ["as_openapi"]
