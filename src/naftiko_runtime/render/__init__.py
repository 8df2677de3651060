"""What was found in documents, as text: for people and for machines, a format a module.

Each is a pure function of what was checked; only what is asked for is imported.
"""

from naftiko_runtime.render.checked_files import Checked
from naftiko_runtime.render.full import as_text, printable

__all__ = ["Checked", "as_text", "printable"]
