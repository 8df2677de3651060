"""The operator's choices for traces, from the variables of the OpenTelemetry SDK.

The SDK reads most variables itself. It would ignore errors in those that are checked here, or log them with secrets.
"""

from __future__ import annotations

import re
import ssl
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from naftiko_runtime import limits
from naftiko_runtime.errors import BindError
from naftiko_runtime.missing_extra import advise_install
from naftiko_runtime.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

HTTP_EXPORTER: Final = "otlp_proto_http"
GRPC_EXPORTER: Final = "otlp_proto_grpc"
EXPORTERS: Final = "opentelemetry_traces_exporter"
SAMPLERS: Final = "opentelemetry_traces_sampler"
PROPAGATORS: Final = "opentelemetry_propagator"
ID_GENERATORS: Final = "opentelemetry_id_generator"
TRACER_CONFIGURATORS: Final = "_opentelemetry_tracer_configurator"
"""Groups of entry points, by which the SDK and packages beside it offer components."""
RATIO_SAMPLERS: Final = frozenset({"traceidratio", "parentbased_traceidratio"})
_HTTP_ENDPOINT: Final = "http://localhost:4318"
_GRPC_ENDPOINT: Final = "http://localhost:4317"
_PATH: Final = "/v1/traces"
_PROTOCOLS: Final = {"http/protobuf": HTTP_EXPORTER, "grpc": GRPC_EXPORTER}
_COMPRESSIONS: Final = ("none", "gzip", "deflate")
_BASE: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FOR_ALL: Final = "OTEL_"
_IGNORED: Final = re.compile(
    "OTEL_(METRICS?_|LOGS_|BLRP_|LOGRECORD_|LOG_LEVEL$|EXPORTER_OTLP_(METRICS|LOGS)_|EXPORTER_PROMETHEUS_"
    "|PYTHON_(METER|LOGGER|LOGGING)_|PYTHON_TRACER_PROVIDER$|PYTHON_SDK_INTERNAL_METRICS_ENABLED$"
    "|PYTHON_EXPORTER_OTLP_(HTTP|GRPC)_(METRICS|LOGS)_)"
)
"""The variables of the SDK that are not about traces, or about a provider that is not used."""


class TraceOptions(Struct, frozen=True):
    """Where spans go, and which ones.

    Attributes:
        exporters: Names of entry points.
        endpoint: The absolute URL of a collector over HTTP.
        collector: The name of the collector, for log lines.
        headers: Headers that exporters send, by name; values may be secret.
        sampler: The name of an entry point: it decides which requests are recorded.
        sampler_argument: The argument of samplers that take one.
        propagators: Names of entry points: they read and write headers that name a trace.
        id_generator: The name of an entry point.
        tracer_configurator: The name of an entry point, which can disable the tracer; empty for none.
        delay_seconds: The maximum time between two exports.
        queue_max: The maximum number of spans that wait; further ones are dropped.
        batch_max: The maximum number of spans in one export.
        variables: All variables of OpenTelemetry, for the SDK to read.
    """

    exporters: tuple[str, ...]
    endpoint: str = ""
    collector: str = ""
    headers: Mapping[str, Secret] = {}
    sampler: str = "parentbased_always_on"
    sampler_argument: str = ""
    propagators: tuple[str, ...] = ("tracecontext",)
    id_generator: str = "random"
    tracer_configurator: str = ""
    delay_seconds: float = limits.TRACES_DELAY_SECONDS
    queue_max: int = limits.TRACES_QUEUE_MAX
    batch_max: int = limits.TRACES_BATCH_MAX
    variables: Mapping[str, str] = {}

    @property
    def ratio(self) -> float:
        """The share of traces that a sampler with a ratio takes."""
        return float(self.sampler_argument or 1) if self.sampler in RATIO_SAMPLERS else 1.0


