"""Brings spans to a collector: many in one request, some seconds later, and never in a request's way."""

from __future__ import annotations

import asyncio
import gzip
import logging
import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from naftiko_runtime import limits
from naftiko_runtime.errors import BindError, UpstreamUnreachable
from naftiko_runtime.http_client import open_client
from naftiko_runtime.telemetry.otlp import rejected
from naftiko_runtime.transport import OutboundRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from naftiko_runtime.telemetry.options import TraceOptions
    from naftiko_runtime.telemetry.otlp import Batches
    from naftiko_runtime.transport.base import UpstreamResponse

log = logging.getLogger(__name__)

_AGAIN: Final = frozenset({429, 502, 503, 504})
"""What a collector answers to what is to be sent once more (OTLP/HTTP)."""
_DIGITS_MAX: Final = 5
"""Of the seconds that a collector asks to be left alone for; more are longer than a batch is kept."""
_OK: Final = range(200, 300)


class _NotTakenError(Exception):
    """A collector did not take a batch; ``str()`` says why."""

    def __init__(self, why: str, pause_seconds: float | None = None) -> None:
        super().__init__(why)
        self.pause_seconds = pause_seconds
        """After which it may be sent once more; none if it may not."""


class Exporter:
    """Spans that wait, and the task that sends them. To be made in a running loop."""

    def __init__(self, options: TraceOptions, batches: Batches, count: Callable[[str, int], None]) -> None:
        """Begin.

        Args:
            options: Where to, and how.
            batches: Writes requests.
            count: Told what became of how many spans: ``exported``, ``dropped`` or ``rejected``.

        Raises:
            BindError: The file of certificate authorities cannot be read.
        """
        self._options = options
        self._batches = batches
        self._count = count
        self._waiting: list[bytes] = []
        self._enough = asyncio.Event()
        self._failures = 0
        self._overflowed = 0
        """How many did not find room since the last batch."""
        self._batch_max = min(options.batch_max, options.queue_max)
        self._transport = open_client("native", _trusting(options.certificate))
        names = ("content-type", "application/x-protobuf"), ("user-agent", "naftiko-runtime")
        own = ((name.encode(), secret.reveal().encode()) for name, secret in options.headers.items())
        self._headers = [*((n.encode(), v.encode()) for n, v in names), *own]
        if options.compression == "gzip":
            self._headers.append((b"content-encoding", b"gzip"))
        self._work = asyncio.create_task(self._send_for_ever())

    def add(self, span: bytes) -> None:
        """Let a span wait; it is dropped, and that is counted, when too many do."""
        waiting = self._waiting
        if len(waiting) >= self._options.queue_max:
            self._overflowed += 1
            self._count("dropped", 1)
            return
        waiting.append(span)
        if len(waiting) >= self._batch_max:
            self._enough.set()

    async def close(self) -> None:
        """Send what waits, as far as a short time allows."""
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)
        try:
            async with asyncio.timeout(min(self._options.timeout_seconds, limits.TRACES_LAST_SECONDS)):
                while self._waiting:
                    await self._send_some()
        except TimeoutError:
            pass
        if self._waiting:
            self._lose(len(self._waiting), "the program ends")
        await self._transport.aclose()

    async def _send_for_ever(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._options.delay_seconds):
                    await self._enough.wait()
            except TimeoutError:
                pass
            self._enough.clear()
            while self._waiting:
                await self._send_some()
                if len(self._waiting) < self._batch_max:
                    break

    async def _send_some(self) -> None:
        """Send a batch; what is cut off in the middle of it waits again."""
        size = self._batch_max
        batch, self._waiting = self._waiting[:size], self._waiting[size:]
        try:
            await self._delivered(batch)
        except _NotTakenError as error:
            self._lose(len(batch), str(error))
        except asyncio.CancelledError:
            self._waiting = batch + self._waiting
            raise
        except Exception:  # a fault of ours, which must not end all that comes after
            log.exception("spans not sent")
            self._count("dropped", len(batch))
        else:
            if not self._overflowed:
                self._failures = 0
        if self._overflowed:
            overflowed, self._overflowed = self._overflowed, 0
            self._tell(overflowed, "too many are waiting")

    async def _delivered(self, batch: Sequence[bytes]) -> None:
        """Send a batch until it is taken, the time is over, or there is no use.

        Raises:
            _NotTakenError: It is not taken.
        """
        body = self._batches.request(batch)
        if self._options.compression == "gzip":
            body = await asyncio.to_thread(gzip.compress, body, 6)
        request = OutboundRequest("traces", "POST", self._options.endpoint, self._headers, body)
        pause, why = limits.TRACES_PAUSE_SECONDS, "no answer in time"
        try:
            async with asyncio.timeout(self._options.timeout_seconds):
                while True:
                    try:
                        lost = await self._taken(request, len(batch))
                    except _NotTakenError as error:
                        why = str(error)
                        if error.pause_seconds is None:
                            raise
                        await asyncio.sleep(max(pause, error.pause_seconds))
                        pause *= 2
                    else:
                        self._count("exported", len(batch) - lost)
                        return
        except TimeoutError:
            raise _NotTakenError(why) from None

    async def _taken(self, request: OutboundRequest, spans: int) -> int:
        """Send so many spans once; returns how many of them the collector rejected.

        Raises:
            _NotTakenError: The collector does not take it.
        """
        try:
            response = await self._transport.send(request)
            try:
                body = await _collected(response)
            finally:
                await response.close()
        except UpstreamUnreachable as error:
            raise _NotTakenError(str(error), 0.0) from None
        if response.status in _AGAIN:
            raise _NotTakenError(f"status {response.status}", _pause_asked(response))
        if response.status not in _OK:
            raise _NotTakenError(f"status {response.status}")
        return self._rejected(body, spans)

    def _rejected(self, body: bytes, spans: int) -> int:
        try:
            count, why = rejected(body, spans)
        except ValueError:
            raise _NotTakenError("its answer is not one to OTLP over HTTP") from None
        if count:
            self._count("rejected", count)
            log.warning("spans rejected by the collector", extra={"spans": count, "reason": why})
        return count

    def _lose(self, count: int, why: str) -> None:
        self._count("dropped", count)
        self._tell(count, why)

    def _tell(self, count: int, why: str) -> None:
        """Tell of what is lost the first, the tenth, the hundredth time in a row."""
        self._failures += 1
        if str(self._failures).strip("0") == "1":
            extra = {"spans": count, "collector": urlsplit(self._options.endpoint).netloc.rpartition("@")[2]}
            log.warning("spans lost: the collector does not take them", extra=extra | {"reason": why})


def _trusting(certificate: str | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    try:
        return ssl.create_default_context(cafile=certificate)
    except OSError as error:
        raise BindError(
            (f"OTEL_EXPORTER_OTLP_CERTIFICATE: '{certificate}' cannot be used: {error.strerror or error}",)
        ) from None


async def _collected(response: UpstreamResponse) -> bytes:
    """The answer's body, as far as one can be."""
    pieces, size = [], 0
    async for piece in response.chunks():
        pieces.append(piece)
        size += len(piece)
        if size > limits.TRACES_ANSWER_BYTES_MAX:
            raise _NotTakenError("its answer is too large")
    return b"".join(pieces)


def _pause_asked(response: UpstreamResponse) -> float:
    """The seconds that ``retry-after`` asks for; a date counts for none, since pauses grow by themselves."""
    asked = next((value for name, value in response.headers if name == b"retry-after"), b"")
    return float(asked) if asked.isdigit() and len(asked) <= _DIGITS_MAX else 0.0
