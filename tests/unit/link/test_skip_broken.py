"""``--skip-broken``: the parts that are left out, and the reasons. No part is served differently."""

from __future__ import annotations

import copy
import functools
import json
import operator
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from naftiko_runtime.cli.skip_broken import drop_clashing_parts
from naftiko_runtime.diagnostic import describe_reason
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.loading import Loaded, load, load_source
from naftiko_runtime.plan.comparison import strip_places
from naftiko_runtime.rules import nouns, render_text
from naftiko_runtime.source import parse_source as parsed
from support.fleet_document import ALL, OF_PORTS, OF_SHIPS, SOUND, refused, served, skipping, spoilt
from support.linked import get_request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from naftiko_runtime.plan import Operation


def test_a_sound_document_is_served_whole() -> None:
    loaded = skipping(SOUND)
    assert (served(loaded.plan), loaded.left_out, loaded.fatal) == ([*ALL[:5], ALL[5], *ALL[6:]], (), None)


@pytest.mark.parametrize(
    ("before", "after", "left_out"),
    [
        ("{name: list, method: GET", "{name: list, method: TRACE", {"GET /ships", "list-ships"}),
        ("{name: list, method: GET", "{name: list, outputRawFormat: yml", {"GET /ships", "list-ships"}),
        ("name: fleet, in: query", "name: fleet, in: nowhere", {"GET /ships", "list-ships"}),
        ("name: fleet, in: query", "nme: fleet, in: query", {"GET /ships", "list-ships"}),
        ("name: fleet, in: query", "name: [fleet], in: query", {"GET /ships", "list-ships"}),
        ("body: {type: json", "body: {type: jsn", {"POST /ships"}),
        ("inputParameters: [{name: imo, in: path}]", "inputParameters: 5", {"GET /ships/{imo}", "get-ship"}),
        ("inputParameters: [{name: imo, in: path}]", "inputParameters: [imo]", {"GET /ships/{imo}", "get-ship"}),
        ("- path: /ships/{imo}\n          input", "- input", {"GET /ships/{imo}", "get-ship"}),
        ('token: "{{TOKEN}}"', "token: [a]", OF_SHIPS),
        ('authentication: {type: bearer, token: "{{TOKEN}}"}', "authentication: none", OF_SHIPS),
        ("authentication:", "authentification:", OF_SHIPS),
        ("TOKEN: REGISTRY_TOKEN", "TOKEN: [REGISTRY_TOKEN]", OF_SHIPS),
        ("FLEET: REGISTRY_FLEET", "FLEET: {a: b}", {"GET /ships", "list-ships"}),
        ("- {namespace: env, keys", "- {namespace: env, location: 'valt://x', keys", OF_SHIPS),
        ("- {namespace: env, keys", "- {keys", OF_SHIPS),
        ("baseUri: https://ports.acme.io\n", "baseUri: [a]\n", OF_PORTS),
        ("      baseUri: https://ports.acme.io\n", "", OF_PORTS),
        ("namespace: ports\n", "namespace: [ports]\n", OF_PORTS),
        ("- {path: /ports, operations: [{name: ports, method: GET}]}", "- 5", {"GET /ports", "list-ports"}),
        ("{method: POST, call: ships.add", "{method: POST, call: [ships.add]", {"POST /ships"}),
        ("in: body, type: string", "in: body, type: text", {"POST /ships"}),
        ("in: body, type: string", "type: string", {"POST /ships"}),
        ("forward: {targetNamespace: ports}", "forward: {trustedHeaders: []}", {"* /ports"}),
        ("forward: {targetNamespace: ports}", "forward: ports", {"* /ports"}),
        ("type: string, value: pong", "type: strng, value: pong", {"GET /ping"}),
        ("hints: {readOnly: true}", "hints: {readOnly: maybe}", {"list-ships"}),
        ("with: {imo: tools.number}", "with: [tools.number]", {"get-ship"}),
        ("call: ships.get\n", "call: [x]\n          outputParameters: [{type: string, mapping: $.a}]\n", {"get-ship"}),
        ("[{name: number, type: string}]", "[{name: number, type: text}]", {"get-ship"}),
        ("[{name: number, type: string}]", "{name: number, type: string}", {"get-ship"}),
        ("call: ports.ports}\n", "call: ports.ports, label: [a]}\n", {"list-ports"}),
        ("info: {label: Ships", "info: {label: [Ships]", set()),
        ("port: 9090\n", "port: 9090\n      prompts: [{name: p}]\n", {"p"}),
        ("port: 9090\n", "port: 9090\n      resources: [{name: r, uri: 'r:1', call: ships.nope}]\n", {"r:1"}),
        ("capability:\n", "capability:\n  aggregates: [5]\n", set()),
    ],
)  # fmt: skip
def test_what_is_wrong_takes_along_no_more_than_it_must(before: str, after: str, left_out: set[str]) -> None:
    loaded = spoilt((before, after))
    assert served(loaded.plan) == [name for name in ALL if name not in left_out]
    assert set(refused(loaded.plan)) == left_out
    assert len([d for d in loaded.diagnostics if d.severity == "error"]) == 1
    assert len(loaded.left_out) == len(left_out)
    for found in loaded.left_out:
        assert describe_reason(found.reason).startswith("x.yml:")


