"""Text to syntax tree: the grammar of Jayway JsonPath, and the spellings that capability files add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from naftiko_runtime import limits
from naftiko_runtime.jsonpath.operators import FUNCTIONS, OPERATORS, WITHOUT_ARGUMENTS
from naftiko_runtime.jsonpath.scanner import JsonPathError, Scanner
from naftiko_runtime.jsonpath.syntax import (
    And,
    Call,
    Child,
    Comparison,
    Descent,
    Exists,
    Expression,
    Fields,
    Filter,
    Literal,
    Not,
    Or,
    Query,
    Slice,
    Union,
    Wildcard,
)
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.regex import PatternError, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from naftiko_runtime.jsonpath.syntax import Operand, Segment, Selector, Test
    from naftiko_runtime.regex import Pattern

_Rule = TypeVar("_Rule")

_BLANKS: Final = " \t\r\n"
_WHOLE: Final = compile_lazily(r"[ \t\r\n]*(?:[$@][ \t\r\n]*\.?|\.)[ \t\r\n]*")
_ANCHOR: Final = compile_lazily(r"\$|@(?=[ \t\r\n]*[.\[])")
_WORD: Final = compile_lazily(r"[\w$@-]+")
_NAME: Final = compile_lazily(r"[^.\[\](){}*,'\"]+")
_NAME_IN_FILTER: Final = compile_lazily(r"[^.\[\](){}*,'\"\s<>=!&|~?]+")
_CALL: Final = compile_lazily(r"[ \t\r\n]*([A-Za-z]\w*)\(")
_INTEGER: Final = compile_lazily(r"-?[0-9]+")
_NUMBER: Final = compile_lazily(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_SLICE: Final = compile_lazily(r"(-?[0-9]+)?[ ]*:[ ]*(-?[0-9]+)?(?:[ ]*:[ ]*(-?[0-9]+)?)?")
_REGEX: Final = compile_lazily(r"/((?:[^/\\]|\\.)*)/([a-zA-Z]*)")
_FLAGS: Final = frozenset("imsuU")
"""Of Java's; ``u`` and ``U`` are what RE2 does anyway."""
_OPERATOR: Final = compile_lazily(r"[=!<>~]+|[A-Za-z]+|&(?!&)|\|(?!\|)")

_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_MEANT: Final = {
    "=": "==",
    "<>": "!=",
    "and": "&&",
    "&": "&&",
    "or": "||",
    "|": "||",
}


def parse(text: str) -> Expression:
    """Parse an expression.

    Raises:
        JsonPathError: it is not a JSONPath, or exceeds a limit.
    """
    if len(text) > limits.JSONPATH_LENGTH_MAX:
        raise JsonPathError(
            f"the path has {len(text)} characters: shorten it to {limits.JSONPATH_LENGTH_MAX}",
            limits.JSONPATH_LENGTH_MAX + 1,
        )
    if _WHOLE.fullmatch(text):
        return Expression(Query(from_root=True, segments=(), function=None), rooted=False)
    return _Parser(text).expression()


