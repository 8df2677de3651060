"""The workloads, each with its contenders. A new comparison is an entry here, and its bounds are in `targets`."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from bench import payloads
from bench.checks import Check, Checks, keep_bytes, make_tool_result, parse_json, parse_success, parse_tool_result
from bench.client import LEGACY, MODERN, Request, make_tool_call
from bench.contenders import (
    LARGE_BODIES,
    NGINX,
    Contender,
    make_engine,
    make_fastmcp,
    make_naftiko,
    make_peer,
    replace_checks,
)
from bench.documents import PIXEL, generate_capability, read_committed
from bench.load_patterns import measure_start, run_among_idle, run_beside_direct, run_beside_scripts, run_long
from bench.transfers import run_transfers
from bench.workload import CPU, LOAD_COLUMNS, READY, READY_CPU, RSS, Column, Workload

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
UNSAMPLED = 1e-6
TRACED = (
    ("metrics-unsampled", "one request in a million", UNSAMPLED),
    ("traced-hundredth", "one request in a hundred", 0.01),
    ("traced-tenth", "one request in ten", 0.1),
    ("traced", "every request", 1),
)

FASTAPI = make_peer(BASELINE, "written by hand with FastAPI and httpx", "fastapi_httpx")
FASTAPI2 = make_peer("fastapi-httpx2", "the same with httpx2", "fastapi_httpx", "--client", "httpx2")
JSONPATH = make_peer(
    "fastapi-jsonpath-ng", "the same with jsonpath-ng for the mapping", "fastapi_httpx", "--mapping", "jsonpath-ng"
)
MCP_PEERS = (
    make_fastmcp({"get_thing": "/things/{id}"}, THING_FIELDS),
    make_peer("sdk-high", "the MCP SDK's `MCPServer`, aiohttp", "mcp_sdk", "--level", "high"),
    make_peer("sdk-low", "the MCP SDK's low-level `Server`, aiohttp", "mcp_sdk", "--level", "low"),
)
SDK_LOW_NATIVE = make_peer(
    "sdk-low-native",
    "the MCP SDK's low-level `Server` with this runtime's own upstream client",
    "mcp_sdk",
    *("--level", "low", "--client", "native"),
)


def make_rest_checks(
    target: str, uri: str, expected: object, headers: tuple[tuple[str, str], ...] = JSON_TYPE
) -> Checks:
    """Check that any query is passed through byte for byte, and that the response is the expected bytes or value."""
    read = keep_bytes if isinstance(expected, bytes) else parse_json
    checks = tuple(
        Check(Request(target + query), uri + query, expected, read, headers, passes_on=True) for query in ODD_QUERIES
    )
    return Checks(Request(f"{target}?fields=name"), f"{uri}?fields=name", checks)


def make_mcp_checks(wire: str) -> Checks:
    """Check that arguments reach their places, and that the result has the response as text and structured content."""
    right = make_tool_result(payloads.THING)
    checks = (
        Check(make_tool_call(wire, "get_thing", {"id": "7"}), "/v1/things/7", right, parse_tool_result),
        Check(
            make_tool_call(wire, "get_thing", {"id": "a-b_c", "fields": "crew"}),
            "/v1/things/a-b_c?fields=crew",
            right,
            parse_tool_result,
        ),
    )
    load = make_tool_call(wire, "get_thing", {"id": "8", "fields": "name"})
    return Checks(load, "/v1/things/8?fields=name", checks)


def make_last_route_checks(count: int) -> Checks:
    target = f"/things-{count - 1}/"
    check = Check(
        Request(f"{target}7"), f"/v1{target}7", payloads.pick_two_fields(payloads.THING), parse_json, JSON_TYPE
    )
    return Checks(Request(f"{target}8"), f"/v1{target}8", (check,))


def make_last_tool_checks(count: int) -> Checks:
    tool, target = f"get_{count - 1}", f"/v1/things-{count - 1}/"
    right = make_tool_result(payloads.pick_two_fields(payloads.THING))
    check = Check(make_tool_call(MODERN, tool, {"id": "7"}), f"{target}7", right, parse_tool_result)
    return Checks(make_tool_call(MODERN, tool, {"id": "8"}), f"{target}8", (check,))


def make_pixel_tool_checks() -> Checks:
    call = make_tool_call(LEGACY, "track-pixel", {})
    check = Check(call, "/v1/pixel/track", expected=True, read=parse_success)
    return Checks(call, "/v1/pixel/track?none", (check,))


def make_workflow_checks(target: str, calls: int) -> Checks:
    """Check the six fields of one response or of several; no step passes the caller's query or headers on."""
    check = Check(
        Request(f"{target}/7"), "/v1/things/7", payloads.pick_six_fields(payloads.THING), parse_json, JSON_TYPE,
        calls=calls,
    )  # fmt: skip
    return Checks(Request(f"{target}/8"), "/v1/things/8", (check,))


