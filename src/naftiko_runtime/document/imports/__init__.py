"""Splices imports into a source: what stands in another file comes in with its places in that file."""

from naftiko_runtime.document.imports.splice import Importer

__all__ = ["Importer"]
