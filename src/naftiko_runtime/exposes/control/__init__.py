"""The control port: health and metrics. Control exposes of documents are not served yet, and checked here."""

from naftiko_runtime.exposes.control.lint import CHECKS
from naftiko_runtime.exposes.unserved import link, list_operations

__all__ = ["CHECKS", "link", "list_operations"]
