"""The works, each with its contenders. A new comparison is an entry here; what it must reach is in `targets`."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from bench import material
from bench.answers import Check, Exam, as_bytes, as_json, as_success, as_tool_result, tool_result
from bench.asking import LEGACY, MODERN, Ask, tool_call
from bench.contenders import LARGE_BODIES, NGINX, Contender, engine, examined, fastmcp, naftiko, peer
from bench.documents import PIXEL, committed, many
from bench.plays import among_idle, beside_direct, long_run, start_up
from bench.transfers import transfers
from bench.work import CPU, LOAD_COLUMNS, READY, READY_CPU, RSS, Column, Work

BASELINE = "fastapi-httpx"
JSON_TYPE = (("Content-Type", "application/json"),)
PIXEL_QUERY = "data=eyJldmVudCI6ImJlbmNoIiwidXNlcklkIjoiMSJ9%2B%2F+/=="
ODD_QUERIES = (
    "?data=aGVsbG8+d29ybGQ/Pz8=",
    "?data=a%2Bb%2fc%3D%3d&data=second&empty=&flag",
    "?data=%C3%A9%20+%00!*'();:@,$~",
    "",
)
THING_FIELDS = {"id": "path", "fields": "query"}
ADDED = Column("added_p50_ms", "added p50 ms", ".2f")
MANY = 500
FEW = 6
SLICES = 4
TRACED = (
    ("traced-hundredth", "one request in a hundred", 0.01),
    ("traced-tenth", "one request in ten", 0.1),
    ("traced", "every request", 1),
)

FASTAPI = peer(BASELINE, "written by hand with FastAPI and httpx", "fastapi_httpx")
FASTAPI2 = peer("fastapi-httpx2", "the same with httpx2", "fastapi_httpx", "--client", "httpx2")
JSONPATH = peer(
    "fastapi-jsonpath-ng", "the same with jsonpath-ng for the mapping", "fastapi_httpx", "--mapping", "jsonpath-ng"
)
MCP_PEERS = (
    fastmcp({"get_thing": "/things/{id}"}, THING_FIELDS),
    peer("sdk-high", "the MCP SDK's `MCPServer`, aiohttp", "mcp_sdk", "--level", "high"),
    peer("sdk-low", "the MCP SDK's low-level `Server`, aiohttp", "mcp_sdk", "--level", "low"),
)
SDK_LOW_NATIVE = peer(
    "sdk-low-native",
    "the MCP SDK's low-level `Server` with this runtime's own upstream client",
    "mcp_sdk",
    *("--level", "low", "--client", "native"),
)


def rest_exam(target: str, uri: str, expected: object, headers: tuple[tuple[str, str], ...] = JSON_TYPE) -> Exam:
    """Any query goes through as it came; the answer is the bytes that are expected, or the value."""
    read = as_bytes if isinstance(expected, bytes) else as_json
    checks = tuple(
        Check(Ask(target + query), uri + query, expected, read, headers, passes_on=True) for query in ODD_QUERIES
    )
    return Exam(Ask(f"{target}?fields=name"), f"{uri}?fields=name", checks)


def mcp_exam(wire: str) -> Exam:
    """Arguments come to their places; the answer is the upstream's as text and as structured content."""
    right = tool_result(material.THING)
    checks = (
        Check(tool_call(wire, "get_thing", {"id": "7"}), "/v1/things/7", right, as_tool_result),
        Check(
            tool_call(wire, "get_thing", {"id": "a-b_c", "fields": "crew"}),
            "/v1/things/a-b_c?fields=crew",
            right,
            as_tool_result,
        ),
    )
    load = tool_call(wire, "get_thing", {"id": "8", "fields": "name"})
    return Exam(load, "/v1/things/8?fields=name", checks)


def last_route(count: int) -> Exam:
    target = f"/things-{count - 1}/"
    check = Check(Ask(f"{target}7"), f"/v1{target}7", material.two_fields(material.THING), as_json, JSON_TYPE)
    return Exam(Ask(f"{target}8"), f"/v1{target}8", (check,))


def last_tool(count: int) -> Exam:
    tool, target = f"get_{count - 1}", f"/v1/things-{count - 1}/"
    right = tool_result(material.two_fields(material.THING))
    check = Check(tool_call(MODERN, tool, {"id": "7"}), f"{target}7", right, as_tool_result)
    return Exam(tool_call(MODERN, tool, {"id": "8"}), f"{target}8", (check,))


