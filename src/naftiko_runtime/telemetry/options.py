"""What operators say of traces, in the variables that OpenTelemetry has for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar, get_args
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from naftiko_runtime import limits
from naftiko_runtime.errors import BindError, UpstreamUnreachable
from naftiko_runtime.secret import Secret
from naftiko_runtime.telemetry.context import SamplerName
from naftiko_runtime.transport.origin import split_url

if TYPE_CHECKING:
    from collections.abc import Mapping

Word = TypeVar("Word", bound=str)
Compression: TypeAlias = Literal["none", "gzip"]
_ENDPOINT: Final = "http://localhost:4318"
_PATH: Final = "/v1/traces"
_PROTOCOL: Final = "http/protobuf"
_COMPRESSIONS: Final[tuple[Compression, ...]] = get_args(Compression)
_SAMPLERS: Final[tuple[SamplerName, ...]] = ("parentbased_always_on", *get_args(SamplerName))
_BASE: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class TraceOptions(Struct, frozen=True):
    """Where spans go, and which.

    Attributes:
        endpoint: An absolute URL.
        headers: More headers of every request to it, by name; values may be secret.
        timeout_seconds: For each request, its repetitions included.
        compression: Of bodies.
        certificate: A file of certificate authorities to trust instead of the system's.
        sampler: Who decides which requests are recorded.
        ratio: Of the samplers with one.
        resource: What is told of this program, besides its version.
        delay_seconds: How long a span waits for others at most.
        queue_max: How many spans wait at most; further ones are dropped.
        batch_max: How many go in one request.
    """

    endpoint: str
    headers: Mapping[str, Secret] = {}
    timeout_seconds: float = limits.TRACES_TIMEOUT_SECONDS
    compression: Compression = "none"
    certificate: str | None = None
    sampler: SamplerName = "parentbased_always_on"
    ratio: float = 1.0
    resource: Mapping[str, str] = {}
    delay_seconds: float = limits.TRACES_DELAY_SECONDS
    queue_max: int = limits.TRACES_QUEUE_MAX
    batch_max: int = limits.TRACES_BATCH_MAX


def trace_options(environment: Mapping[str, str]) -> TraceOptions | None:
    """What the variables say; nothing when no spans are wanted: none names a collector, or they are switched off.

    Raises:
        BindError: Values that cannot be heeded, all at once.
    """
    given = _Given(environment)
    exporter = given.choice("OTEL_TRACES_EXPORTER", ("", "otlp", "none"))
    base = given.text("OTEL_EXPORTER_OTLP_ENDPOINT")
    own = given.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    if given.text("OTEL_SDK_DISABLED").lower() == "true" or exporter == "none":
        return None
    if not (base or own or exporter):
        return None
    options = TraceOptions(
        endpoint=given.endpoint(),
        headers=given.headers(),
        timeout_seconds=given.milliseconds(given.of_traces("TIMEOUT"), limits.TRACES_TIMEOUT_SECONDS),
        compression=given.choice(given.of_traces("COMPRESSION"), _COMPRESSIONS),
        certificate=given.text(given.of_traces("CERTIFICATE")) or None,
        sampler=given.choice("OTEL_TRACES_SAMPLER", _SAMPLERS),
        ratio=given.number("OTEL_TRACES_SAMPLER_ARG", 1.0, most=1.0),
        resource=given.resource(),
        delay_seconds=given.milliseconds("OTEL_BSP_SCHEDULE_DELAY", limits.TRACES_DELAY_SECONDS),
        queue_max=round(given.number("OTEL_BSP_MAX_QUEUE_SIZE", limits.TRACES_QUEUE_MAX, least=1)),
        batch_max=round(given.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", limits.TRACES_BATCH_MAX, least=1)),
    )
    given.choice(given.of_traces("PROTOCOL"), (_PROTOCOL,))
    if given.faults:
        raise BindError(tuple(given.faults))
    return options


class _Given:
    """Reads variables, and collects what is wrong with them; an empty one counts as absent."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[str] = []

    def text(self, name: str) -> str:
        return self._environment.get(name, "").strip()

    def of_traces(self, name: str) -> str:
        """The variable for traces alone when it is set, otherwise the one for all signals."""
        alone = f"OTEL_EXPORTER_OTLP_TRACES_{name}"
        return alone if self.text(alone) else f"OTEL_EXPORTER_OTLP_{name}"

    def choice(self, name: str, known: tuple[Word, ...]) -> Word:
        """One of several words; the first is what counts when it is absent."""
        value = self.text(name) or known[0]
        if value not in known:
            words = ", ".join(dict.fromkeys(f"'{word}'" for word in known if word))
            self.faults.append(f"{name}: '{value}' is not supported; known: {words}")
        return next((word for word in known if word == value), known[0])

    def number(self, name: str, default: float, *, least: float = 0.0, most: float = float("inf")) -> float:
        try:
            value = float(self.text(name) or default)
        except ValueError:
            value = float("nan")
        if not least <= value <= most or value == float("inf"):
            bounds = f"from {least:g}" + (f" to {most:g}" if most != float("inf") else " on")
            self.faults.append(f"{name}: '{self.text(name)}' is not a number {bounds}")
            return default
        return value

    def milliseconds(self, name: str, default_seconds: float) -> float:
        return self.number(name, default_seconds * 1e3, least=1) / 1e3

    def endpoint(self) -> str:
        """The collector's address; what it is in full stays untold, for it may hold a key."""
        name = self.of_traces("ENDPOINT")
        url = self.text(name) or _ENDPOINT
        try:
            parts = urlsplit(url)
            sound = bool(split_url(url)[0].host)
        except (ValueError, UpstreamUnreachable):
            sound = False
        if not sound:
            self.faults.append(f"{name}: it must be a URL such as 'http://collector:4318'")
            return url
        if "@" in parts.netloc:
            self.faults.append(f"{name}: it must not have a user or a password; OTEL_EXPORTER_OTLP_HEADERS can")
        if name == _BASE:
            parts = parts._replace(path=parts.path.rstrip("/") + _PATH)
        return parts.geturl()

    def headers(self) -> dict[str, Secret]:
        """``name=value`` pairs, percent-encoded, with commas between."""
        name = self.of_traces("HEADERS")
        pairs = self._pairs(name)
        if not all(map(_HEADER_NAME.fullmatch, pairs)):
            self.faults.append(f"{name}: a header's name has letters, digits and hyphens only")
        return {key.lower(): Secret(value) for key, value in pairs.items()}

    def resource(self) -> dict[str, str]:
        attributes = self._pairs("OTEL_RESOURCE_ATTRIBUTES")
        service = self.text("OTEL_SERVICE_NAME")
        if not service.isprintable():
            self.faults.append("OTEL_SERVICE_NAME: it is not text")
        return attributes | ({"service.name": service} if service else {})

    def _pairs(self, name: str) -> dict[str, str]:
        pairs: dict[str, str] = {}
        for number, part in enumerate(filter(None, map(str.strip, self.text(name).split(","))), 1):
            key, equals, value = part.partition("=")
            key, value = unquote(key.strip()), unquote(value.strip())
            if not (equals and key) or not (key + value).isprintable():
                self.faults.append(f"{name}: pair {number} is not written as 'name=value'")
            pairs[key] = value
        return pairs
