"""Where servers listen, where calls go, and routes that cannot be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from naftiko_runtime.link.operator_overrides import Overrides
from support.linked import (
    BASE,
    get_request,
    link_operation,
    link_plan,
    list_problems,
    make_document,
    make_mcp_expose,
    make_rest_expose,
)

if TYPE_CHECKING:
    from naftiko_runtime.plan import Request


# -- ports and overrides ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("addresses", "clash"),
    [
        ((None, None), True),
        (("127.0.0.1", "127.0.0.1"), True),
        (("127.0.0.1", None), True),
        (("127.0.0.1", "::"), True),
        (("127.0.0.1", "127.0.0.2"), False),
    ],
)
def test_a_port_belongs_to_one_expose(addresses: tuple[str | None, str | None], clash: bool) -> None:
    exposes = [make_rest_expose(port=8080), make_mcp_expose(port=8080)]
    for expose, address in zip(exposes, addresses, strict=True):
        if address is not None:
            expose["address"] = address
    assert [slug for slug, _ in list_problems(make_document(exposes=exposes))] == (["port-clash"] if clash else [])


def test_free_ports_do_not_clash() -> None:
    assert list_problems(make_document(exposes=[make_rest_expose(port=0), make_mcp_expose(port=0)])) == []


def ports(overrides: Overrides) -> list[tuple[str, int]]:
    return [
        (s.address, s.port)
        for s in link_plan(
            make_document(exposes=[make_rest_expose(port=8080), make_mcp_expose(port=8080)]), overrides
        ).servers
    ]


def test_overrides_move_servers() -> None:
    assert ports(Overrides(ports={"ships": 9})) == [("localhost", 9), ("localhost", 8080)]
    assert ports(Overrides(ports={"ships": 0}, port_offset=10)) == [("localhost", 0), ("localhost", 8090)]
    assert ports(Overrides(ports={"fleet": 1}, host="127.0.0.1")) == [("127.0.0.1", 8080), ("127.0.0.1", 1)]


@pytest.mark.parametrize(
    ("overrides", "addresses"),
    [
        (Overrides(), ["localhost", "0.0.0.0", "10.1.2.3", "10.1.2.4"]),
        (Overrides(default_host="::"), ["::", "::", "10.1.2.3", "10.1.2.4"]),
        (Overrides(host="127.0.0.2", default_host="::"), ["127.0.0.2"] * 4),
    ],
    ids=["document", "variable", "option"],
)
def test_who_may_call_decides_the_address_unless_one_is_given(overrides: Overrides, addresses: list[str]) -> None:
    basic = {"authentication": {"type": "basic", "username": "ann", "password": "{{PASSWORD}}"}}
    exposes = [
        make_rest_expose(port=1),
        make_rest_expose(port=2) | {"namespace": "guarded"} | basic,
        make_rest_expose(port=3) | {"namespace": "there", "address": "10.1.2.3"},
        make_mcp_expose(port=4) | {"address": "10.1.2.4"} | basic,
    ]
    binds = [{"namespace": "env", "keys": {"PASSWORD": "PASSWORD"}}]
    document = make_document(exposes=exposes)
    document["binds"] = binds
    assert [server.address for server in link_plan(document, overrides).servers] == addresses


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_an_expose_that_authenticates_shares_no_port(address: str) -> None:
    basic = {"authentication": {"type": "basic", "username": "ann", "password": "x"}}
    exposes = [
        make_rest_expose(port=8080),
        make_rest_expose(port=8080) | {"namespace": "b", "address": address} | basic,
    ]
    assert "port-clash" in [slug for slug, _ in list_problems(make_document(exposes=exposes))]


@pytest.mark.parametrize("offset", [60_000, -9_000])
def test_an_offset_that_leaves_no_port(offset: int) -> None:
    found = list_problems(make_document(), Overrides(port_offset=offset))
    assert found == [("port-clash", f"with the offset the port would be {8080 + offset}")]


@pytest.mark.parametrize("base", ["", "https://{region}.example", "https://good.example"])
def test_a_base_uri_of_the_operator_wins(base: str) -> None:
    found = link_plan(make_document(baseUri=base), Overrides(base_uris={"registry": "http://127.0.0.1:9/x"}))
    assert found.upstreams[0].base_uri == "http://127.0.0.1:9/x"


@pytest.mark.parametrize(
    "base",
    [
        *(
            "",
            " ",
            "/",
            "a.example",
            "//a.example",
            "ftp://a",
            "https://",
            "https://:80",
            "https://a:0",
            "https://a:99999",
        ),
        *(
            "https://[",
            "https://[::1",
            "https://{h}",
            "https://a b",
            "https://a\nb",
            "https://xn--\u00e4.example",
            "https://a\u2024b.example",
            "https://a.example/\u00e4",
        ),
        *(
            "https://u@a",
            "https://u:p@a",
            "https://a?x",
            "https://a#x",
            "file:///etc/passwd",
            "https://a\\b",
            "http://a|b",
        ),
    ],
)
def test_unusable_base_uris(base: str) -> None:
    assert [slug for slug, _ in list_problems(make_document(baseUri=base))] == ["invalid-base-uri"]


@pytest.mark.parametrize(
    ("base", "sent"),
    [
        ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1"),
        ("https://BÜCHER.example:8443", "https://xn--bcher-kva.example:8443"),
        ("https://faß.example", "https://xn--fa-hia.example"),
        ("https://例え.テスト/a", "https://xn--r8jz45g.xn--zckzah/a"),
    ],
)
def test_a_host_with_other_letters_is_sent_in_ascii(base: str, sent: str) -> None:
    (upstream,) = link_plan(make_document(baseUri=base)).upstreams
    assert upstream.base_uri == sent


@pytest.mark.parametrize(
    "base", ["http://a", "https://a:8443/x/", "HTTPS://A", "http://[::1]:9", " https://a ", "http://127.1"]
)
def test_usable_base_uris(base: str) -> None:
    assert list_problems(make_document(baseUri=base)) == []


# -- routes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["ships", "", "/a?b", "/a#b", "/a b", "/{", "/{}", "/{a}{b}", "/a/{x}/{x}"])
def test_routes_that_cannot_be_served(route: str) -> None:
    slugs = {slug for slug, _ in list_problems(make_document(exposes=[make_rest_expose(route)]))}
    assert slugs & {"invalid-path", "duplicate-name"}


@pytest.mark.parametrize("route", ["/", "/x:y", "/E('{id}')", "/{a}.{b}", "/{a-b}/{a.b}", "/größe/船"])
def test_routes_that_can(route: str) -> None:
    assert {slug for slug, _ in list_problems(make_document(exposes=[make_rest_expose(route)]))} <= {"unused-input"}


def test_a_request_says_where_it_goes() -> None:
    request: Request = get_request(link_operation(make_document({"method": "PUT"}, [make_rest_expose(method="POST")])))
    assert (request.operation, request.method, request.upstream.base_uri) == ("registry.op", "PUT", BASE)
