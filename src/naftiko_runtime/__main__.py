"""``naftiko``, and ``python -m naftiko_runtime``."""

import gc
import sys

from naftiko_runtime import startup_signals

startup_signals.exit_on_interrupt()  # now: what follows is the first thing that takes time


def main() -> None:
    """Run the command. What is imported for it is needed to the end, so nobody looks for garbage in it."""
    if sys.argv[1:2] == ["run"]:
        startup_signals.note_hangups()
    gc.disable()
    from naftiko_runtime.cli import main as command  # noqa: PLC0415 - click's modules are among what is imported

    try:
        command()
    finally:
        startup_signals.exit_on_interrupt()


if __name__ == "__main__":
    main()
