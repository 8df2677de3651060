"""Renders findings as text, for people and for programs: one module for each format.

Each format is a pure function of the checked files. Only the selected one is imported.
"""

from naftiko_runtime.render.checked_files import CheckedFile
from naftiko_runtime.render.full import escape_controls, render_findings

__all__ = ["CheckedFile", "escape_controls", "render_findings"]
