"""Any value: a URL keeps its form, and a reference is never sent as text."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from naftiko_runtime.errors import BindError
from naftiko_runtime.link.base_uri import fill_base_uris
from naftiko_runtime.plan import Argument, Composed, Variable
from naftiko_runtime.secret import resolve
from support.linked import get_request, link_plan, load_document, make_document, make_rest_expose

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from naftiko_runtime.plan import Plan

WITHIN = link_plan(make_document(baseUri="https://{{V}}.example.com:8443/r4", binds={"V": "V"}))
HOST = link_plan(make_document(baseUri="https://{{V}}/r4", binds={"V": "V"}))
PATH = link_plan(make_document(baseUri="https://a.example/x/{{V}}/y", binds={"V": "V"}))
WHOLE = link_plan(make_document(baseUri="{{V}}", binds={"V": "V"}))

TEXTS = st.text(st.sampled_from("ab./:@?#\\%[]{}$&;-_ \n\t1é"), max_size=12) | st.text(max_size=12)
URLS = st.builds(lambda *parts: "".join(parts), st.sampled_from(["https://", "http://", "ftp://", ""]), TEXTS)


def called(bound: Plan, value: str) -> SplitResult | None:
    """The base URI with a value; none when that is refused."""
    try:
        secrets = resolve(bound, {"V": value})
    except BindError:
        return None
    moved = fill_base_uris(bound, {name: secret.reveal() for name, secret in secrets.items()})
    return urlsplit(moved.upstreams[0].base_uri)


@given(TEXTS)
@example("evil.example/")
@example("evil.example:80#")
@example("a@evil.example")
def test_a_variable_in_a_host_stays_in_it(value: str) -> None:
    url = called(WITHIN, value)
    if url is not None:
        assert (url.hostname or "").endswith(".example.com")
        assert (url.scheme, url.port, url.path, url.query, url.username) == ("https", 8443, "/r4", "", None)


@given(TEXTS)
def test_a_host_brings_nothing_but_a_port_along(value: str) -> None:
    url = called(HOST, value)
    if url is not None:
        assert url.netloc == value or not value.isascii()
        assert (url.scheme, url.path, url.query, url.fragment, url.username) == ("https", "/r4", "", "", None)


@given(TEXTS)
@example("..")
@example("%2E%2e")
@example("x/../../y")
def test_a_variable_in_a_path_stays_below_it(value: str) -> None:
    url = called(PATH, value)
    if url is not None:
        assert (url.scheme, url.netloc, url.query, url.fragment) == ("https", "a.example", "", "")
        assert url.path == f"/x/{value}/y"
        assert not {".", ".."} & set(url.path.replace("%2e", ".").replace("%2E", ".").split("/"))


@given(URLS)
def test_a_whole_url_is_one(value: str) -> None:
    url = called(WHOLE, value)
    if url is not None:
        assert url.scheme in ("http", "https")
        assert url.hostname
        assert (url.query, url.fragment, url.username) == ("", "", None)


@example("$", "${{")
@given(st.sampled_from(["$", "{{", "${", "$this.", "$input."]), st.text("abx.}{$ 1", max_size=8))
def test_a_reference_is_given_its_meaning_or_refused(start: str, rest_of_it: str) -> None:
    consumed = {"inputParameters": [{"name": "p", "in": "query"}]}
    exposed = make_rest_expose(inputs=[{"name": "x", "in": "query"}], bind={"p": start + rest_of_it})
    found = load_document(make_document(consumed, [exposed]))
    if found.plan is None:
        return
    (entry,) = (field for field in get_request(found.plan.servers[0].operations[0]).query if field.name == "p")
    assert isinstance(entry.term, Argument | Variable | Composed)
