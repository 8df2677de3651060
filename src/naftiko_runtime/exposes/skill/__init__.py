"""Skills. They are checked here, but not served yet."""

from naftiko_runtime.exposes.skill.lint import CHECKS
from naftiko_runtime.exposes.unserved import inherit, link, list_operations

__all__ = ["CHECKS", "inherit", "link", "list_operations"]
