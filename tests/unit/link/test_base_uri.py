"""Base URIs with variables: their places, and the allowed values."""

from __future__ import annotations

import re
from typing import Any

import pytest

from naftiko_runtime.errors import BindError
from naftiko_runtime.link.base_uri import fill_base_uris
from naftiko_runtime.link.operator_overrides import Overrides
from naftiko_runtime.secret import make_placeholders, resolve
from support.linked import get_request, link_plan, load_document, make_document, make_mcp_expose, make_rest_expose

BINDS = {"HOST": "THE_HOST", "URL": "THE_URL", "SHOP": "SHOP", "PORT": "PORT", "T": "TENANT", "S": "SCHEME"}


def served(base_uri: str, **api: Any) -> dict[str, Any]:
    names = set(re.findall(r"\w+(?=\s*\}\})", base_uri + str(api)))
    used = {name: value for name, value in BINDS.items() if name in names}
    return make_document(baseUri=base_uri, binds=used, exposes=[make_rest_expose(), make_mcp_expose()], **api)


def url(base_uri: str, **environment: str) -> str:
    """The URL that is called with these variables."""
    bound = link_plan(served(base_uri), warns=())
    secrets = resolve(bound, environment)
    called = fill_base_uris(bound, {name: secret.reveal() for name, secret in secrets.items()})
    urls = {"".join(map(str, get_request(operation).path)) for operation in called.exposed_operations}
    assert {get_request(operation).upstream.base_uri.rstrip("/") for operation in called.exposed_operations} == {
        text.removesuffix("/ships") for text in urls
    }
    (only,) = urls
    return only


@pytest.mark.parametrize(
    ("base_uri", "environment", "expected"),
    [
        ("https://{{HOST}}/r4", {"THE_HOST": "a.example"}, "https://a.example/r4"),
        ("https://{{HOST}}/r4/", {"THE_HOST": "a.example:8443"}, "https://a.example:8443/r4"),
        ("https://{{HOST}}", {"THE_HOST": "[::1]:8443"}, "https://[::1]:8443"),
        ("https://{{HOST}}", {"THE_HOST": "localhost"}, "https://localhost"),
        ("https://{{HOST}}/v1", {"THE_HOST": "bücher.example"}, "https://xn--bcher-kva.example/v1"),
        ("https://{{HOST}}:{{PORT}}", {"THE_HOST": "a.example", "PORT": "8443"}, "https://a.example:8443"),
        ("{{URL}}", {"THE_URL": "https://a.example"}, "https://a.example"),
        ("{{URL}}", {"THE_URL": "http://a.example:80/v1/x/"}, "http://a.example:80/v1/x"),
        ("{{ URL }}/v2", {"THE_URL": "https://a.example/v1"}, "https://a.example/v1/v2"),
        ("{{URL}}:8080/v2", {"THE_URL": "https://a.example"}, "https://a.example:8080/v2"),
        ("https://{{env.SHOP}}.example.com", {"SHOP": "blue"}, "https://blue.example.com"),
        ("https://api-{{SHOP}}.example.com/v1", {"SHOP": "eu-1"}, "https://api-eu-1.example.com/v1"),
        ("https://a.example/{{T}}/v1", {"TENANT": "x"}, "https://a.example/x/v1"),
        ("https://a.example/{{T}}", {"TENANT": "x/y"}, "https://a.example/x/y"),
        ("https://{{HOST}}/r4", {"THE_HOST": "bücher.example"}, "https://xn--bcher-kva.example/r4"),
        ("https://{{SHOP}}.bücher.example", {"SHOP": "blue"}, "https://blue.xn--bcher-kva.example"),
        ("{{URL}}", {"THE_URL": "https://bücher.example/v1"}, "https://xn--bcher-kva.example/v1"),
        ("{{S}}://a.example", {"SCHEME": "http"}, "http://a.example"),
        ("{{S}}://{{HOST}}/{{T}}", {"SCHEME": "https", "THE_HOST": "b", "TENANT": "t"}, "https://b/t"),
    ],
)
def test_values_that_are_taken(base_uri: str, environment: dict[str, str], expected: str) -> None:
    assert url(base_uri, **environment) == f"{expected}/ships"


