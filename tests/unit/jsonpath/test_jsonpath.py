"""Paths, by example. Properties of every path are in ``tests/properties/test_jsonpath_properties.py``."""

from __future__ import annotations

from typing import Any

import pytest

from naftiko_runtime.jsonpath import (
    JsonPathError,
    OutOfTime,
    TooMuchWork,
    compile_optional_path,
    compile_path,
    run_bounded,
)
from support.shop import BOOK_1, BOOK_3, SHOP, get

ODD_NAMES = {
    "foo bar": 1,
    "a-b": 2,
    "é": 3,
    "@id": 4,
    "$ref": 5,
    "1st": 6,
    "a.b": 7,
    "it's": 8,
    'say "hi"': 9,
    "where": 10,
    "length": 11,
    "": 12,
    "a,b": 13,
    "xs:type": 14,
    "\\": 15,
    "😀": 16,
    "01": 17,
    "#text": 18,
    "line\nbreak": 19,
}


@pytest.mark.parametrize("path", ["$", "$.", " $ ", " $. ", "@", ".", "\n$\n"])
def test_the_identity(path: str) -> None:
    compiled = compile_path(path)
    assert (compiled.text, compiled.identity, compiled.definite) == (path, True, True)
    assert compiled.get(SHOP) is SHOP