def read_trace_options(environment: Mapping[str, str]) -> TraceOptions | None:
    """Read the variables; return None if they do not enable traces.

    Raises:
        BindError: Values are invalid (all of them are listed), or the SDK is not installed.
    """
    variables = _TraceVariables(environment)
    names = [name.strip() for name in variables.read_text("OTEL_TRACES_EXPORTER").split(",") if name.strip()]
    endpoints = (_BASE, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    if variables.read_text("OTEL_SDK_DISABLED").lower() == "true" or [name.lower() for name in names] == ["none"]:
        return None
    if not names and not any(map(variables.read_text, endpoints)):
        return None
    if not _has_sdk():
        cause = next(name for name in ("OTEL_TRACES_EXPORTER", *endpoints) if variables.read_text(name))
        advice = f"{advise_install('otel')}; or set OTEL_SDK_DISABLED=true"
        raise BindError((f"'{cause}' enables traces, which need the extra 'otel'; {advice}",))
    options = _read(variables, names or ["otlp"])
    if variables.faults:
        raise BindError(tuple(dict.fromkeys(variables.faults)))
    return options


def find_ignored_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the names of variables that OpenTelemetry's SDK knows and this program does not follow.

    Metrics and logs are not sent by OpenTelemetry; a variable that turns them off is followed.
    """
    off = {"", "none", "false"}
    return sorted(
        name for name, value in environment.items() if _IGNORED.match(name) and value.strip().lower() not in off
    )


def _has_sdk() -> bool:
    try:
        return find_spec("opentelemetry.sdk") is not None
    except ModuleNotFoundError:
        return False


def _read(variables: _TraceVariables, names: list[str]) -> TraceOptions:
    exporters = tuple(map(variables.read_exporter, names))
    uses_http, uses_otlp = HTTP_EXPORTER in exporters, not {HTTP_EXPORTER, GRPC_EXPORTER}.isdisjoint(exporters)
    endpoint = variables.read_endpoint(with_path=uses_http) if uses_otlp else ""
    if uses_otlp:
        variables.read_choice(variables.choose_name("COMPRESSION"), _COMPRESSIONS)
        variables.read_number(variables.choose_name("TIMEOUT"), limits.TRACES_TIMEOUT_SECONDS, least=0.001)
        for part in ("CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"):
            variables.check_file(variables.choose_name(part))
    sampler = variables.read_component("OTEL_TRACES_SAMPLER", SAMPLERS, "parentbased_always_on")
    if sampler in RATIO_SAMPLERS:
        variables.read_number("OTEL_TRACES_SAMPLER_ARG", 1.0, most=1.0)
    if variables.read_text("OTEL_CONFIG_FILE"):
        variables.faults.append("OTEL_CONFIG_FILE: it is not supported; use the other variables of OpenTelemetry")
    for name in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"):
        if not variables.read_text(name).isprintable():
            variables.faults.append(f"{name}: it is not text")
    return TraceOptions(
        exporters=exporters,
        endpoint=endpoint if uses_http else "",
        collector=urlsplit(endpoint).netloc or endpoint or ", ".join(exporters),
        headers=variables.read_headers() if uses_otlp else {},
        sampler=sampler,
        sampler_argument=variables.read_text("OTEL_TRACES_SAMPLER_ARG"),
        propagators=variables.read_propagators(),
        id_generator=variables.read_component("OTEL_PYTHON_ID_GENERATOR", ID_GENERATORS, "random"),
        tracer_configurator=variables.read_component("OTEL_PYTHON_TRACER_CONFIGURATOR", TRACER_CONFIGURATORS, ""),
        delay_seconds=variables.read_number("OTEL_BSP_SCHEDULE_DELAY", limits.TRACES_DELAY_SECONDS * 1e3, least=1)
        / 1e3,
        queue_max=round(variables.read_number("OTEL_BSP_MAX_QUEUE_SIZE", limits.TRACES_QUEUE_MAX, least=1)),
        batch_max=round(variables.read_number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", limits.TRACES_BATCH_MAX, least=1)),
        variables=variables.list_opentelemetry(),
    )


class _TraceVariables:
    """Reads variables and collects errors. An empty variable counts as absent."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[str] = []

    def read_text(self, name: str) -> str:
        return self._environment.get(name, "").strip()

    def list_opentelemetry(self) -> dict[str, str]:
        return {name: value for name, value in self._environment.items() if name.startswith(_FOR_ALL)}

    def choose_name(self, name: str) -> str:
        """Return the name of the variable for traces only if it is set, otherwise of the one for all signals."""
        alone = f"OTEL_EXPORTER_OTLP_TRACES_{name}"
        return alone if self.read_text(alone) else f"OTEL_EXPORTER_OTLP_{name}"

    def read_choice(self, name: str, known: Collection[str], default: str = "") -> str:
        """Return a value that must be one of several words."""
        value = self.read_text(name) or default
        if value and value not in known:
            words = ", ".join(f"'{word}'" for word in known)
            self.faults.append(
                f"{name}: '{value}' is not supported; " + (f"known: {words}" if words else "none is installed")
            )
        return value

    def read_component(self, name: str, group: str, default: str) -> str:
        """Return the name of a component that an installed package offers."""
        return self.read_choice(name, sorted({point.name for point in entry_points(group=group)}), default)

    def read_exporter(self, name: str) -> str:
        """Return the entry point of an exporter; OTLP has one for each protocol."""
        protocol = self.read_choice(self.choose_name("PROTOCOL"), _PROTOCOLS, "http/protobuf")
        if name == "otlp":
            return _PROTOCOLS.get(protocol, HTTP_EXPORTER)
        known = sorted({point.name for point in entry_points(group=EXPORTERS)})
        if name not in known:
            words = ", ".join(f"'{word}'" for word in (*known, "none"))
            self.faults.append(f"OTEL_TRACES_EXPORTER: '{name}' is not supported; known: {words}")
        return name

    def read_propagators(self) -> tuple[str, ...]:
        names = [name.strip() for name in (self.read_text("OTEL_PROPAGATORS") or "tracecontext").split(",")]
        if "none" in map(str.lower, names):
            return ()
        known = sorted({point.name for point in entry_points(group=PROPAGATORS)})
        for name in names:
            if name not in known:
                words = ", ".join(f"'{word}'" for word in (*known, "none"))
                self.faults.append(f"OTEL_PROPAGATORS: '{name}' is not supported; known: {words}")
        return tuple(dict.fromkeys(names))

    def read_number(self, name: str, default: float, *, least: float = 0.0, most: float = float("inf")) -> float:
        try:
            value = float(self.read_text(name) or default)
        except ValueError:
            value = float("nan")
        if not least <= value <= most or value == float("inf"):
            bounds = f"from {least:g}" + (f" to {most:g}" if most != float("inf") else " on")
            self.faults.append(f"{name}: '{self.read_text(name)}' is not a number {bounds}")
            return default
        return value

    def read_endpoint(self, *, with_path: bool) -> str:
        """Return the URL of the collector. Errors do not show it: it may hold a key."""
        name = self.choose_name("ENDPOINT")
        url = self.read_text(name) or (_HTTP_ENDPOINT if with_path else _GRPC_ENDPOINT)
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            parts = urlsplit("")
        if with_path and not (parts.scheme in ("http", "https") and parts.hostname):
            self.faults.append(f"{name}: it must be a URL such as '{_HTTP_ENDPOINT.replace('localhost', 'collector')}'")
            return ""
        if "@" in url:
            self.faults.append(f"{name}: it must not have a user or password: use a header")
            return ""
        if with_path and name == _BASE:
            parts = parts._replace(path=parts.path.rstrip("/") + _PATH)
        return parts.geturl()

    def read_headers(self) -> dict[str, Secret]:
        """Return headers that are written as percent-encoded ``name=value`` pairs, separated by commas."""
        name = self.choose_name("HEADERS")
        pairs: dict[str, str] = {}
        for number, part in enumerate(filter(None, map(str.strip, self.read_text(name).split(","))), 1):
            key, equals, value = part.partition("=")
            key, value = unquote(key.strip()), unquote(value.strip())
            if not (equals and key) or not (key + value).isprintable():
                self.faults.append(f"{name}: pair {number} is not written as 'name=value'")
            pairs[key] = value
        if not all(map(_HEADER_NAME.fullmatch, pairs)):
            self.faults.append(f"{name}: a header's name has letters, digits and hyphens only")
        return {key.lower(): Secret(value) for key, value in pairs.items()}

    def check_file(self, name: str) -> None:
        """Check that a file of certificates or a key can be read."""
        if not (path := self.read_text(name)):
            return
        try:
            if name.endswith("CLIENT_KEY"):
                Path(path).read_bytes()
            else:
                ssl.create_default_context(cafile=path)
        except OSError as error:
            self.faults.append(f"{name}: '{path}' cannot be read: {error.strerror or error}")
