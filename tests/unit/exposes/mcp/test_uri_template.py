"""URIs and templates of level 1: what matches, and what is no template. Compared with the SDK's own."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.uri_template import UriTemplate

from naftiko_runtime.exposes.mcp.uri_template import CompiledUriTemplate, UriError, parse_uri

TEMPLATES = ["x://{a}", "x://{a}/{b}", "x://h/{a}.json", "x://{a}-{b}", "x://h/data?q={a}", "urn:x:{a}:{b}"]
VALUES = st.text(min_size=1, max_size=8)


def match(template: str, uri: str) -> dict[str, str] | None:
    return CompiledUriTemplate(parse_uri(template)).match(uri)


@pytest.mark.parametrize("template", TEMPLATES[:3] + TEMPLATES[4:5])
@given(a=VALUES, b=VALUES)
def test_what_is_expanded_is_found_again(template: str, a: str, b: str) -> None:
    values = {"a": a, "b": b} if "{b}" in template else {"a": a}
    uri = template.format(**{name: quote(value, safe="") for name, value in values.items()})
    assert uri == UriTemplate.parse(template).expand(values)
    assert match(template, uri) == values


@pytest.mark.parametrize("template", TEMPLATES)
@given(uri=st.text(alphabet="x:/h.jsondat?q=-%2Fab#&,", max_size=20).map(lambda text: f"x://{text}"))
def test_what_matches_is_what_the_sdk_matches(template: str, uri: str) -> None:
    theirs = UriTemplate.parse(template).match(uri)
    ours = match(template, uri)
    if theirs is None:
        assert ours is None
    elif "" in theirs.values():  # an empty value is no value here: another division of the text may have none
        assert ours is None or (len(ours) > 1 and "" not in ours.values())
    elif ours is not None:
        assert ours == theirs


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("x://a%2Fb", {"a": "a/b"}),
        ("x://%2e%2e", {"a": ".."}),
        ("x://..", {"a": ".."}),
        ("x://a%00b", {"a": "a\0b"}),
        ("x://%25252F", {"a": "%252F"}),
        ("x://é", {"a": "é"}),
        ("x://a/b", None),
        ("x://a?b", None),
        ("x://a#b", None),
        ("x://", None),
        ("x://%ff", None),
        ("y://a", None),
        ("x://a\n", {"a": "a\n"}),
    ],
)
def test_values_are_decoded_once(uri: str, expected: dict[str, str] | None) -> None:
    assert match("x://{a}", uri) == expected


def test_matching_is_linear() -> None:
    template = "x://" + "-".join(f"{{a{number}}}" for number in range(12)) + "!"
    began = time.monotonic()
    assert match(template, "x://" + "-" * 4_000) is None
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "{a}", "{a}://b", "1x://a", "x ://a", "//a", "x://a b", "x://é", "x://<a>", "x://%zz", "x://a\n"),
        *("x://{", "x://}", "x://{}", "x://{a", "x://{{a}}", "x://{a}{b}", "x://{a}/{a}"),
        *("x://{+a}", "x://{#a}", "x://{.a}", "x://{/a}", "x://{;a}", "x://{?a}", "x://{&a}", "x://{a*}", "x://{a:3}"),
        *("x://{a,b}", "x://{a-b}", "x://{a b}", "x://{=a}"),
    ],
)
def test_what_is_no_uri(text: str) -> None:
    with pytest.raises(UriError):
        parse_uri(text)