@pytest.mark.parametrize("path", ["$.a", "$[*]", "$.length()", "a", "$..*"])
def test_what_selects_is_no_identity(path: str) -> None:
    assert not compile_path(path).identity


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.foo bar", 1),
        (" $ . foo bar ", 1),
        ("$.a-b", 2),
        ("$.é", 3),
        ("$.@id", 4),
        ("@id", 4),
        ("$.$ref", 5),
        ("$.1st", 6),
        ("$['a.b']", 7),
        ('$["a.b"]', 7),
        (r"$['it\'s']", 8),
        ('$["it\'s"]', 8),
        ("$['say \"hi\"']", 9),
        ("$.where", 10),
        ("$.length", 11),
        ("$['']", 12),
        ("$['a,b']", 13),
        ("$.xs:type", 14),
        (r"$['\\']", 15),
        ("$.😀", 16),
        (r"$['\ud83d\ude00']", 16),
        (r"$['\u00e9']", 3),
        ("$.01", 17),
        ("$.#text", 18),
        (r"$['line\nbreak']", 19),
        ("$[ 'a-b' ]", 2),
    ],
)
def test_names(path: str, expected: int) -> None:
    assert get(path, ODD_NAMES) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.owner.name", "Ann"),
        ("$['owner']['name']", "Ann"),
        ("$.owner['name']", "Ann"),
        ("owner.name", "Ann"),
        (".owner.name", "Ann"),
        ("@.owner.name", "Ann"),
        ("['owner'].name", "Ann"),
        ("$.books[0].title", "Emma"),
        ("$.books[-1].title", "Dracula"),
        ("books[1].isbn", None),
        ("$.books [ 0 ] . title", "Emma"),
        ("$.books[3]", None),
        ("$.books[-4]", None),
        ("$.books[99999999999999999999]", None),
        ("$.books.title", None),
        ("$.books.0", None),
        ("$.books['0']", None),
        ("$.owner[0]", None),
        ("$.owner.name[0]", None),
        ("$.owner.name.first", None),
        ("$.nobody.name.first[0]", None),
        ("$.owner['age','name','no']", {"age": 41, "name": "Ann", "no": None}),
        ("$['owner'].['name']", "Ann"),
        ("$.nobody['a','b']", None),
        ("$.limit['a','b']", None),
    ],
)
def test_a_definite_path_gives_the_value_or_none(path: str, expected: Any) -> None:
    assert compile_path(path).definite
    assert get(path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.books[*].title", ["Emma", "Ivanhoe", "Dracula"]),
        ("books.*.title", ["Emma", "Ivanhoe", "Dracula"]),
        ("$.owner.*", ["Ann", 41]),
        ("$.owner[*]", ["Ann", 41]),
        ("$.books[*].isbn", ["1", None, None]),
        ("$.books[*].tags[0]", ["a", None, None]),
        ("$.books[?(@.price)].tags[1]", ["b", None, None]),
        ("$.books[0:2].of.kind", [None, None]),
        ("$.wanted[*].name", [None]),
        ("$.books[*].tags[*]", ["a", "b"]),
        ("$.books[*].of.kind", [None, None, "gothic"]),
        ("$.books[*]['title','isbn']", [
            {"title": "Emma", "isbn": "1"}, {"title": "Ivanhoe", "isbn": None}, {"title": "Dracula", "isbn": None}]),
        ("$['owner','limit'].name", ["Ann", None]),
        ("$.books[0,2].title", ["Emma", "Dracula"]),
        ("$.books[2, 0, 7].title", ["Dracula", "Emma"]),
        ("$.books[0,-1].title", ["Emma", "Dracula"]),
        ("$.books[1:].title", ["Ivanhoe", "Dracula"]),
        ("$.books[:2].title", ["Emma", "Ivanhoe"]),
        ("$.books[1:2].title", ["Ivanhoe"]),
        ("$.books[-2:].title", ["Ivanhoe", "Dracula"]),
        ("$.books[:-1].title", ["Emma", "Ivanhoe"]),
        ("$.books[:].price", [8, 9.5, "9"]),
        ("$.books[::2].price", [8, "9"]),
        ("$.books[ 0 : 1 ].price", [8]),
        ("$.books[5:]", []),
        ("$..title", ["Emma", "Ivanhoe", "Dracula"]),
        ("$..['title']", ["Emma", "Ivanhoe", "Dracula"]),
        ("..kind", ["gothic"]),
        ("$..tags[0]", ["a"]),
        ("$..[0]", [BOOK_1, "a", "Emma"]),
        ("$..[-1:]", [BOOK_3, "b", "Emma"]),
        ("$.books[2]..*", ["Dracula", "9", True, {"kind": "gothic"}, "gothic"]),
        ("$.nobody[*].name", []),
        ("$.nobody..name", []),
        ("$.nobody[?(@.a)]", []),
        ("$.owner.name[*]", []),
        ("$.owner.name[0:1]", []),
        ("$.owner[0:1]", []),
        ("$.[*].name", [None, "Ann", None, None]),
        ("$.books.[0:1].['title']", ["Emma"]),
        ("$..['kind','no']", []),
        ("$..['age','name']", [{"age": 41, "name": "Ann"}]),
    ],
)  # fmt: skip
def test_an_indefinite_path_gives_a_list_wherever_it_leads(path: str, expected: list[Any]) -> None:
    assert not compile_path(path).definite
    assert get(path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.books.length()", 3),
        ("$.books.size()", 3),
        ("books.length()", 3),
        ("$.owner.length()", 2),
        ("$.owner.name.length()", 3),
        ("$.limit.length()", None),
        ("$.nobody.length()", None),
        ("$.length()", 4),
        ("length()", 4),
        ("$.books[*].tags[*].length()", 2),
        ("$.books[?(@.sold)].length()", [4]),
        ("$.books[*].tags.length()", [2, 0]),
        ("$.books[:1].keys()", [["title", "price", "tags", "isbn"]]),
        ("$.sum($.limit, $.owner.age)", 50),
        ("$.wanted.append('x', 1)", ["Emma", "x", 1]),
        ("$.concat($.owner.name, ' ', $.owner.age)", "Ann 41"),
        ("$.wanted.concat('!')", "Emma!"),
        ("$.wanted.index(0)", "Emma"),
        ("$.wanted.index(7)", None),
        ("$.nobody.append(1)", None),
        ("$.length($.books)", 3),
        ("$.length($.nobody)", None),
        ("$.length($.nobody[*])", 0),
        ("$.nobody[*].length()", 0),
        ("$.nobody..name.size()", 0),
        ("$.nobody[*].sum()", None),
        ("$.sum($.nobody[*], $.limit)", 9),
        ("$.stddev(2, 4)", 1.0),
        ("$..price.sum()", 17.5),
        ("$.books[*].price.min()", 8),
        ("$.books[*].price.max()", 9.5),
        ("$.books[*].price.avg()", 8.75),
        ("$.books[*].title.sum()", None),
        ("$.owner.sum()", None),
        ("$.owner.keys()", ["name", "age"]),
        ("$.books.keys()", None),
        ("$.wanted.first()", "Emma"),
        ("$.books[*].title.last()", "Dracula"),
        ("$.nobody.first()", None),
        ("$.owner.last()", None),
    ],
)
def test_functions_take_what_the_path_gives(path: str, expected: Any) -> None:
    assert compile_path(path).definite
    assert get(path) == expected


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("$..price.length()", True),
        ("$.length($.books[*])", True),
        ("$.books..tags.size()", True),
        ("$.books.length()", False),  # null where there are no books
        ("$.books[*].length()", False),  # of each book, where it has a length
        ("$.length($.books)", False),
        ("$..price.sum()", False),
        ("$.books[*]", False),
    ],
)
def test_a_path_counts_if_it_gives_the_length_of_a_list(path: str, *, counts: bool) -> None:
    assert compile_path(path).counts is counts


