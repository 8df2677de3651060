"""`naftiko` that reports on its event loop's tasks: for each line of its input, it prints their number.

A collection runs before, so that only what something still refers to is counted.
"""

import asyncio
import gc
import sys
import threading
from typing import Any

from naftiko_runtime.__main__ import main


def is_running(value: Any) -> bool:
    return isinstance(value, asyncio.Task) and not value.done()


def report() -> None:
    for _ in sys.stdin:
        gc.collect()
        print(sum(map(is_running, gc.get_objects())), flush=True)


if __name__ == "__main__":
    threading.Thread(target=report, daemon=True).start()
    main()
