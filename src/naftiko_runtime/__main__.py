"""``naftiko``, and ``python -m naftiko_runtime``."""

import gc


def main() -> None:
    """Run the command. What is imported for it is needed to the end, so nobody looks for garbage in it."""
    gc.disable()
    from naftiko_runtime.cli import main as command  # noqa: PLC0415 - click's modules are among what is imported

    command()


if __name__ == "__main__":
    main()