@pytest.mark.parametrize(
    ("base_uri", "value", "why"),
    [
        ("https://{{HOST}}/r4", "evil.example/other", "holds a path"),
        ("https://{{HOST}}/r4", "https://a.example", "holds a scheme"),
        ("https://{{HOST}}/r4", "user:pw@a.example", "holds credentials"),
        ("https://{{HOST}}/r4", "a.example?x=", "holds a query or a fragment"),
        ("https://{{HOST}}/r4", "a.example#", "holds a query or a fragment"),
        ("https://{{HOST}}/r4", "a.example\\@b", "holds white space or another character"),
        ("https://{{HOST}}/r4", "a.example\n", "holds white space or another character"),
        ("https://{{HOST}}/r4", "a b", "holds white space or another character"),
        ("https://{{HOST}}/r4", "a.example:99999", "not a URL"),
        ("https://{{HOST}}/r4", "a.example:0", "no scheme (http or https) and host"),
        ("https://{{HOST}}/r4", "a.example:", "holds a port"),
        ("https://{{HOST}}/r4", "a%2eexample", "holds a '%'"),
        ("https://{{HOST}}/r4", "a..example", "something else"),
        ("https://{{HOST}}/r4", ".", "something else"),
        ("https://{{HOST}}.example.com", "evil.example:80", "holds a port"),
        ("https://{{HOST}}.example.com", "evil.example/", "holds a path"),
        ("https://{{HOST}}.example.com", "evil.example#", "holds a query or a fragment"),
        ("https://{{HOST}}.example.com", "evil.example@", "holds credentials"),
        ("https://a.example:{{HOST}}/x", "80@evil.example", "holds credentials"),
        ("https://a.example:{{HOST}}/x", "80/x", "holds a path"),
        ("https://{{HOST}}:8443", "a.example:1", "holds a port"),
        ("{{HOST}}", "a.example", "no scheme"),
        ("{{HOST}}", "ftp://a.example", "unknown scheme in the base URI; it must be http or https"),
        ("{{HOST}}", "https://", "no scheme (http or https) and host"),
        ("{{HOST}}", "https://ann:s3cret@a.example", "credentials"),
        ("{{HOST}}", "https://a.example?key=1", "query or a fragment"),
        ("{{HOST}}", "https://a.example/x#y", "query or a fragment"),
        ("{{HOST}}", "https://a.example/../x", "segments '.' or '..'"),
        ("{{HOST}}", "https://a.example/%2e%2e/x", "segments '.' or '..'"),
        ("{{HOST}}", "https://{x}.example", "another character"),
        ("{{HOST}}:8080", "https://a.example/x", "holds a port or a path"),
        ("{{HOST}}://a.example", "javascript", "'http' or 'https' belongs there"),
        ("https://a.example/{{HOST}}", "..", "segments '.' or '..'"),
        ("https://a.example/{{HOST}}", "x/../../y", "segments '.' or '..'"),
        ("https://a.example/{{HOST}}", "x?y=1", "query or a fragment"),
    ],
)
def test_rejected_values_are_reported_but_not_shown(base_uri: str, value: str, why: str) -> None:
    with pytest.raises(BindError) as raised:
        resolve(link_plan(served(base_uri)), {"THE_HOST": value})
    message = str(raised.value)
    assert why in message
    assert "'HOST'" in message
    assert "the environment variable 'THE_HOST'" in message
    assert "'registry'" in message
    assert message.startswith("x.yml:")
    longest = max(value.rsplit("//", maxsplit=1)[-1].split("."), key=len)
    assert len(longest) < 4 or longest not in message


def test_every_fault_is_reported_at_once() -> None:
    data = served("https://{{HOST}}:{{PORT}}/{{T}}")
    with pytest.raises(BindError) as raised:
        resolve(link_plan(data), {"THE_HOST": "a/b", "PORT": "x", "TENANT": "?"})
    assert len(raised.value.problems) == 3
    assert all("'HOST'" in p.message or "'PORT'" in p.message or "'T'" in p.message for p in raised.value.problems)


