"""Parses YAML text to data with the place of every key and value.

YAML is read by the core schema of YAML 1.2 (``no``, ``on`` and dates stay text), from libyaml's events rather
than through a constructor, so that size, depth, aliases and duplicate keys are checked while the document is built
and nothing in it can make the build expensive.
"""

from naftiko_runtime.source.cache import SourceCache
from naftiko_runtime.source.mutable_copy import Draft
from naftiko_runtime.source.reading import ReadSource, parse_source, read_source
from naftiko_runtime.source.scalars import WrittenFloat, WrittenInt, format_as_written, parse_exact_float
from naftiko_runtime.source.source import LINE_BREAK, KeyPath, Source, SourceError

__all__ = [
    "LINE_BREAK",
    "Draft",
    "KeyPath",
    "ReadSource",
    "Source",
    "SourceCache",
    "SourceError",
    "WrittenFloat",
    "WrittenInt",
    "format_as_written",
    "parse_exact_float",
    "parse_source",
    "read_source",
]
