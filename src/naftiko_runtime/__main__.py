"""``naftiko``, and ``python -m naftiko_runtime``."""

import gc
import sys

from naftiko_runtime import startup_signals

startup_signals.exit_on_interrupt()  # now: what follows is the first thing that takes time


def main() -> None:
    """Run the command. Imported objects live to the end, so garbage collection skips them."""
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
