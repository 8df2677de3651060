"""``python -m naftiko_runtime``."""

from naftiko_runtime.cli import main

main()
