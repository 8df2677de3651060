"""Tables of HTML pages."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.formats import DecodeError, decode, make_decoder

PAGE = """<html><body><table class="x"><tr><th>Name</th><th> Tons\n </th><th></th></tr>
<tr><td>Anna</td><td><b>1</b>2</td><td>é</td><td>more</td></tr><tr><td>Otto</td></tr></table>
<table><tr><td>other</td></tr><tr><td>1</td></tr></table></body></html>"""


def test_tables() -> None:
    first = [{"Name": "Anna", "Tons": "12", "3": "é", "": ["more"]}, {"Name": "Otto", "Tons": "", "3": ""}]
    assert decode("html", PAGE.encode(), make_decoder("html")) == {"tables": [first, [{"other": "1"}]]}
    assert decode("html", PAGE.encode("latin-1"), make_decoder("html", "table.x"), "iso-8859-1") == {"tables": [first]}
    assert decode("html", PAGE.encode(), make_decoder("html", "body, table")) == {"tables": [first, [{"other": "1"}]]}
    assert decode("html", PAGE.encode(), make_decoder("html", "#none")) == {"tables": []}
    for empty in (b"", b" ", b"</x>", b"<!-- -->", b"text"):
        assert decode("html", empty, make_decoder("html")) == {"tables": []}
    for empty in (b"<table></table>", b"<table><tr></tr></table>", b"<table><tr><th>A</table>"):
        assert decode("html", empty, make_decoder("html")) == {"tables": [[]]}


@pytest.mark.parametrize(
    ("rows", "tables"),
    [
        ("<tr><th>A<th>A<th><th>B<tr><td>1<td>2<td>3<td>4", [[{"A": "2", "3": "3", "B": "4"}]]),
        ("<tr><th>A<th>B<tr><td rowspan=2>1<td>2<tr><td>3", [[{"A": "1", "B": "2"}, {"A": "1", "B": "3"}]]),
        ("<tr><th>A<th>B<tr><td>1<td rowspan=0>2<tr><td>3<tr>", [[{"A": "1", "B": "2"}, {"A": "3", "B": "2"}]]),
        ("<tr><th>A<th>B<tr><td colspan=2>1", [[{"A": "1", "B": "1"}]]),
        ("<tr><th>A<th>B<tr><td colspan=x>1<td rowspan=-1>2", [[{"A": "1", "B": "2"}]]),
        ("<tr><th colspan=2>A<th>B<tr><td>1<td>2<td>3", [[{"A": "1", "A 2": "2", "B": "3"}]]),
        ("<tr><th>A<tr><td>1<br>2 <p>3</p><i>4</i>5<script>6</script><!--7-->&amp;", [[{"A": "1 2 3 45&"}]]),
        ("<tr><th>A<tr><td>1<table><tr><td>B<tr><td>2</table>3", [[{"A": "1 3"}], [{"B": "2"}]]),
        ("<tr><th>A<th>B<tr><th>1<td>2<tr><th>3", [[{"A": "1", "B": "2"}, {"A": "3", "B": ""}]]),
        ("<caption>C</caption><thead><tr><th>A<th>B</thead><tbody><tr><td>1<td>2</tbody><tfoot><tr><td>3<td>4</tfoot>",
         [[{"A": "1", "B": "2"}, {"A": "3", "B": "4"}]]),
        ("<thead><tr><th colspan=2>Group<tr><th>A<th>B</thead><tr><td>1<td>2", [[{"A": "1", "B": "2"}]]),
    ],
)  # fmt: skip
def test_cells(rows: str, tables: list[Any]) -> None:
    assert decode("html", f"<p>x<table>{rows}</table>y".encode(), make_decoder("html")) == {"tables": tables}


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ('<meta charset="ISO-8859-1"><table><tr><td>a<tr><td>é</table>'.encode("latin-1"), None),
        (
            '<meta http-equiv=x content="text/html; charset=windows-1252"><table><tr><td>a<tr><td>é'.encode("cp1252"),
            None,
        ),
        ("<table><tr><td>a<tr><td>é</table>".encode("utf-16"), None),
        ("<meta charset=utf-16><table><tr><td>a<tr><td>é</table>".encode(), None),
        ('<meta charset="utf-8"><table><tr><td>a<tr><td>é</table>'.encode("latin-1"), "latin1"),
    ],
)
def test_charset(body: bytes, charset: str | None) -> None:
    assert decode("html", body, make_decoder("html"), charset) == {"tables": [[{"a": "é"}]]}


@pytest.mark.parametrize("selector", ["table[", "table::before", "table:nope"])
def test_an_invalid_selector_is_rejected(selector: str) -> None:
    with pytest.raises(ValueError, match="not a CSS selector"):
        make_decoder("html", selector)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<div>" * 300, "nested too deeply"),
        (b"<table><tr><td>" * 300, "nested too deeply"),
        (b"<table>" + b"<tr><td colspan=1000>" * 3000, "more than"),
        (b"<table><tr>" + b"<td rowspan=0>" * 3000 + b"<tr><td>" * 3000, "more than"),
    ],
)
@pytest.mark.no_cover
def test_a_hostile_page_is_rejected(body: bytes, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode("html", body, make_decoder("html"))