WITH_FUNCTIONS = dedent("""\
    naftiko: 1.0.0-alpha2
    info: {label: Ships, description: Where they are.}
    capability:
      consumes:
        - namespace: ships
          baseUri: https://ships.acme.io
          resources: [{path: "/ships/{imo}", operations: [{name: get}, {name: put, method: PUT}]}]
      aggregates:
        - namespace: fleet
          label: Fleet
          functions:
            - {name: get, description: Gets, inputParameters: [{name: imo, type: string}], call: ships.get}
            - {name: put, description: Puts, inputParameters: [{name: imo, type: string}], call: ships.put}
            - {name: ping, description: Pings, outputParameters: [{name: pong, type: string, value: pong}]}
        - namespace: other
          label: Other
          functions: [{name: pong, description: Pongs, outputParameters: [{name: ping, type: string, value: ping}]}]
      exposes:
        - type: rest
          namespace: web
          port: 8080
          resources:
            - path: /ships/{imo}
              operations: [{method: GET, ref: fleet.get}, {method: PUT, ref: fleet.put}]
            - {path: /ping, operations: [{method: GET, ref: fleet.ping}]}
        - type: mcp
          namespace: tools
          port: 9090
          tools: [{ref: fleet.get}, {name: own, ref: fleet.get, call: ships.put}, {ref: fleet.ping}, {ref: other.pong}]
    """)
OF_FUNCTIONS = ("GET /ships/{imo}", "PUT /ships/{imo}", "GET /ping", "get", "own", "ping", "pong")
OF_GET = {"GET /ships/{imo}", "get", "own"}
OF_PING = {"GET /ping", "ping"}


@pytest.mark.parametrize(
    ("before", "after", "left_out"),
    [
        ("call: ships.get}", "call: ships.gte}", OF_GET),
        ("{name: get}", "{name: get, outputRawFormat: yml}", {"GET /ships/{imo}", "get"}),
        ("description: Gets, inputParameters: [{name: imo, type: string}]", "inputParameters: 5", OF_GET),
        ("type: string, value: pong", "type: strng, value: pong", OF_PING),
        ("type: string, value: pong", "type: integer, value: pong", OF_PING),
        ("name: pong, type: string, value: pong", "name: pong, type: string, mapping: $.pong", OF_PING),
        ("{ref: other.pong}", "{ref: other.png}", {"pong", "png"}),
        ("- namespace: other", "- namespace: [other]", {"pong"}),
        ("label: Other", "label: [Other]", {"pong"}),
        ("{ref: fleet.get}, {name: own", "{ref: [fleet.get], name: get}, {name: own", {"get"}),
    ],
)
def test_a_broken_function_takes_along_what_refers_to_it(before: str, after: str, left_out: set[str]) -> None:
    assert WITH_FUNCTIONS.count(before) == 1, before
    loaded = skipping(WITH_FUNCTIONS.replace(before, after))
    assert served(loaded.plan) == [name for name in OF_FUNCTIONS if name not in left_out]
    assert set(refused(loaded.plan)) <= left_out
    assert loaded.left_out


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [
        ("port: 9090", "port: http", ALL[6:]),
        ("namespace: tools", "namespace: [tools]", ALL[6:]),
        ("port: 9090\n", "port: 9090\n      transport: socket\n", ALL[6:]),
        ("port: 9090", "port: 8080", ALL[6:]),
        ("type: mcp", "type: agent-skill", ALL[6:]),
        ("type: mcp", "type: control", ALL[6:]),
        ("port: 8080\n", "port: 8080\n      authentication: {type: basic, username: [a]}\n", ALL[:6]),
        ("port: 8080\n", "port: 8080\n      authentication: {type: bearer, token: '{{vault.NONE}}'}\n", ALL[:6]),
    ],
)
def test_an_expose_is_left_out_alone(before: str, after: str, gone: tuple[str, ...]) -> None:
    loaded = spoilt((before, after))
    assert served(loaded.plan) == [name for name in ALL if name not in gone]
    assert refused(loaded.plan) == {}
    assert len(loaded.left_out) == 1


