"""Skills. They are not served yet, and checked here."""

from naftiko_runtime.exposes.skill.lint import CHECKS
from naftiko_runtime.exposes.unserved import link, list_operations

__all__ = ["CHECKS", "link", "list_operations"]
