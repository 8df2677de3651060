"""Which proxy a request goes through: the variables that HTTP clients share."""

from __future__ import annotations

import pytest

from naftiko_runtime.errors import BindError
from naftiko_runtime.http_client.proxies import read_proxies
from naftiko_runtime.upstream.url_origin import split_url


def proxy_for(url: str, environ: dict[str, str]) -> str:
    proxy = read_proxies(environ).find(split_url(url)[0])
    return str(proxy) if proxy else ""


@pytest.mark.parametrize(
    ("environ", "http", "https"),
    [
        ({}, "", ""),
        ({"HTTP_PROXY": "http://a:1"}, "http://a:1", ""),
        ({"HTTPS_PROXY": "http://a:1"}, "", "http://a:1"),
        ({"http_proxy": "http://a:1", "https_proxy": "http://b:2"}, "http://a:1", "http://b:2"),
        ({"ALL_PROXY": "http://a:1"}, "http://a:1", "http://a:1"),
        ({"all_proxy": "http://a:1", "HTTP_PROXY": "http://b:2"}, "http://b:2", "http://a:1"),
        ({"http_proxy": "http://a:1", "HTTP_PROXY": "http://b:2"}, "http://a:1", ""),
        ({"https_proxy": "", "HTTPS_PROXY": "http://b:2"}, "", ""),
        ({"HTTP_PROXY": ""}, "", ""),
        ({"HTTP_PROXY": " "}, "", ""),
        # A caller of a CGI program sets HTTP_PROXY by its header "Proxy": https://httpoxy.org
        ({"HTTP_PROXY": "http://a:1", "REQUEST_METHOD": "GET"}, "", ""),
        ({"http_proxy": "http://a:1", "REQUEST_METHOD": "GET"}, "http://a:1", ""),
        ({"HTTPS_PROXY": "http://a:1", "REQUEST_METHOD": "GET"}, "", "http://a:1"),
    ],
)
def test_a_variable_names_the_proxy_of_a_scheme(environ: dict[str, str], http: str, https: str) -> None:
    assert proxy_for("http://api.example/", environ) == http
    assert proxy_for("https://api.example/", environ) == https


@pytest.mark.parametrize(
    ("url", "shown", "authorization"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128", ""),
        ("http://proxy.example:3128/", "http://proxy.example:3128", ""),
        ("proxy.example:3128", "http://proxy.example:3128", ""),
        ("proxy.example", "http://proxy.example:80", ""),
        ("https://proxy.example", "https://proxy.example:443", ""),
        ("HTTP://[::1]:3128", "http://[::1]:3128", ""),
        ("http://me:pass@proxy.example:1", "http://***@proxy.example:1", "Basic bWU6cGFzcw=="),
        ("http://me:p%40ss%3A%2F@proxy.example:1", "http://***@proxy.example:1", "Basic bWU6cEBzczov"),
        ("me@proxy.example:1", "http://***@proxy.example:1", "Basic bWU6"),
        ("http://me:a@b@proxy.example:1", "http://***@proxy.example:1", "Basic bWU6YUBi"),
        ("http://s%C3%B6:x@proxy.example:1", "http://***@proxy.example:1", "Basic c8O2Ong="),
    ],
)
def test_the_url_of_a_proxy_may_have_a_user_who_is_never_shown(url: str, shown: str, authorization: str) -> None:
    proxy = read_proxies({"HTTP_PROXY": url}).http
    assert proxy is not None
    assert str(proxy) == shown
    assert proxy.authorization == authorization
    assert "pass" not in repr(proxy)


@pytest.mark.parametrize(
    "url",
    ["http://", "http://a:b", "http://a:0", "http://me:s3cret@", "http://a b:1", "ftp://me:s3cret@a:1", "http://ä"],
)
def test_what_is_not_the_url_of_a_proxy_is_named_without_its_value(url: str) -> None:
    with pytest.raises(BindError) as caught:
        read_proxies({"HTTPS_PROXY": url})
    assert str(caught.value).startswith("error: HTTPS_PROXY: ")
    assert "give http://host:port" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_socks_proxy_is_refused_where_it_would_be_used() -> None:
    socks = {"all_proxy": "socks5h://me:s3cret@a:1"}
    with pytest.raises(BindError, match="all_proxy: SOCKS proxies are not supported; give the URL of an HTTP proxy"):
        read_proxies(socks)
    assert proxy_for("http://x/", {**socks, "HTTP_PROXY": "http://a:1", "HTTPS_PROXY": "http://a:1"}) == "http://a:1"


