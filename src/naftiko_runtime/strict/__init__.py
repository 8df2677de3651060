"""Every departure from the official schema of a document's version; imported only when ``--strict`` asks for it.

What the schemas say is written in our own words: ``alpha2`` and ``beta5``, in the vocabulary of ``shapes``.
"""

from naftiko_runtime.strict.check import Departures, check

__all__ = ["Departures", "check"]