def test_the_first_of_two_stays() -> None:
    loaded = spoilt(
        (
            "    - path: /ping\n",
            "    - {path: /ships, operations: [{method: GET, call: ports.ports}]}\n        - path: /ping\n",
        ),
        ("- {name: list-ports", "- {name: list-ships, call: ports.ports}\n        - {name: list-ports"),
    )  # fmt: skip
    assert served(loaded.plan) == list(ALL)
    assert refused(loaded.plan) == {}
    assert [(render_text(left.part), describe_reason(left.reason).partition(": ")[2]) for left in loaded.left_out] == [
        ("GET /ships of 'web'", "GET /ships is routed twice"),
        ("the tool 'list-ships' of 'tools'", "the tool 'list-ships' is defined twice"),
    ]
    assert loaded.plan is not None
    named = [o for o in loaded.plan.exposed_operations if o.name in ("web.GET /ships", "tools.list-ships")]
    assert [get_request(operation).operation for operation in named] == ["ships.list", "ships.list"]


def test_the_first_of_two_apis_or_operations_of_one_name_stays() -> None:
    loaded = spoilt(
        ("namespace: ports\n", "namespace: ships\n"),
        ("{name: ports, method: GET}", "{name: list, method: GET}"),
        ("[{method: GET, call: ports.ports}]", "[{method: GET, call: ships.list}]"),
        ("targetNamespace: ports", "targetNamespace: ships"),
        ("call: ports.ports}\n", "call: ships.list}\n"),
    )
    assert served(loaded.plan) == list(ALL)
    assert loaded.plan is not None
    assert {u.base_uri for o in loaded.plan.exposed_operations for u in o.execution.upstreams} == {
        "https://ships.acme.io"
    }


def test_a_method_that_is_none_hides_no_other_route() -> None:
    text = SOUND.replace("- {method: GET, call: ships.list}", "- {method: FETCH, call: ships.list}", 1)
    text = text.replace("    - {method: POST", "    - {method: GET, call: ships.list}\n            - {method: POST", 1)
    loaded = skipping(text)
    assert served(loaded.plan) == list(ALL)
    assert refused(loaded.plan) == {}
    assert [render_text(left.part) for left in loaded.left_out] == ["an operation at /ships of 'web'"]


def test_what_is_left_out_needs_no_variables() -> None:
    loaded = spoilt(("{name: list, method: GET", "{name: list, method: TRACE"))
    assert loaded.plan is not None
    assert {b.name for b in loaded.plan.bindings if b.uses} == {"env.TOKEN"}


@pytest.mark.parametrize(
    ("text", "fatal"),
    [
        ("naftiko: nonsense\ncapability: {}\n", "x.yml:1:10: unknown specification version 'nonsense'"),
        ("naftiko: 1.0.0-alpha2\n", "x.yml:1:1: the key 'capability' is missing"),
        ("- a\n", "x.yml:1:1: a capability document is a mapping"),
        (SOUND.replace("  exposes:", "  expose:"), "x.yml:26:3: unknown key 'expose'"),
        (SOUND.replace("  exposes:\n", "  exposes: 5\n  other:\n"), "nothing is left to serve"),
    ],
)
def test_a_fatal_error_is_reported(text: str, fatal: str) -> None:
    loaded = skipping(text)
    assert loaded.fatal is not None
    assert (loaded.plan, describe_reason(loaded.fatal)) == (None, fatal)


