import pytest

from naftiko_runtime.public_urls import InvalidPublicUrlError, PublicUrls, parse_public_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("https://API.example.com/", "https://api.example.com"),
        ("https://api.example.com:443/x/", "https://api.example.com/x"),
        ("https://api.example.com:8443/X/y", "https://api.example.com:8443/X/y"),
        ("http://127.0.0.1:8080/x%2Fy", "http://127.0.0.1:8080/x%2Fy"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
    ],
)
def test_a_public_url_has_one_form(text: str, url: str) -> None:
    assert parse_public_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.example.com",
        "ftp://api.example.com",
        "https://",
        "https://user@api.example.com",
        "https://api.example.com?x=1",
        "https://api.example.com/#x",
        "https://api.example.com/a b",
        "https://api.example.com/..",
        "https://api.example.com/a/./b",
        "https://api.example.com:x",
        "https://api.example.com:99999",
        'https://api.example.com/"',
        "https://api.example.com/\r\nx: y",
        "https://[::1",
    ],
)
def test_what_is_no_public_url_is_refused(text: str) -> None:
    with pytest.raises(InvalidPublicUrlError):
        parse_public_url(text)


def test_an_expose_has_its_own_url_or_that_of_all() -> None:
    urls = PublicUrls({"": "https://a.example", "ships": "https://b.example/ships"})
    assert (urls.find("ships"), urls.find("crews")) == ("https://b.example/ships", "https://a.example")
    assert urls.namespaces == ("ships",)
    assert PublicUrls({"ships": "https://b.example"}).find("crews") is None


def test_exposes_that_are_served_as_one_have_one_url() -> None:
    urls = PublicUrls({"": "https://a.example", "ships": "https://b.example/ships"})
    assert urls.find_shared(["crews", "ships"]) == "https://b.example/ships"
    assert urls.find_shared(["crews"]) == "https://a.example"
    assert PublicUrls().find_shared(["crews"]) is None