PIXEL_CHECKS = replace(
    make_rest_checks("/v1/pixel/track", "/v1/pixel/track", payloads.GIF, payloads.GIF_HEADERS),
    load=Request(f"/v1/pixel/track?{PIXEL_QUERY}"),
    uri=f"/v1/pixel/track?{PIXEL_QUERY}",
)
THROUGH_CHECKS = make_rest_checks("/v1/things/7", "/v1/things/7", payloads.encode_compact(payloads.THING))
MAPPED_CHECKS = make_rest_checks("/v1/mapped/7", "/v1/things/7", payloads.pick_six_fields(payloads.THING))
LIST_CHECKS = make_rest_checks(
    "/v1/listed", "/v1/things", [payloads.pick_four_fields(one) for one in payloads.LIST["items"]]
)


def list_load_workloads() -> list[Workload]:
    pixel, through, mapped, listed, tool, workflow = (
        PIXEL.read_text(),
        *map(read_committed, ("through.yaml", "mapped.yaml", "listed.yaml", "tool.yaml", "workflow.yaml")),
    )
    few, lots = generate_capability(FEW, tools=True), generate_capability(MANY, tools=True)
    ours = make_naftiko(through, "this runtime")
    return [
        Workload(
            "rest-1k", "REST: 1 KB of JSON, passed through", THROUGH_CHECKS, (ours, FASTAPI, FASTAPI2, NGINX),
            BASELINE, document=(through, False),
        ),
        Workload(
            "pixel", "REST: the pixel route, a GIF of 43 bytes", PIXEL_CHECKS,
            (make_naftiko(pixel, "this runtime, `naftiko run capabilities/pixel-tracking.yaml`"), FASTAPI, NGINX),
            BASELINE, document=(pixel, False),
        ),
        Workload(
            "rest-mapped", "REST: an object of 6 fields mapped from 1 KB of JSON", MAPPED_CHECKS,
            (
                make_naftiko(mapped, "this runtime"),
                replace_checks(
                    make_naftiko(through, "this runtime, passing 1 KB through", name="naftiko-through"), THROUGH_CHECKS
                ),
                FASTAPI,
            ),
            BASELINE, slices=SLICES, document=(mapped, False),
        ),
        Workload(
            "rest-list", "REST: a list of 400 objects of 4 fields mapped from 100 KB of JSON", LIST_CHECKS,
            (make_naftiko(listed, "this runtime"), JSONPATH, FASTAPI),
            JSONPATH.name, document=(listed, False),
        ),
        *(
            Workload(
                f"workflow-{calls}", f"REST: a workflow, six fields of {what}", make_workflow_checks(target, calls),
                (
                    make_naftiko(workflow, "this runtime"),
                    replace_checks(
                        make_naftiko(mapped, "this runtime, the plain call of `rest-mapped`", name="naftiko-plain"),
                        MAPPED_CHECKS,
                    ),
                    replace_checks(FASTAPI2, by_hand),
                ),
                FASTAPI2.name, slices=SLICES,
            )
            for calls, what, target, by_hand in (
                (1, "one response", "/v1/stepped", MAPPED_CHECKS),
                (3, "three concurrent responses", "/v1/joined", make_workflow_checks("/v1/joined", 3)),
            )
        ),
        Workload(
            "mcp-2026", f"MCP {MODERN}: a tool that returns 1 KB of JSON", make_mcp_checks(MODERN),
            (make_naftiko(tool, "this runtime", mcp=True), *MCP_PEERS, SDK_LOW_NATIVE),
            "fastmcp-openapi", document=(tool, True),
        ),
        Workload(
            "mcp-2025", f"MCP {LEGACY}: the same tool", make_mcp_checks(LEGACY),
            (make_naftiko(tool, "this runtime", mcp=True), *MCP_PEERS),
            "fastmcp-openapi", document=(tool, True),
        ),
        Workload(
            "many-routes", f"REST: the last of {MANY} routes, and of {FEW}", make_last_route_checks(FEW),
            (
                make_naftiko(few, f"this runtime, {FEW} routes and tools", name="few"),
                replace_checks(
                    make_naftiko(lots, f"this runtime, {MANY} routes and tools", name="many"),
                    make_last_route_checks(MANY),
                ),
            ),
            "few", (CPU,), slices=SLICES,
        ),
        Workload(
            "many-tools", f"MCP {MODERN}: the last of {MANY} tools, and of {FEW}", make_last_tool_checks(FEW),
            (
                make_naftiko(few, f"this runtime, {FEW} routes and tools", name="few", mcp=True),
                replace_checks(
                    make_naftiko(lots, f"this runtime, {MANY} routes and tools", name="many", mcp=True),
                    make_last_tool_checks(MANY),
                ),
            ),
            "few", (CPU,), slices=SLICES,
        ),
        Workload(
            "latency", "REST: 1 KB passed through, over one connection", THROUGH_CHECKS, (ours, FASTAPI, NGINX),
            "nginx", (ADDED, CPU), (ADDED, *LOAD_COLUMNS), run_beside_direct, connections=1,
        ),
        Workload(
            "workers", "REST: the list of rest-list, by workers on all cores, shared with the load", LIST_CHECKS,
            (
                make_naftiko(listed, "this runtime, one worker", name="one", given=("--workers", "1")),
                make_naftiko(listed, "this runtime, two workers", name="two", given=("--workers", "2")),
            ),
            "one",
        ),
    ]  # fmt: skip