def pixel_tool() -> Exam:
    call = tool_call(LEGACY, "track-pixel", {})
    check = Check(call, "/v1/pixel/track", expected=True, read=as_success)
    return Exam(call, "/v1/pixel/track?none", (check,))


PIXEL_EXAM = replace(
    rest_exam("/v1/pixel/track", "/v1/pixel/track", material.GIF, material.GIF_HEADERS),
    load=Ask(f"/v1/pixel/track?{PIXEL_QUERY}"),
    uri=f"/v1/pixel/track?{PIXEL_QUERY}",
)
THROUGH_EXAM = rest_exam("/v1/things/7", "/v1/things/7", material.compact(material.THING))
MAPPED_EXAM = rest_exam("/v1/mapped/7", "/v1/things/7", material.six_fields(material.THING))
LIST_EXAM = rest_exam("/v1/listed", "/v1/things", [material.four_fields(one) for one in material.LIST["items"]])


def load_works() -> list[Work]:
    pixel, through, mapped, listed, tool = (
        PIXEL.read_text(),
        *map(committed, ("through.yaml", "mapped.yaml", "listed.yaml", "tool.yaml")),
    )
    few, lots = many(FEW, tools=True), many(MANY, tools=True)
    ours = naftiko(through, "this runtime")
    return [
        Work(
            "rest-1k", "REST: 1 KB of JSON, passed through", THROUGH_EXAM, (ours, FASTAPI, FASTAPI2, NGINX),
            BASELINE, document=(through, False),
        ),
        Work(
            "pixel", "REST: the pixel route, a GIF of 43 bytes", PIXEL_EXAM,
            (naftiko(pixel, "this runtime, `naftiko run capabilities/pixel-tracking.yaml`"), FASTAPI, NGINX),
            BASELINE, document=(pixel, False),
        ),
        Work(
            "rest-mapped", "REST: an object of 6 fields made of 1 KB of JSON", MAPPED_EXAM,
            (
                naftiko(mapped, "this runtime"),
                examined(naftiko(through, "this runtime, passing 1 KB through", name="naftiko-through"), THROUGH_EXAM),
                FASTAPI,
            ),
            BASELINE, slices=SLICES, document=(mapped, False),
        ),
        Work(
            "rest-list", "REST: a list of 400 objects of 4 fields made of 100 KB of JSON", LIST_EXAM,
            (naftiko(listed, "this runtime"), JSONPATH, FASTAPI),
            JSONPATH.name, document=(listed, False),
        ),
        Work(
            "mcp-2026", f"MCP {MODERN}: a tool that answers with 1 KB of JSON", mcp_exam(MODERN),
            (naftiko(tool, "this runtime", mcp=True), *MCP_PEERS, SDK_LOW_NATIVE),
            "fastmcp-openapi", document=(tool, True),
        ),
        Work(
            "mcp-2025", f"MCP {LEGACY}: the same tool", mcp_exam(LEGACY),
            (naftiko(tool, "this runtime", mcp=True), *MCP_PEERS),
            "fastmcp-openapi", document=(tool, True),
        ),
        Work(
            "many-routes", f"REST: the last of {MANY} routes, and of {FEW}", last_route(FEW),
            (
                naftiko(few, f"this runtime, {FEW} routes and tools", name="few"),
                examined(naftiko(lots, f"this runtime, {MANY} routes and tools", name="many"), last_route(MANY)),
            ),
            "few", (CPU,), slices=SLICES,
        ),
        Work(
            "many-tools", f"MCP {MODERN}: the last of {MANY} tools, and of {FEW}", last_tool(FEW),
            (
                naftiko(few, f"this runtime, {FEW} routes and tools", name="few", mcp=True),
                examined(
                    naftiko(lots, f"this runtime, {MANY} routes and tools", name="many", mcp=True), last_tool(MANY)
                ),
            ),
            "few", (CPU,), slices=SLICES,
        ),
        Work(
            "latency", "REST: 1 KB passed through, over one connection", THROUGH_EXAM, (ours, FASTAPI, NGINX),
            "nginx", (ADDED, CPU), (ADDED, *LOAD_COLUMNS), beside_direct, connections=1,
        ),
        Work(
            "workers", "REST: the list of rest-list, by workers on all cores, shared with the load", LIST_EXAM,
            (
                naftiko(listed, "this runtime, one worker", name="one", given=("--workers", "1")),
                naftiko(listed, "this runtime, two workers", name="two", given=("--workers", "2")),
            ),
            "one",
        ),
    ]  # fmt: skip


