import pytest
from click import BadParameter

from naftiko_runtime.cli.option_types import PUBLIC_URL


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("https://api.example.com/", ("", "https://api.example.com")),
        ("ships=https://api.example.com/x", ("ships", "https://api.example.com/x")),
        ("https://api.example.com/a=b", ("", "https://api.example.com/a=b")),
        ("ships=https://api.example.com/a=b", ("ships", "https://api.example.com/a=b")),
    ],
)
def test_the_url_may_have_a_namespace(text: str, given: tuple[str, str]) -> None:
    assert PUBLIC_URL.convert(text, None, None) == given


@pytest.mark.parametrize("text", ["ships=", "ships=api.example.com", "api.example.com", "ships=https://x.example?y=1"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(BadParameter, match="is not a URL such as"):
        PUBLIC_URL.convert(text, None, None)