def list_other_workloads() -> list[Workload]:
    bodies, pixel = read_committed("bodies.yaml"), PIXEL.read_text()
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
        Workload(
            "bodies", "REST: 100 MB up and down", THROUGH_CHECKS,
            (make_naftiko(bodies, "this runtime", given=LARGE_BODIES), NGINX),
            "nginx", (columns[0], columns[3]), columns, run_transfers, large=True,
        ),
        Workload(
            "idle", "REST: 1 KB passed through, before and after 1,000 slow concurrent responses", THROUGH_CHECKS,
            (make_naftiko(bodies, "this runtime", given=("--upstream-connections", "2000")),),
            "naftiko", (),
            (
                Column("idle_connections", "idle upstream connections"), CPU,
                Column("cpu_us_among_idle", "CPU µs/req among idle"), RSS,
            ),
            run_among_idle, anew=True,
        ),
        Workload(
            "scripts", "REST: 1 KB passed through, before and while two callers let scripts spin", THROUGH_CHECKS,
            (make_naftiko(read_committed("scripts.yaml"), "this runtime"),),
            "naftiko", (),
            (
                Column("p99_ms", "p99 ms", ".2f"), Column("p99_beside_ms", "p99 ms beside scripts", ".2f"),
                Column("requests_per_second", "req/s"), Column("requests_beside", "req/s beside scripts"),
            ),
            run_beside_scripts,
        ),
        Workload(
            "start", "from start to the first result of a tool of the pixel file", make_pixel_tool_checks(),
            (
                make_naftiko(pixel, "this runtime, `naftiko run capabilities/pixel-tracking.yaml`", mcp=True),
                make_pixel_fastmcp(),
            ),
            "fastmcp-openapi", ready[:2], ready, measure_start, anew=True,
        ),
        Workload(
            "start-many", f"from start to the first response, {MANY} operations and {FEW}", make_last_route_checks(FEW),
            (
                make_naftiko(generate_capability(FEW, tools=True), f"this runtime, {FEW} routes and tools", name="few"),
                replace_checks(
                    make_naftiko(
                        generate_capability(MANY, tools=True), f"this runtime, {MANY} routes and tools", name="many"
                    ),
                    make_last_route_checks(MANY),
                ),
            ),
            "few", ready[:2], ready, measure_start, anew=True,
        ),
    ]  # fmt: skip


def make_telemetry_workload() -> Workload:
    through = read_committed("through.yaml")
    control = ("--control", "0")
    return Workload(
        "telemetry", "REST: 1 KB passed through, without telemetry and with", THROUGH_CHECKS,
        (
            make_naftiko(through, "this runtime"),
            make_naftiko(through, "this runtime with metrics", name="metrics", given=control),
            make_naftiko(through, "with traces of one request in a million", name="unsampled", traced=UNSAMPLED),
            *(
                make_naftiko(through, f"with metrics, and {share} traced", name=name, given=control, traced=traced)
                for name, share, traced in TRACED
            ),
        ),
        "naftiko", collects=True, slices=2 * SLICES,
    )  # fmt: skip


def make_long_workload() -> Workload:
    columns = (RSS, Column("rss_after_mb", "RSS MB after"), Column("requests", "requests"))
    ours = make_naftiko(PIXEL.read_text(), "this runtime")
    return Workload(
        "long", "RSS before and after 500,000 requests", PIXEL_CHECKS, (ours,),
        "naftiko", (), columns, run_long, rounds=1,
    )  # fmt: skip


def make_pixel_fastmcp() -> Contender:
    """FastMCP with as many operations as the pixel file; it fails on a GIF, so its upstream returns JSON."""
    names = ("alias", "group", "identify", "page", "screen", "track")
    call = make_tool_call(LEGACY, "track_pixel", {})
    checks = Checks(
        call, "/v1/things/track?none", (Check(call, "/v1/things/track", expected=True, read=parse_success),)
    )
    return replace_checks(make_fastmcp({f"{name}_pixel": f"/things/{name}" for name in names}, {}), checks)


def list_workloads() -> list[Workload]:
    return [*list_load_workloads(), *list_other_workloads(), make_telemetry_workload(), make_long_workload()]


def add_engines(workload: Workload, engines: Mapping[str, str]) -> Workload:
    """Add other engines that serve the same document to a workload."""
    if workload.document is None:
        return workload
    text, mcp = workload.document
    others = tuple(make_engine(name, command, text, mcp=mcp) for name, command in engines.items())
    return replace(workload, contenders=(*workload.contenders, *others))


def keep_contenders(workload: Workload, names: Collection[str]) -> Workload:
    """Keep only some of the contenders of a workload."""
    return replace(workload, contenders=tuple(one for one in workload.contenders if one.name in names))
