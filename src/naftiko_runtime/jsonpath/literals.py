"""Reads constants in filters: texts, numbers, lists, objects and regular expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.regex import PatternError, compile_pattern
from naftiko_runtime.rules import message_clauses

if TYPE_CHECKING:
    from naftiko_runtime.jsonpath.scanner import Scanner
    from naftiko_runtime.regex import Pattern

_WORD: Final = compile_lazily(r"[\w$@-]+")
_NUMBER: Final = compile_lazily(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_REGEX: Final = compile_lazily(r"/((?:[^/\\]|\\.)*)/([a-zA-Z]*)")
_FLAGS: Final = frozenset("imsuU")
"""Of Java's; ``u`` and ``U`` are what RE2 does anyway."""
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_MEANT: Final = {**{word: word for word in _CONSTANTS}, "none": "null", "nil": "null", "undefined": "null"}
"""Constants by what authors write for them, in lower case."""


def read_literal(scanner: Scanner) -> Any:
    """Read a constant, or a list or an object of constants."""
    if scanner.accept("["):
        scanner.skip_blanks()
        items = [] if scanner.sees("]") else scanner.nest(lambda: scanner.read_list(lambda: read_literal(scanner)))
        scanner.expect("]", message_clauses.PATH_LIST_OPEN())
        return items
    if scanner.sees("{{"):
        raise scanner.make_error(message_clauses.PATH_TEMPLATE())
    if scanner.accept("{"):
        scanner.skip_blanks()
        fields = [] if scanner.sees("}") else scanner.nest(lambda: scanner.read_list(lambda: _read_field(scanner)))
        scanner.expect("}", message_clauses.PATH_OBJECT_OPEN())
        return dict(fields)
    return _read_constant(scanner)


def _read_field(scanner: Scanner) -> tuple[str, Any]:
    name = scanner.read_quoted()
    if name is None:
        raise scanner.make_error(message_clauses.PATH_KEY())
    scanner.expect(":", message_clauses.PATH_NO_COLON())
    scanner.skip_blanks()
    return name, read_literal(scanner)


def read_regex(scanner: Scanner) -> Pattern:
    """Read a regular expression between slashes, with flags."""
    at = scanner.at
    found = scanner.match(_REGEX)
    if found is None:
        raise scanner.make_error(message_clauses.PATH_REGEX_OPEN())
    unknown = set(found[2]) - _FLAGS
    if unknown:
        raise scanner.make_error(message_clauses.PATH_REGEX_FLAG(flag=min(unknown)), at)
    flags = "".join(sorted(set(found[2]) & {"i", "m", "s"}))
    text = found[1].replace("\\/", "/")
    try:
        return compile_pattern(f"(?{flags}){text}" if flags else text, whole=True)
    except PatternError as error:
        raise scanner.make_error(message_clauses.PATH_REGEX(problem=str(error)), at) from None


def _read_constant(scanner: Scanner) -> Any:
    text = scanner.read_quoted()
    if text is not None:
        return text
    at = scanner.at
    if found := scanner.match(_NUMBER):
        return float(found[0]) if found[1] or found[2] else int(found[0])
    found = scanner.match(_WORD)
    if found is None:
        raise scanner.make_error(message_clauses.PATH_OPERAND())
    word = found[0]
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    if word == "not":
        problem = message_clauses.PATH_OPERATOR_MEANT(written=word, meant="!")
    elif meant := _MEANT.get(word.lower()):
        problem = message_clauses.PATH_CONSTANT(word=word, meant=meant)
    else:
        problem = message_clauses.PATH_WORD(word=word)
    raise scanner.make_error(problem, at)
