"""Parses a path to a syntax tree: the grammar of Jayway JsonPath, and the additions of capability files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from naftiko_runtime import limits
from naftiko_runtime.jsonpath.literals import read_literal, read_regex
from naftiko_runtime.jsonpath.operators import FUNCTIONS, OPERATORS, WITHOUT_ARGUMENTS
from naftiko_runtime.jsonpath.scanner import JsonPathError, Scanner
from naftiko_runtime.jsonpath.syntax import (
    And,
    Child,
    Comparison,
    Descent,
    Exists,
    Expression,
    Fields,
    Filter,
    FunctionCall,
    Literal,
    Not,
    Or,
    Query,
    Slice,
    Union,
    Wildcard,
)
from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.rules import message_clauses

if TYPE_CHECKING:
    from naftiko_runtime.jsonpath.syntax import Operand, Segment, Selector, Test

_BLANKS: Final = " \t\r\n"
_WHOLE: Final = compile_lazily(r"[ \t\r\n]*(?:[$@][ \t\r\n]*\.?|\.)[ \t\r\n]*")
_ANCHOR: Final = compile_lazily(r"\$|@(?=[ \t\r\n]*[.\[])")
_WORD: Final = compile_lazily(r"[\w$@-]+")
_NAME: Final = compile_lazily(r"[^.\[\](){}*,'\"]+")
_NAME_IN_FILTER: Final = compile_lazily(r"[^.\[\](){}*,'\"\s<>=!&|~?]+")
_CALL: Final = compile_lazily(r"[ \t\r\n]*([A-Za-z]\w*)\(")
_INTEGER: Final = compile_lazily(r"-?[0-9]+")
_SLICE: Final = compile_lazily(r"(-?[0-9]+)?[ ]*:[ ]*(-?[0-9]+)?(?:[ ]*:[ ]*(-?[0-9]+)?)?")
_OPERATOR: Final = compile_lazily(r"[=!<>~]+|[A-Za-z]+|&(?!&)|\|(?!\|)")

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
        JsonPathError: It is not a JSONPath, or exceeds a limit.
    """
    _check_length(text)
    if _WHOLE.fullmatch(text):
        return Expression(Query(from_root=True, segments=(), function=None), rooted=False)
    return _Parser(text).read_expression()


def parse_condition(text: str) -> Test:
    """Parse what stands inside ``[?(…)]``.

    Raises:
        JsonPathError: It is not a condition, or exceeds a limit.
    """
    _check_length(text)
    return _Parser(text).read_condition()


def _check_length(text: str) -> None:
    if len(text) > limits.JSONPATH_LENGTH_MAX:
        problem = message_clauses.PATH_TOO_LONG(count=len(text), most=limits.JSONPATH_LENGTH_MAX)
        raise JsonPathError(problem, limits.JSONPATH_LENGTH_MAX + 1)