class _Parser(Scanner):
    """One method a rule of the grammar: it begins where the rule does, and leaves off behind it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._descents = 0
        self._rooted = False

    def expression(self) -> Expression:
        self.blanks()
        if self.ended():
            raise self.error("the path is empty: write '$' for the whole value")
        anchored = self.match(_ANCHOR) is not None
        if anchored:
            self._no_word_follows()
        self.blanks()
        segments, function = self._path(dotted=not anchored and not self.sees(".", "["))
        if not self.ended():
            raise self._leftover(function)
        return Expression(Query(from_root=True, segments=segments, function=function), self._rooted)

    def _leftover(self, function: Call | None) -> JsonPathError:
        if function is not None:
            return self.error(f"nothing can follow '{function.name}()': remove the rest")
        advice = "continue with '.' or '[', or write a name that holds it as ['…']"
        return self.error(f"unexpected {self.text[self.at]!r}: {advice}")

    # Paths. In a filter a blank ends a path; outside it can be part of a name.

    def _no_word_follows(self) -> None:
        at = self.at
        if word := self.match(_WORD):
            anchor = self.text[at - 1]
            raise self.error(f"expected '.' or '[' after '{anchor}': write '{anchor}.{word[0]}'", at)

    def _path(self, *, dotted: bool) -> tuple[tuple[Segment, ...], Call | None]:
        """Segments, and the function that ends them; ``dotted`` as if a dot had been read already."""
        segments: list[Segment] = []
        while True:
            self._loose_blanks()
            if not dotted and self.accept(".."):
                segments.append(self._descent())
            elif dotted or self.accept("."):
                dotted = False
                if function := self._function():
                    return tuple(segments), function
                segments.append(self._bracketed() if self.sees("[") else self._dotted())
            elif self.sees("["):
                segments.append(self._bracketed())
            else:
                return tuple(segments), None

    def _loose_blanks(self) -> None:
        if not self._depth:
            self.blanks()

    def _descent(self) -> Segment:
        self._descents += 1
        if self._descents > limits.JSONPATH_DESCENTS_MAX:
            raise self.error(
                f"more than {limits.JSONPATH_DESCENTS_MAX} '..' in a path: name the fields between", self.at - 2
            )
        return Descent(self._bracketed() if self.sees("[") else self._dotted())

    def _dotted(self) -> Selector:
        self._loose_blanks()
        if self.accept("*"):
            return Wildcard()
        found = self.match(_NAME_IN_FILTER if self._depth else _NAME)
        if found is None:
            raise self.error("expected a name after the dot: remove the dot, or write the name as ['…']")
        return Child(found[0].rstrip(_BLANKS))

    def _function(self) -> Call | None:
        at = self.at
        found = self.match(_CALL)
        if found is None:
            return None
        name = found[1]
        if name not in FUNCTIONS:
            known = ", ".join(f"{each}()" for each in FUNCTIONS)
            raise self.error(f"no function '{name}()': use one of {known}, or write the name as ['…']", at)
        self.blanks()
        if self.sees(")") or name in WITHOUT_ARGUMENTS:
            self._close(")", f"{name}() takes no arguments")
            return Call(name, ())
        arguments = self._nested(lambda: self._listed(self._operand))
        self._close(")", f"the arguments of {name}() are not closed")
        return Call(name, tuple(arguments))

    def _bracketed(self) -> Selector:
        self.accept("[")
        self.blanks()
        selector = self._selector()
        self._close("]", "'[' is not closed")
        return selector

    def _selector(self) -> Selector:
        if self.accept("?"):
            return Filter(self._nested(self._any))
        if self.accept("*"):
            return Wildcard()
        at = self.at
        if found := self.match(_SLICE):
            start, stop, step = (None if part is None else int(part) for part in found.groups())
            if step == 0:
                raise self.error("a slice cannot have the step 0: leave the step out", at)
            return Slice(slice(start, stop, step))
        keys = self._listed(self._key)
        if len(keys) == 1:
            return Child(keys[0])
        names = tuple(key for key in keys if isinstance(key, str))
        return Fields(names) if len(names) == len(keys) else Union(tuple(keys))

    def _key(self) -> str | int:
        name = self.quoted()
        if name is not None:
            return name
        if found := self.match(_INTEGER):
            return int(found[0])
        if found := _WORD.match(self.text, self.at):
            raise self.error(f"a name in brackets stands in quotes: write ['{found[0]}']")
        raise self.error("expected a name in quotes, an index, a slice, '*' or '?(…)' in the brackets")

    def _listed(self, rule: Callable[[], _Rule], separator: str = ",") -> list[_Rule]:
        """One or more, with a separator between."""
        items: list[_Rule] = []
        while not items or self.accept(separator):
            self.blanks()
            items.append(rule())
            self.blanks()
        return items

    # Filters.

    def _nested(self, rule: Callable[[], _Rule]) -> _Rule:
        self._depth += 1
        if self._depth > limits.JSONPATH_NESTING_MAX:
            raise self.error(f"filters nested more than {limits.JSONPATH_NESTING_MAX} deep: simplify the condition")
        result = rule()
        self._depth -= 1
        return result

    def _any(self) -> Test:
        tests = self._listed(self._all, "||")
        return tests[0] if len(tests) == 1 else Or(tuple(tests))

    def _all(self) -> Test:
        tests = self._listed(self._condition, "&&")
        return tests[0] if len(tests) == 1 else And(tuple(tests))

    def _condition(self) -> Test:
        if self.accept("!"):
            self.blanks()
            return Not(self._nested(self._condition))
        if self.accept("("):
            test = self._nested(self._any)
            self._close(")", "the condition goes on with '&&' or '||', or ends here")
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        at = self.at
        left = self._operand()
        self.blanks()
        name = self._operator()
        if name is not None:
            self.blanks()
            return Comparison(left, name, self._operand())
        if isinstance(left, Query):
            return Exists(left)
        raise self.error("a constant alone is no condition: compare it, as in @.name == 'x'", at)

    def _operator(self) -> str | None:
        at = self.at
        found = self.match(_OPERATOR)
        if found is None:
            return None
        name = found[0].lower()
        if name not in OPERATORS:
            known = _MEANT.get(name)
            advice = f"write '{known}'" if known else "use one of " + " ".join(OPERATORS)
            raise self.error(f"no operator '{found[0]}': {advice}", at)
        if name == "=~":
            self.blanks()
            if not self.sees("/"):
                raise self.error("a regular expression stands between slashes: write =~ /…/", at)
        return name

    def _operand(self) -> Operand:
        if self.sees("@", "$"):
            return self._query()
        return Literal(self._regex() if self.sees("/") else self._literal())

    def _literal(self) -> Any:
        """A constant, or a list or an object of them."""
        if self.accept("["):
            self.blanks()
            items = [] if self.sees("]") else self._nested(lambda: self._listed(self._literal))
            self._close("]", "the list is not closed")
            return items
        if self.accept("{"):
            self.blanks()
            fields = [] if self.sees("}") else self._nested(lambda: self._listed(self._field))
            self._close("}", "the object is not closed")
            return dict(fields)
        return self._constant()

    def _field(self) -> tuple[str, Any]:
        name = self.quoted()
        if name is None:
            raise self.error("expected a name in quotes")
        self._close(":", "a name and its value are parted by a colon")
        self.blanks()
        return name, self._literal()

    def _regex(self) -> Pattern:
        at = self.at
        found = self.match(_REGEX)
        if found is None:
            raise self.error("the regular expression is not closed: end it with '/'")
        unknown = set(found[2]) - _FLAGS
        if unknown:
            raise self.error(f"no flag '{min(unknown)}' of regular expressions: use i, m or s", at)
        flags = "".join(sorted(set(found[2]) & {"i", "m", "s"}))
        text = found[1].replace("\\/", "/")
        try:
            return compile_pattern(f"(?{flags}){text}" if flags else text, whole=True)
        except PatternError as error:
            raise self.error(f"no regular expression that can be served in linear time: {error}", at) from None

    def _query(self) -> Query:
        from_root = self.accept("$")
        if from_root:
            self._rooted = True
        else:
            self.accept("@")
        self._no_word_follows()
        segments, function = self._path(dotted=False)
        return Query(from_root, segments, function)

    def _constant(self) -> Any:
        text = self.quoted()
        if text is not None:
            return text
        at = self.at
        if found := self.match(_NUMBER):
            return float(found[0]) if found[1] or found[2] else int(found[0])
        found = self.match(_WORD)
        if found is None:
            raise self.error("expected a path from '@' or '$', a text in quotes, a number, true, false or null")
        if found[0] not in _CONSTANTS:
            raise self.error(f"'{found[0]}' is no constant: write '@.{found[0]}', or quote it", at)
        return _CONSTANTS[found[0]]

    def _close(self, token: str, problem: str) -> None:
        self.blanks()
        if not self.accept(token):
            raise self.error(f"{problem}: write '{token}' here")
