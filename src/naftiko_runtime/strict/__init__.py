"""Finds deviations from the official schema of a document's version. Only ``--strict`` imports this package.

The schema of each version is JSON Schema data in this package: ``VERSION.schema.json``.
"""

from naftiko_runtime.strict.check import Deviations, check

__all__ = ["Deviations", "check"]
