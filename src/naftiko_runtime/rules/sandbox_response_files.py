"""Rules about sandbox files: NK601."""

from __future__ import annotations

from typing import Final

from naftiko_runtime.rules.rule import Severity, define

SANDBOX: Final = define(
    "NK601",
    "unknown-sandbox-operation",
    Severity.ERROR,
    "A sandbox response is for an operation that does not exist.",
    "Use the name of a consumed operation: `namespace.operation`.",
    "no consumed operation '{call}'",
)