@pytest.mark.parametrize(
    "path", ["$.nobody[*].name", "$.limit[0:1]", "$.nobody[*].length()", "$.nobody", "$.owner[?(@.a)].x[*]"]
)
def test_an_optional_path_that_leads_nowhere_gives_none(path: str) -> None:
    found = compile_optional_path(path)(SHOP)
    assert found == ([] if path.startswith("$.owner") else None)


def test_numbers_too_large_to_add_have_no_sum() -> None:
    assert get("$.sum()", [10**400, 0.5]) is None
    assert get("$.avg()", [10**400, 1]) is None
    assert get("$.sum()", [10**400, 1]) == 10**400 + 1


def test_a_list_that_was_found_is_a_new_one() -> None:
    value = {"a": [1, 2]}
    for path in ("$.a[*]", "$.a[:]", "$.a[?(@)]"):
        get(path, value).append(3)
    assert value == {"a": [1, 2]}


def test_the_deepest_values_are_searched() -> None:
    value: Any = {"leaf": 1}
    for _ in range(200):
        value = {"a": [value]}
    assert get("$..leaf", value) == [1]
    assert get("$[?(@.a == $.a)]", value) == [value]


def test_a_path_is_compiled_once() -> None:
    assert compile_path("$.books") is compile_path("$.books")


