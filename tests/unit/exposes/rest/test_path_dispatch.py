"""From the path of a request to its target."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_runtime.exposes.rest.path_dispatch import Dispatcher, PathMethods, PathPattern, match_segment
from naftiko_runtime.plan import Argument
from naftiko_runtime.template import Placeholder, split_path


def pattern(path: str) -> PathPattern:
    return tuple(Argument(piece.name) if isinstance(piece, Placeholder) else piece for piece in split_path(path))


def routes(*paths: str, method: str = "GET") -> Dispatcher[str]:
    """Every path routed to itself."""
    dispatcher: Dispatcher[str] = Dispatcher()
    for path in paths:
        dispatcher.add(method, pattern(path), path)
    return dispatcher


def found(dispatcher: Dispatcher[str], path: str, method: str = "GET") -> tuple[str, dict[str, str]] | None:
    """Return the handler of a request, and the values of its placeholders."""
    for resource, values in dispatcher.find_matches(path.encode()):
        if (target := resource.get_target(method)) is not None:
            return target, values
    return None


@pytest.mark.parametrize(
    ("route", "path", "values"),
    [
        ("/", "/", {}),
        ("/a/b", "/a/b", {}),
        ("/a/{x}", "/a/b", {"x": "b"}),
        ("/a/{x}/c", "/a/b/c", {"x": "b"}),
        ("/{x}/{y}", "/a/b", {"x": "a", "y": "b"}),
        ("/ships/{ship-id}", "/ships/7", {"ship-id": "7"}),
        ("/ships/{ship.id}", "/ships/7", {"ship.id": "7"}),
        ("/ships/x:action", "/ships/x:action", {}),
        ("/ships/{id}:arrive", "/ships/7:arrive", {"id": "7"}),
        ("/ships/{id}:{verb}", "/ships/7:arrive", {"id": "7", "verb": "arrive"}),
        ("/Ships('{id}')", "/Ships('7')", {"id": "7"}),
        ("/Ships('{id}')", "/Ships(%277%27)", {"id": "7"}),
        ("/Ships({id})/Port", "/Ships(7)/Port", {"id": "7"}),
        ("/{name}.{format}", "/a.b.json", {"name": "a", "format": "b.json"}),
        ("/{name}.json", "/a.b.json", {"name": "a.b"}),
        ("/v{major}-{minor}/x", "/v1-2-3/x", {"major": "1", "minor": "2-3"}),
        ("/größe/{x}", "/gr%C3%B6%C3%9Fe/%E8%88%B9", {"x": "船"}),
        ("/a b", "/a%20b", {}),
        ("/a/{x}", "/a/%7Bx%7D", {"x": "{x}"}),
        ("/a/{x}", "/a/b%2Fc", {"x": "b/c"}),
        ("/a/{x}", "/a/..%2f..", {"x": "../.."}),
        ("/a/{x}", "/a/%2F", {"x": "/"}),
        ("/a/{x}", "/a/b+c", {"x": "b+c"}),
        ("/a/{x}/", "/a/b/", {"x": "b"}),
    ],
)
def test_a_path_that_fits(route: str, path: str, values: dict[str, str]) -> None:
    assert found(routes(route), path) == (route, values)


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("/", ""),
        ("/a", "/"),
        ("/a", "/a/"),
        ("/a/", "/a"),
        ("/a", "/A"),
        ("/a", "//a"),
        ("/a", "/a/b"),
        ("/a/b", "/a%2Fb"),
        ("/a/{x}", "/a/"),
        ("/a/{x}", "/a"),
        ("/a/{x}", "/a/b/"),
        ("/a/{x}", "/a/b/c"),
        ("/a/{x}/c", "/a//c"),
        ("/{x}:arrive", "/:arrive"),
        ("/{x}:arrive", "/7:depart"),
        ("/Ships('{id}')", "/Ships('')"),
        ("/Ships('{id}')", "/Ships('7'"),
        ("/{a}-{b}", "/x-"),
        ("/{a}-{b}", "/-x"),
        ("/{a}.json", "/.json"),
    ],
)
def test_a_path_that_does_not_fit(route: str, path: str) -> None:
    assert found(routes(route), path) is None


def test_a_path_that_is_not_utf_8_is_an_error() -> None:
    with pytest.raises(UnicodeDecodeError):
        list(routes("/a/{x}").find_matches(b"/a/%FF"))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/ships/newest", "/ships/newest"),
        ("/ships/7", "/ships/{id}"),
        ("/ships/7.json", "/ships/{id}.json"),
        ("/ships/a-7.json", "/ships/a-{id}.json"),
        ("/ships/7:arrive", "/ships/{id}:arrive"),
        ("/ships/7:depart", "/ships/{id}:{verb}"),
        ("/ships/newest/crew", "/ships/newest/{what}"),
        ("/ships/7/crew", "/ships/{id}/crew"),
        ("/ships/newest/log", "/ships/newest/{what}"),
    ],
)
def test_literal_before_placeholder_and_the_more_specific_first(path: str, expected: str, *, reverse: bool) -> None:
    paths = [
        "/ships/{id}",
        "/ships/newest",
        "/ships/{id}.json",
        "/ships/a-{id}.json",
        "/ships/{id}:{verb}",
        "/ships/{id}:arrive",
        "/ships/{id}/crew",
        "/ships/newest/{what}",
    ]
    response = found(routes(*(reversed(paths) if reverse else paths)), path)
    assert response is not None
    assert response[0] == expected


def test_a_literal_route_without_the_method_leaves_it_to_the_placeholder_route() -> None:
    dispatcher: Dispatcher[str] = Dispatcher()
    dispatcher.add("GET", pattern("/ships/newest"), "newest")
    dispatcher.add("GET", pattern("/ships/{id}"), "one")
    dispatcher.add("PUT", pattern("/ships/{id}"), "put")
    assert found(dispatcher, "/ships/newest") == ("newest", {})
    assert found(dispatcher, "/ships/newest", "PUT") == ("put", {"id": "newest"})
    assert found(dispatcher, "/ships/newest", "DELETE") is None


def test_the_same_path_under_two_placeholder_names_serves_both_methods() -> None:
    dispatcher: Dispatcher[str] = Dispatcher()
    dispatcher.add("GET", pattern("/ships/{a}"), "get")
    dispatcher.add("PUT", pattern("/ships/{b}"), "put")
    assert found(dispatcher, "/ships/7") == ("get", {"a": "7"})
    assert found(dispatcher, "/ships/7", "PUT") == ("put", {"b": "7"})


def test_a_dead_end_is_left_again() -> None:
    dispatcher = routes("/a/b/c", "/{x}/b/d", "/a/{y}/e")
    assert found(dispatcher, "/a/b/d") == ("/{x}/b/d", {"x": "a"})
    assert found(dispatcher, "/a/b/e") == ("/a/{y}/e", {"y": "b"})
    assert found(dispatcher, "/a/b/f") is None


@pytest.mark.parametrize(("path", "raw"), [("/a/b", b"/a/b"), ("/a b", b"/a%20b"), ("/x:y('z')", b"/x:y('z')")])
def test_a_path_without_placeholders_is_found_at_once(path: str, raw: bytes) -> None:
    resource = routes(path).find_fixed(raw)
    assert resource is not None
    assert resource.methods == {"GET": path}
    assert routes("/a/{x}").find_fixed(b"/a/{x}") is None


def test_methods_and_what_is_allowed() -> None:
    resource: PathMethods[str] = PathMethods()
    resource.add("PUT", "put")
    assert (resource.allow, resource.get_target("HEAD"), resource.get_target("OPTIONS")) == (
        b"OPTIONS, PUT",
        None,
        None,
    )
    resource.add("GET", "get")
    assert (resource.allow, resource.get_target("HEAD")) == (b"GET, HEAD, OPTIONS, PUT", "get")
    resource.add("HEAD", "own")
    assert (resource.get_target("HEAD"), resource.get_target("GET")) == ("own", "get")
    resource.add("GET", "second")
    assert resource.get_target("GET") == "get"


SEGMENT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(SEGMENT, SEGMENT)
def test_any_encoded_value_comes_back(first: str, second: str) -> None:
    path = f"/ships/{quote(first, safe='')}/{quote(second, safe='')}"
    assert found(routes("/ships/{a}/{b}"), path) == ("/ships/{a}/{b}", {"a": first, "b": second})


@given(
    st.lists(st.sampled_from(["-", ".", "ab", Argument("x"), Argument("y")]), min_size=1, max_size=5), st.text("-.abx")
)
def test_what_matches_is_what_was_asked_for(pieces: list[str | Argument], text: str) -> None:
    names = [piece.name for piece in pieces if isinstance(piece, Argument)]
    if len(set(names)) < len(names):
        return
    if (values := match_segment(tuple(pieces), text)) is not None:
        assert "".join(piece if isinstance(piece, str) else values[piece.name] for piece in pieces) == text
        assert all(values.values())