def test_missing_variables_are_reported_as_well() -> None:
    data = served("https://{{HOST}}/r4", authentication={"type": "bearer", "token": "{{T}}"})
    with pytest.raises(BindError) as raised:
        resolve(link_plan(data), {"THE_HOST": "a/b"})
    assert [problem.slug for problem in raised.value.problems] == [
        "unset-variable",
        "unusable-url",
    ]


def test_a_token_endpoint_is_checked_alike() -> None:
    oauth = {"type": "oauth2", "tokenEndpoint": "https://{{HOST}}/token?x=1", "clientId": "a", "clientSecret": "{{T}}"}
    bound = link_plan(served("https://a.example", authentication=oauth))
    assert resolve(bound, {"THE_HOST": "a.example", "TENANT": "t"})
    with pytest.raises(BindError, match="the token endpoint of 'registry'"):
        resolve(bound, {"THE_HOST": "a.example/other", "TENANT": "t"})


def find_errors(base_uri: str) -> list[tuple[str, str, str | None]]:
    data = make_document(baseUri=base_uri, binds={"HOST": "H"})
    found = load_document(data).diagnostics
    return [(d.rule.slug, d.message, d.help) for d in found if d.severity == "error"]


@pytest.mark.parametrize(
    ("base_uri", "written", "meant"),
    [
        ("https://{HOST}/r4", "{HOST}", "{{HOST}}"),
        ("https://${HOST}/r4", "${HOST}", "{{HOST}}"),
        ("https://$HOST/r4", "$HOST", "{{HOST}}"),
        ("https://{region}.example", "{region}", "{{region}}"),
        ("${URL}", "${URL}", "{{URL}}"),
        ("https://a.example/{tenant}", "{tenant}", "{{tenant}}"),
    ],
)
def test_a_variable_in_another_form_is_refused_with_the_right_one(base_uri: str, written: str, meant: str) -> None:
    ((slug, message, advice),) = find_errors(base_uri)
    assert slug == "invalid-base-uri"
    assert f"'{written}'" in message
    assert f"write {meant}" in (advice or "")
    assert ("bind it" in (advice or "")) == ("HOST" not in meant)


@pytest.mark.parametrize(
    ("base_uri", "slug"),
    [
        ("https://{{HOST}}?x=1", "invalid-base-uri"),
        ("https://ann:pw@{{HOST}}", "invalid-base-uri"),
        ("https://ann:{{HOST}}@a.example", "invalid-base-uri"),
        ("ftp://{{HOST}}", "invalid-base-uri"),
        ("{{HOST}}.example.com/v1", "invalid-base-uri"),
        ("https://{{HOST", "invalid-base-uri"),
        ("https://{{}}/", "invalid-template"),
        ("https://{{tools.tenant}}.example", "unbound-variable"),
        ("https://{{vault.HOST}}.example", "unbound-variable"),
    ],
)
def test_templates_that_are_refused(base_uri: str, slug: str) -> None:
    assert [found for found, _, _ in find_errors(base_uri)] == [slug]


def test_the_operator_s_url_needs_no_variable() -> None:
    given = link_plan(served("https://{{HOST}}/r4"), Overrides({"registry": "https://b.example"}))
    assert given.upstreams[0].base_uri == "https://b.example"
    assert resolve(given, {}) == {}


def test_a_sandbox_has_stand_ins() -> None:
    bound = link_plan(served("https://{{HOST}}/r4"))
    called = fill_base_uris(bound, {name: secret.reveal() for name, secret in make_placeholders(bound).items()})
    assert called.upstreams[0].base_uri == "https://<THE_HOST>/r4"


def test_a_plan_shows_names_alone() -> None:
    bound = link_plan(served("https://{{HOST}}/r4"))
    assert bound.upstreams[0].base_uri == "https://{{HOST}}/r4"
    assert fill_base_uris(bound, {}) == bound
