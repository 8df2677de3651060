"""Replaces the imports of a source by the parts that they name. These keep their places in their own file."""

from naftiko_runtime.document.imports.splice import Importer

__all__ = ["Importer"]
