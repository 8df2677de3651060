"""What was found in documents, as text: for people and for machines, a format a module.

Each is a pure function of what was checked; only what is asked for is imported.
"""

from naftiko_runtime.render.full import as_text, printable
from naftiko_runtime.render.report import Checked

__all__ = ["Checked", "as_text", "printable"]