class _Parser(Scanner):
    """Reads an expression. Each rule of the grammar has a method, which reads it from its start to its end."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._descents = 0
        self._rooted = False

    def read_expression(self) -> Expression:
        self.skip_blanks()
        if self.is_at_end():
            raise self.make_error(message_clauses.PATH_EMPTY())
        anchored = self.match(_ANCHOR) is not None
        if anchored:
            self._refuse_word()
        self.skip_blanks()
        segments, function = self._read_path(dotted=not anchored and not self.sees(".", "["))
        if not self.is_at_end():
            raise self._make_leftover_error(function)
        return Expression(Query(from_root=True, segments=segments, function=function), self._rooted)

    def read_condition(self) -> Test:
        test = self.nest(self._read_any_of)
        if not self.is_at_end():
            raise self.make_error(message_clauses.CONDITION_UNEXPECTED(character=repr(self.text[self.at])))
        return test

    def _make_leftover_error(self, function: FunctionCall | None) -> JsonPathError:
        if function is not None:
            return self.make_error(message_clauses.PATH_AFTER_FUNCTION(name=function.name))
        return self.make_error(message_clauses.PATH_UNEXPECTED(character=repr(self.text[self.at])))

    # Paths. In a filter a blank ends a path; outside it can be part of a name.

    def _refuse_word(self) -> None:
        at = self.at
        if word := self.match(_WORD):
            anchor = self.text[at - 1]
            raise self.make_error(message_clauses.PATH_NO_DOT(anchor=anchor, word=word[0]), at)

    def _read_path(self, *, dotted: bool) -> tuple[tuple[Segment, ...], FunctionCall | None]:
        """Segments, and the function that ends them; ``dotted`` if a dot is read already, or is left out."""
        segments: list[Segment] = []
        while True:
            self._skip_blanks_outside_filters()
            if not dotted and self.accept(".."):
                segments.append(self._read_descent())
            elif dotted or self.accept("."):
                dotted = False
                if function := self._read_function():
                    return tuple(segments), function
                segments.append(self._read_bracketed() if self.sees("[") else self._read_dotted())
            elif self.sees("["):
                segments.append(self._read_bracketed())
            else:
                return tuple(segments), None

    def _skip_blanks_outside_filters(self) -> None:
        if not self.depth:
            self.skip_blanks()

    def _read_descent(self) -> Segment:
        self._descents += 1
        if self._descents > limits.JSONPATH_DESCENTS_MAX:
            raise self.make_error(message_clauses.PATH_DESCENTS(most=limits.JSONPATH_DESCENTS_MAX), self.at - 2)
        return Descent(self._read_bracketed() if self.sees("[") else self._read_dotted())

    def _read_dotted(self) -> Selector:
        self._skip_blanks_outside_filters()
        if self.accept("*"):
            return Wildcard()
        found = self.match(_NAME_IN_FILTER if self.depth else _NAME)
        if found is None:
            raise self.make_error(message_clauses.PATH_NO_NAME())
        return Child(found[0].rstrip(_BLANKS))

    def _read_function(self) -> FunctionCall | None:
        at = self.at
        found = self.match(_CALL)
        if found is None:
            return None
        name = found[1]
        if name not in FUNCTIONS:
            raise self.make_error(message_clauses.PATH_FUNCTION(name=name, known=tuple(FUNCTIONS)), at)
        self.skip_blanks()
        if self.sees(")") or name in WITHOUT_ARGUMENTS:
            self.expect(")", message_clauses.PATH_NO_ARGUMENTS(name=name))
            return FunctionCall(name, ())
        arguments = self.nest(lambda: self.read_list(self._read_operand))
        self.expect(")", message_clauses.PATH_ARGUMENTS_OPEN(name=name))
        return FunctionCall(name, tuple(arguments))

    def _read_bracketed(self) -> Selector:
        self.accept("[")
        self.skip_blanks()
        selector = self._read_selector()
        self.expect("]", message_clauses.PATH_BRACKET_OPEN())
        return selector

    def _read_selector(self) -> Selector:
        if self.accept("?"):
            return Filter(self.nest(self._read_any_of))
        if self.accept("*"):
            return Wildcard()
        at = self.at
        if found := self.match(_SLICE):
            start, stop, step = (None if part is None else int(part) for part in found.groups())
            if step == 0:
                raise self.make_error(message_clauses.PATH_STEP(), at)
            return Slice(slice(start, stop, step))
        keys = self.read_list(self._read_key)
        if len(keys) == 1:
            return Child(keys[0])
        names = tuple(key for key in keys if isinstance(key, str))
        return Fields(names) if len(names) == len(keys) else Union(tuple(keys))

    def _read_key(self) -> str | int:
        name = self.read_quoted()
        if name is not None:
            return name
        if found := self.match(_INTEGER):
            return int(found[0])
        if found := _WORD.match(self.text, self.at):
            raise self.make_error(message_clauses.PATH_UNQUOTED(name=found[0]))
        raise self.make_error(message_clauses.PATH_BRACKETS())

    # Filters.

    def _read_any_of(self) -> Test:
        tests = self.read_list(self._read_all_of, "||")
        return tests[0] if len(tests) == 1 else Or(tuple(tests))

    def _read_all_of(self) -> Test:
        tests = self.read_list(self._read_condition, "&&")
        return tests[0] if len(tests) == 1 else And(tuple(tests))

    def _read_condition(self) -> Test:
        if self.accept("!"):
            self.skip_blanks()
            return Not(self.nest(self._read_condition))
        if self.accept("("):
            test = self.nest(self._read_any_of)
            self.expect(")", message_clauses.PATH_CONDITION_OPEN())
            return test
        return self._read_comparison()

    def _read_comparison(self) -> Test:
        at = self.at
        left = self._read_operand()
        self.skip_blanks()
        name = _read_operator(self)
        if name is not None:
            self.skip_blanks()
            return Comparison(left, name, self._read_operand())
        if isinstance(left, Query):
            return Exists(left)
        raise self.make_error(message_clauses.PATH_CONSTANT_ALONE(), at)

    def _read_operand(self) -> Operand:
        if self.sees("@", "$"):
            return self._read_query()
        return Literal(read_regex(self) if self.sees("/") else read_literal(self))

    def _read_query(self) -> Query:
        from_root = self.accept("$")
        if from_root:
            self._rooted = True
        else:
            self.accept("@")
        self._refuse_word()
        segments, function = self._read_path(dotted=False)
        return Query(from_root, segments, function)


def _read_operator(scanner: Scanner) -> str | None:
    at = scanner.at
    found = scanner.match(_OPERATOR)
    if found is None:
        return None
    name = found[0].lower()
    if name not in OPERATORS:
        if (meant := _MEANT.get(name)) is not None:
            raise scanner.make_error(message_clauses.PATH_OPERATOR_MEANT(written=found[0], meant=meant), at)
        raise scanner.make_error(message_clauses.PATH_OPERATOR(written=found[0], known=" ".join(OPERATORS)), at)
    if name == "=~":
        scanner.skip_blanks()
        if not scanner.sees("/"):
            raise scanner.make_error(message_clauses.PATH_NO_SLASH(), at)
    return name
