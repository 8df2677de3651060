"""A FastAPI application that mounts a capability, and calls one of its operations.

SHIPS_TOKEN=x uvicorn examples.fastapi_app:app
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI

import naftiko_runtime

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

capability = naftiko_runtime.load(Path(__file__).parents[1] / "capabilities" / "weather.yaml")
rest, tools = capability.asgi("rest"), capability.asgi("mcp")


@asynccontextmanager
async def open_capability(_: FastAPI) -> AsyncIterator[None]:
    """Keep the connections to the APIs open as long as the application runs."""
    async with rest, tools:
        yield


app = FastAPI(lifespan=open_capability)
app.mount("/weather", rest)
app.mount("/agents", tools)
