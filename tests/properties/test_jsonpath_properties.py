"""Properties of every path and every value."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from naftiko_runtime.jsonpath import Condition, JsonPath, JsonPathError, compile_condition, compile_path
from naftiko_runtime.limits import JSONPATH_DESCENTS_MAX


def words(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from(text.split())


def few_descents(path: str) -> bool:
    return path.count("..") <= JSONPATH_DESCENTS_MAX


FRAGMENTS = words(
    r"""$ @ . .. * [ ] ( ) ? ! , : ' " \ - 0 1 -1 a b é 'a' ['a'] [0] [*] [?( )] {{ true null
    == != < >= =~ /a/ /(a*)*/i && || & in size empty contains length() sum() first()"""
)
EXPRESSIONS = st.text() | st.lists(FRAGMENTS | st.sampled_from(" \n\x00"), max_size=30).map("".join)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([10**400, -(10**400)])
    | st.text(max_size=3)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc") | st.text(), inner, max_size=4),
    max_leaves=20,
)

NAMES = words(".a .b ['c'] ['a','b'] .* ..a ..* ..['b']")
PLACES = words("[0] [-1] [0,1] [1:] [:-1] [::-1] [*] ..[0] ..[0:2]")
OPERANDS = words(
    """@ @.a @.b[0] @.* @..a @.a.length() @.sum() $ $.a $..b
    1 -2.5 'a' '' true false null [] ['a',1,null]"""
)
OPERATORS = words("== != < <= > >= in nin === !== all subsetof anyof noneof contains size empty")
COMPARISONS = st.builds("{} {} {}".format, OPERANDS, OPERATORS, OPERANDS) | st.sampled_from(["@", "@.a", "$.b"])
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: (
        st.builds("!({})".format, inner)
        | st.builds("({}) && ({})".format, inner, inner)
        | st.builds("{} || {}".format, inner, inner)
    ),
    max_leaves=4,
)
FILTERS = st.builds("[?({})]".format, CONDITIONS)
FUNCTIONS = words(
    """.length() .keys() .first() .last() .min() .max() .sum() .avg() .stddev() .index(1) .append(1)
    .concat($.a)"""
) | st.just("")
SEGMENTS = st.lists(NAMES | PLACES | FILTERS, max_size=5).map("".join)
PATHS = st.builds("${}{}".format, SEGMENTS, FUNCTIONS).filter(few_descents)


def compiled_or_error(text: str) -> JsonPath | JsonPathError:
    try:
        return compile_path(text)
    except JsonPathError as error:
        return error


@given(EXPRESSIONS)
@example("$" + "[" * 999)
@example("$[?" + "(" * 900)
@example("$[?" + "!" * 900)
@example("$[?@" + "[?@" * 300)
@example("$" + ".a" * 499)
@example("$['" + "\\" * 900)
@example("$[" + "9" * 900 + "]")
@example("$[?(@ == 1e" + "9" * 900 + ")]")
@example("$[?(@" + " && @" * 190 + ")]")
def test_compiling_raises_nothing_but_its_own_error(text: str) -> None:
    outcome = compiled_or_error(text)
    if isinstance(outcome, JsonPathError):
        assert 1 <= outcome.column <= len(text) + 1
        assert str(outcome)
    else:
        assert outcome.text == text


@given(PATHS, VALUES)
def test_a_value_never_raises(path: str, value: Any) -> None:
    compiled = compile_path(path)
    found = compiled.get(value)
    assert compiled.definite or found is None or isinstance(found, list)


@given(st.dictionaries(st.text(), st.integers()), st.text())
def test_every_name_can_be_written_in_quotes(value: dict[str, int], name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    assert compile_path(f"$['{quoted}']").get({**value, name: "here"}) == "here"


@given(PATHS, VALUES)
@example("$.a[0].b", {"a": [{"b": 1}]})
def test_the_leading_dollar_can_be_left_out(path: str, value: Any) -> None:
    bare = path.removeprefix("$")
    if not bare.startswith(".."):
        bare = bare.removeprefix(".")
    if bare:
        assert repr(compile_path(bare).get(value)) == repr(compile_path(path).get(value))


ROOTED = words("@.a $.a $.b.c $.a[0] $.a..b @['c'] $.b.length() $.a[?(@.b==$.c)].b $.a.concat($.b,@.c)")
CONDITIONS_ABOUT_NAMES = st.recursive(
    ROOTED | st.builds("{} {} {}".format, ROOTED, OPERATORS, ROOTED | words("1 'a' null true ['a',1]")),
    lambda inner: (
        st.builds("!({})".format, inner)
        | st.builds("({}) && ({})".format, inner, inner)
        | st.builds("{} || {}".format, inner, inner)
    ),
    max_leaves=4,
)


def condition_or_error(text: str) -> Condition | JsonPathError:
    try:
        return compile_condition(text)
    except JsonPathError as error:
        return error


@given(EXPRESSIONS | CONDITIONS)
def test_compiling_a_condition_raises_nothing_but_its_own_error(text: str) -> None:
    outcome = condition_or_error(text)
    if isinstance(outcome, JsonPathError):
        assert 1 <= outcome.column <= len(text) + 1
        assert str(outcome)


@given(CONDITIONS_ABOUT_NAMES.filter(few_descents), VALUES)
def test_a_condition_is_true_or_false_for_every_value_and_uses_only_its_names(text: str, value: Any) -> None:
    condition = compile_condition(text)
    holds = condition.holds(value)
    assert holds in {True, False}
    if isinstance(value, dict):
        assert condition.holds({name: value[name] for name in condition.names if name in value}) is holds


@given(CONDITIONS_ABOUT_NAMES.filter(few_descents), st.dictionaries(st.sampled_from("abc"), VALUES))
def test_a_condition_is_what_a_filter_of_an_object_is(text: str, value: dict[str, Any]) -> None:
    found = compile_path(f"$[?({text})]").get(value)
    assert compile_condition(text).holds(value) is bool(found)
