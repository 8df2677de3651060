"""Splices imports into a source: what stands in another file comes in with its places in that file."""

from naftiko_runtime.imports.splice import Importer

__all__ = ["Importer"]
