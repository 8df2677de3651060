"""Every deviation from the official schema of a document's version; imported only when ``--strict`` asks for it.

What each version takes is JSON Schema data in this package, in our own words: ``VERSION.schema.json``.
"""

from naftiko_runtime.strict.check import Deviations, check

__all__ = ["Deviations", "check"]