@pytest.mark.parametrize(
    ("no_proxy", "direct", "proxied"),
    [
        ("*", ["http://a", "https://b.c:1", "http://10.0.0.1", "http://[::1]"], []),
        ("a.example", ["http://a.example", "https://A.Example:8443", "http://b.a.example"], ["http://aa.example"]),
        (".a.example", ["http://a.example", "http://b.a.example"], ["http://aa.example"]),
        ("*.a.example", ["http://a.example", "http://b.a.example"], ["http://aa.example"]),
        ("a.example.", ["http://a.example", "http://a.example.:80"], ["http://example"]),
        ("a.example:8080", ["http://a.example:8080", "https://b.a.example:8080"], ["http://a.example"]),
        ("a.example:80", ["http://a.example"], ["https://a.example"]),
        ("localhost", ["http://localhost:9"], ["http://127.0.0.1"]),
        ("10.1.2.3", ["http://10.1.2.3:1"], ["http://10.1.2.4", "http://10.1.2.3.example"]),
        ("10.1.2.3:81", ["http://10.1.2.3:81"], ["http://10.1.2.3"]),
        ("10.0.0.0/8", ["http://10.255.0.1"], ["http://11.0.0.1", "http://10.example"]),
        ("10.1.2.3/8", ["http://10.255.0.1"], ["http://11.0.0.1"]),
        ("::1", ["http://[::1]:5"], ["http://[::2]", "http://127.0.0.1"]),
        ("[::1]", ["http://[0:0:0:0:0:0:0:1]"], ["http://[::2]"]),
        ("[::1]:81", ["http://[::1]:81"], ["http://[::1]"]),
        ("fd00::/8", ["http://[fd12::1]"], ["http://[fe80::1]"]),
        ("0.0.1", [], ["http://127.0.0.1"]),
        ("a, b ,c  d,,", ["http://a", "http://b", "http://c", "http://d"], ["http://e"]),
        ("", [], ["http://a", "https://localhost"]),
    ],
)
def test_no_proxy_names_what_is_reached_directly(no_proxy: str, direct: list[str], proxied: list[str]) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        environ = {"ALL_PROXY": "http://p:1", name: no_proxy}
        assert {url: proxy_for(f"{url}/", environ) for url in (*direct, *proxied)} == {
            **dict.fromkeys(direct, ""),
            **dict.fromkeys(proxied, "http://p:1"),
        }


def test_a_network_that_is_none_is_refused_where_there_is_a_proxy() -> None:
    with pytest.raises(BindError) as caught:
        read_proxies({"HTTP_PROXY": "http://a:1", "NO_PROXY": "10.0.0.0/33, x, a/b"})
    assert tuple(each.message for each in caught.value.problems) == (
        "NO_PROXY: '10.0.0.0/33' is not a network",
        "NO_PROXY: 'a/b' is not a network",
    )
    assert read_proxies({"NO_PROXY": "10.0.0.0/33"}).find(split_url("http://a/")[0]) is None


def test_every_variable_that_is_wrong_is_named() -> None:
    with pytest.raises(BindError) as caught:
        read_proxies({"http_proxy": "ftp://a", "HTTPS_PROXY": "http://"})
    assert [each.message.partition(":")[0] for each in caught.value.problems] == ["http_proxy", "HTTPS_PROXY"]


def test_what_is_said_at_startup_has_no_user() -> None:
    environ = {"HTTP_PROXY": "me:s3cret@a:1", "HTTPS_PROXY": "https://b", "NO_PROXY": "x,  .y"}
    assert read_proxies(environ).log_fields() == {
        "http_proxy": "http://***@a:1",
        "https_proxy": "https://b:443",
        "no_proxy": "x, .y",
    }
    assert read_proxies({"NO_PROXY": "x"}).log_fields() == {}


def test_what_must_not_be_logged_is_what_is_sent_and_the_password() -> None:
    environ = {"HTTP_PROXY": "me:s3%63ret@a:1", "HTTPS_PROXY": "you@b:1"}
    assert read_proxies(environ).list_secrets() == {"bWU6czNjcmV0", "s3cret", "eW91Og=="}