def places(value: Any, key_path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document but the root."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*key_path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*key_path, key))


def identity(one: Operation) -> Any:
    """What tells an operation from others."""
    return one.name, tuple(target.method for target in one.execution.targets)


def meaning(one: Operation) -> Any:
    """What an operation takes and sends, wherever that stands in the file."""
    return strip_places(one.execution), one.contract


@pytest.mark.no_cover
def test_nothing_is_served_with_another_meaning() -> None:
    data = parsed(SOUND.encode(), "x.yml").data
    sound = skipping(SOUND).plan
    assert sound is not None
    meant = {identity(operation): meaning(operation) for operation in sound.exposed_operations}
    left_out = 0
    for key_path in places(data):
        for odd in ([1], {"odd": [1]}, None, 5.5, "odd odd"):
            spoilt = copy.deepcopy(data)
            *above, last = key_path
            functools.reduce(operator.getitem, above, spoilt)[last] = odd
            loaded = skipping(json.dumps(spoilt, indent=1))
            if loaded.plan is None or not any(d.severity == "error" for d in loaded.diagnostics):
                continue  # all of it is left out, or it says something else
            left_out += bool(loaded.left_out)
            guards = {server.namespace: server.guard for server in loaded.plan.servers}
            for operation in loaded.plan.exposed_operations:
                assert meaning(operation) == meant[identity(operation)], (key_path, odd)
            assert set(guards.values()) <= {None}
    assert left_out > 300


def test_errors_behind_wrong_shapes_are_found_in_the_same_run() -> None:
    text = SOUND
    for before, after in (
        ("{name: list, method: GET", "{name: list, method: TRACE"),
        ("port: 8080", "prt: 8080"),
        ("      baseUri: https://ports.acme.io\n", ""),
        ("call: ships.get}]", "call: ships.gt}]"),
        ("type: string, value: pong", "type: string, mapping: '$[', label: [a]"),
        ("with: {imo: tools.number}", "with: {imo: '{{tols.number}}'}"),
        ("{name: number, type: string}", "{name: number, type: text}"),
    ):
        text = text.replace(before, after, 1)
    loaded = load_source(parsed(text.encode(), "x.yml"), Overrides())
    assert loaded.plan is None
    assert [d.rule.slug for d in loaded.diagnostics] == [
        *("invalid-value", "missing-key", "missing-key", "unresolved-call", "invalid-jsonpath"),
        *("mapping-without-call", "unknown-key", "invalid-value"),
    ]


def test_one_mistake_in_a_file_that_is_imported_twice_breaks_both(tmp_path: Path) -> None:
    (tmp_path / "shared.yml").write_text(
        "naftiko: 1.0.0-alpha2\nconsumes: [{namespace: a, baseUri: 'http://a.io', resources: "
        "[{path: /b, operations: [{name: b, method: TRACE}, {name: c}]}]}]\n",
        encoding="utf-8",
    )
    text = dedent("""\
        naftiko: 1.0.0-alpha2
        capability:
          consumes:
            - {location: shared.yml, import: a}
            - {location: shared.yml, import: a, as: z}
          exposes:
            - type: mcp
              namespace: tools
              port: 9090
              tools: [{name: a-b, call: a.b}, {name: a-c, call: a.c}, {name: z-b, call: z.b}, {name: z-c, call: z.c}]
        """)
    (loaded,) = write(tmp_path, importing=text)
    assert served(loaded.plan) == ["a-c", "z-c"]
    assert set(refused(loaded.plan)) == {"a-b", "z-b"}


def write(folder: Path, **files: str) -> list[Loaded]:
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    overrides = Overrides(skip_broken=True)
    return drop_clashing_parts([load(folder / f"{name}.yml", overrides) for name in files])


def list_left_out(loaded: list[Loaded]) -> list[Any]:
    return [
        [render_text(left.part) for left in one.left_out]
        + ([describe_reason(one.fatal).partition(": ")[2]] if one.fatal else [])
        for one in loaded
    ]


def test_files_that_cannot_run_do_not_keep_others_from_it(tmp_path: Path) -> None:
    shared = "naftiko: 1.0.0-alpha2\nconsumes: [{namespace: a, baseUri: 'http://a.io'}]\n"
    loaded = write(tmp_path, ships=SOUND, none="a: [", shared=shared)
    assert [served(one.plan) for one in loaded] == [list(ALL), [], []]
    assert loaded[1].fatal
    assert loaded[2].fatal == nouns.ONLY_FOR_IMPORT()


def test_what_an_earlier_file_serves_is_left_out_of_a_later_one(tmp_path: Path) -> None:
    mock = "outputParameters: [{name: a, type: string, value: b}]"
    later = dedent(f"""\
        naftiko: 1.0.0-alpha2
        capability:
          exposes:
            - type: rest
              namespace: again
              port: 8080
              resources:
                - {{path: /ping, operations: [{{{mock}}}, {{method: PUT, {mock}}}]}}
            - {{type: mcp, namespace: elsewhere, port: 8080, tools: [{{name: a, {mock}}}]}}
            - {{type: mcp, namespace: more, port: 9090, tools: [{{name: list-ships, {mock}}}, {{name: b, {mock}}}]}}
        """)
    loaded = write(tmp_path, ships=SOUND, later=later)
    assert [served(one.plan) for one in loaded] == [list(ALL), ["PUT /ping", "b"]]
    assert list_left_out(loaded) == [
        [],
        ["the mcp expose 'elsewhere'", "GET /ping of 'again'", "the tool 'list-ships' of 'more'"],
    ]
    again = SOUND.replace("namespace: web", "namespace: web2").replace("namespace: tools", "namespace: tools2")
    assert served(write(tmp_path, ships=SOUND, again=again)[1].plan) == []
    assert write(tmp_path, ships=SOUND, same=SOUND)[1].fatal == nouns.NOTHING_LEFT()