@pytest.mark.parametrize(
    ("path", "column", "message"),
    [
        ("", 1, "the path is empty: write '$' for the whole value"),
        ("  ", 3, "the path is empty: write '$' for the whole value"),
        ("$ref", 2, "expected '.' or '[' after '$': write '$.ref'"),
        ("$.a.", 5, "expected a name after the dot"),
        ("$..", 4, "expected a name after the dot"),
        ("$...a", 4, "expected a name after the dot"),
        ("$.{{x}}", 3, "expected a name after the dot"),
        ("$.a,b", 4, "unexpected ',': continue with '.' or '[', or write a name that holds it as ['…']"),
        ("$.a]", 4, "unexpected ']'"),
        ("$['a']b", 7, "unexpected 'b'"),
        ("$.a*", 4, "unexpected '*'"),
        ("$[", 3, "expected a name in quotes, an index, a slice, '*' or '?(…)'"),
        ("$[]", 3, "expected a name in quotes"),
        ("$[0,]", 5, "expected a name in quotes"),
        ("$[(@.length-1)]", 3, "expected a name in quotes"),
        ("$[a]", 3, "a name in brackets needs quotes: write ['a']"),
        ("$[0", 4, "'[' is not closed: write ']' here"),
        ("$[0 1]", 5, "'[' is not closed: write ']' here"),
        ("$['a", 3, "the quote is not closed: end it with '"),
        ("$[::0]", 3, "a slice cannot have the step 0"),
        ("$.a.foo()", 5, "no function 'foo()': use one of length(), size(), keys()"),
        ("$.a.keys(1)", 10, "keys() takes no arguments: write ')' here"),
        ("$.a.sum(1", 10, "the arguments of sum() are not closed: write ')' here"),
        ("$.a.length().b", 13, "nothing can follow 'length()'"),
        ("$..a..b..c..d", 11, "more than 3 '..' in a path"),
        ("$[?]", 4, "expected a path from '@' or '$'"),
        ("$[?()]", 5, "expected a path from '@' or '$'"),
        ("$[?(@.a]", 8, "expected '&&', '||' or the end of the condition: write ')' here"),
        ("$[?(@.a)", 9, "'[' is not closed"),
        ("$[?(@.a == )]", 12, "expected a path from '@' or '$', a text in quotes, a number"),
        ("$[?(@.a = 1)]", 9, "no operator '=': write '=='"),
        ("$[?(@.a and @.b)]", 9, "no operator 'and': write '&&'"),
        ("$[?(@.a & @.b)]", 9, "no operator '&': write '&&'"),
        ("$[?(@.a like 'x')]", 9, "no operator 'like': use one of == !="),
        ("$[?(@.a =~ 'a')]", 9, "a regular expression is written between slashes"),
        ("$[?(@.a =~ /a)]", 12, "the regular expression is not closed: end it with '/'"),
        ("$[?(@.a =~ /(?=a)/)]", 12, "no regular expression that can be served in linear time"),
        ("$[?(@.a =~ /a/x)]", 12, "no flag 'x' of regular expressions: use i, m or s"),
        ("$[?(@.a in ['x')]", 16, "the list is not closed: write ']' here"),
        ("$[?(a == 1)]", 5, "'a' is not a constant: write '@.a', or quote it"),
        ("$[?(@.a == True)]", 12, "'True' is not a constant: write 'true'"),
        ("$[?(@.a != None)]", 12, "'None' is not a constant: write 'null'"),
        ("$[?(not @.a)]", 5, "no operator 'not': write '!'"),
        ("$[?({{a}} == 1)]", 5, "a template is not a part of a path: write '$.name' instead of '{{name}}'"),
        ("$[?(@a == 1)]", 6, "expected '.' or '[' after '@': write '@.a'"),
        ("$[?('x')]", 5, "a constant alone is not a condition"),
        ("$[?(@. == 1)]", 7, "expected a name after the dot"),
        ("$[?" + "(" * 20 + "@", 24, "filters nested more than 20 deep"),
        ("$[?" + "!" * 1000, 1001, "the path has 1003 characters"),
    ],
)
def test_an_error_names_the_place_the_cause_and_the_fix(path: str, column: int, message: str) -> None:
    with pytest.raises(JsonPathError) as caught:
        compile_path(path)
    assert caught.value.column == column
    assert str(caught.value).startswith(f"column {column}: {message}")


def nested(depth: int, leaf: Any) -> Any:
    value = leaf
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.no_cover
def test_what_a_mapping_looks_at_is_bounded() -> None:
    value = nested(900, {"b": [1] * 30_000})
    path = compile_path("$..a..b")
    with pytest.raises(TooMuchWork):
        run_bounded(path.get, value, lambda: 60)
    assert run_bounded(path.get, nested(30, {"b": 1}), lambda: 60) == [1] * 30


@pytest.mark.no_cover
def test_all_paths_of_a_mapping_share_one_bound() -> None:
    path = compile_path("$..b")
    value = [[1] * 1_000_000]
    assert run_bounded(lambda found: [path.get(found) for _ in range(9)], value, lambda: 60) == [[]] * 9
    with pytest.raises(TooMuchWork):
        run_bounded(lambda found: [path.get(found) for _ in range(11)], value, lambda: 60)
    assert path.get([value] * 11) == []  # outside a mapping nothing is bounded


@pytest.mark.parametrize("path", ["$..a..b", "$[*][*]", "$.l[?(@ in $.l)]", "$[?(@.l == $.l)]", "$..[?(@.a == 1)]"])
def test_a_mapping_ends_with_its_time(path: str) -> None:
    value = {"l": list(range(5000)), "a": nested(50, 1)}
    with pytest.raises(OutOfTime):
        run_bounded(compile_path(path).get, value, lambda: 0)