def other_works() -> list[Work]:
    bodies, pixel = committed("bodies.yaml"), PIXEL.read_text()
    columns = tuple(
        Column(f"{way}_{figure}", f"{way} {heading}", form)
        for way in ("up", "down")
        for figure, heading, form in (
            ("mb_per_second", "MB/s", ",.0f"),
            ("cpu_ms", "CPU ms", ",.0f"),
            ("growth_mb", "growth MB", ".1f"),
        )
    )
    ready = (READY, READY_CPU, RSS)
    return [
        Work(
            "bodies", "REST: 100 MB up and down", THROUGH_EXAM,
            (naftiko(bodies, "this runtime", given=LARGE_BODIES), NGINX),
            "nginx", (columns[0], columns[3]), columns, transfers, large=True,
        ),
        Work(
            "idle", "REST: 1 KB passed through, before and after 1,000 slow answers at once", THROUGH_EXAM,
            (naftiko(bodies, "this runtime", given=("--upstream-connections", "2000")),),
            "naftiko", (),
            (
                Column("idle_connections", "idle upstream connections"), CPU,
                Column("cpu_us_among_idle", "CPU µs/req among idle"), RSS,
            ),
            among_idle, anew=True,
        ),
        Work(
            "start", "from start to the first answer of a tool, on the pixel file", pixel_tool(),
            (
                naftiko(pixel, "this runtime, `naftiko run capabilities/pixel-tracking.yaml`", mcp=True),
                pixel_fastmcp(),
            ),
            "fastmcp-openapi", ready[:2], ready, start_up, anew=True,
        ),
        Work(
            "start-many", f"from start to the first answer, {MANY} operations and {FEW}", last_route(FEW),
            (
                naftiko(many(FEW, tools=True), f"this runtime, {FEW} routes and tools", name="few"),
                examined(
                    naftiko(many(MANY, tools=True), f"this runtime, {MANY} routes and tools", name="many"),
                    last_route(MANY),
                ),
            ),
            "few", ready[:2], ready, start_up, anew=True,
        ),
    ]  # fmt: skip


def telemetry_work() -> Work:
    through = committed("through.yaml")
    control = ("--control", "0")
    return Work(
        "telemetry", "REST: 1 KB passed through, without telemetry and with", THROUGH_EXAM,
        (
            naftiko(through, "this runtime"),
            naftiko(through, "this runtime with metrics", name="metrics", given=control),
            *(
                naftiko(through, f"with metrics, and {share} traced", name=name, given=control, traced=traced)
                for name, share, traced in TRACED
            ),
        ),
        "naftiko", collects=True, slices=2 * SLICES,
    )  # fmt: skip


def long_work() -> Work:
    columns = (RSS, Column("rss_after_mb", "RSS MB after"), Column("requests", "requests"))
    ours = naftiko(PIXEL.read_text(), "this runtime")
    return Work(
        "long", "RSS before and after 500,000 requests", PIXEL_EXAM, (ours,),
        "naftiko", (), columns, long_run, rounds=1,
    )  # fmt: skip


def pixel_fastmcp() -> Contender:
    """FastMCP with as many operations as the pixel file; it fails on a GIF, so its upstream answers in JSON."""
    names = ("alias", "group", "identify", "page", "screen", "track")
    call = tool_call(LEGACY, "track_pixel", {})
    exam = Exam(call, "/v1/things/track?none", (Check(call, "/v1/things/track", expected=True, read=as_success),))
    return examined(fastmcp({f"{name}_pixel": f"/things/{name}" for name in names}, {}), exam)


def all_works() -> list[Work]:
    return [*load_works(), *other_works(), telemetry_work(), long_work()]


def with_engines(work: Work, engines: Mapping[str, str]) -> Work:
    """The work with other engines that serve the same document."""
    if work.document is None:
        return work
    text, mcp = work.document
    others = tuple(engine(name, command, text, mcp=mcp) for name, command in engines.items())
    return replace(work, contenders=(*work.contenders, *others))


def only_contenders(work: Work, names: Collection[str]) -> Work:
    """The work with some of its contenders."""
    return replace(work, contenders=tuple(one for one in work.contenders if one.name in names))
