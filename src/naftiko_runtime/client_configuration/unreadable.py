"""The error of configuration files that cannot be edited."""

from __future__ import annotations


class UnreadableConfigurationError(ValueError):
    """A configuration file cannot be read or edited. Its text says why, without the file's contents."""
