"""The control port: health and metrics. Control exposes of documents are checked here, but not served yet."""

from naftiko_runtime.exposes.control.link import link
from naftiko_runtime.exposes.control.lint import CHECKS
from naftiko_runtime.exposes.unserved import inherit, list_operations

__all__ = ["CHECKS", "inherit", "link", "list_operations"]
