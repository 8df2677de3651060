"""URLs are split into their origin and the request target."""

from __future__ import annotations

import pytest

from naftiko_runtime.upstream import UpstreamUnreachable
from naftiko_runtime.upstream.url_origin import split_url


@pytest.mark.parametrize(
    ("url", "peer", "host_header", "target"),
    [
        ("http://A.example", "a.example:80", "a.example", "/"),
        ("HTTP://a.example:80/x", "a.example:80", "a.example", "/x"),
        ("https://a.example:443?q", "a.example:443", "a.example", "/?q"),
        ("https://a.example:80/", "a.example:80", "a.example:80", "/"),
        ("http://u:p@a.example/@b", "a.example:80", "a.example", "/@b"),
        ("http://[::1]/", "[::1]:80", "[::1]", "/"),
        ("http://[::1]:8080/", "[::1]:8080", "[::1]:8080", "/"),
        ("http://a.example/x//y;z?#f", "a.example:80", "a.example", "/x//y;z?"),
    ],
)
def test_a_url_is_taken_apart_and_nothing_in_its_target_changes(
    url: str, peer: str, host_header: str, target: str
) -> None:
    origin, sent = split_url(url)
    assert (origin.peer, origin.host_header, sent) == (peer, host_header, target)


@pytest.mark.parametrize("url", ["http://a:0/", "http://a:65536/", "http://a:b/", "http://a:-1/"])
def test_a_port_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UpstreamUnreachable, match="no valid port"):
        split_url(url)
