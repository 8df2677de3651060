"""Skills. They are checked here, but not served yet."""

from naftiko_runtime.exposes.skill.lint import CHECKS
from naftiko_runtime.exposes.unserved import link, list_operations

__all__ = ["CHECKS", "link", "list_operations"]
