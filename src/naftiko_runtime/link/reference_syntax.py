"""Reads references in texts: to an input of the caller, to a variable, or to nothing that exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.variables import ENVIRONMENT, looks_like_variable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Where: TypeAlias = Literal["whole", "start", "inside"]
"""The position of a reference in its text."""

PREFIXES: Final = ("rest", "tools", "mcp")
"""Prefixes that mean the expose's own namespace."""

INPUTS: Final = "inputParameters"
SYNONYMS: Final = (INPUTS, "input", "inputs", "params", "parameters", "args", "arguments")
"""Words for the caller's inputs in other languages."""

SHELL: Final = compile_lazily(r"(?<!\{)\$\{\s*([^{}\s]+)\s*\}(?!\})")
"""A variable in the syntax of shells and JavaScript: ``${x}``."""

BRACED: Final = compile_lazily(r"\{\s*([^{}\s]+)\s*\}")
_DOTTED: Final = compile_lazily(r"([A-Za-z_][^\s{}.]*)\.([^\s{}]+)")


class Reference(Struct, frozen=True):
    """A reference that was read from a text.

    Attributes:
        kind: What it names; ``nothing`` for text in the form of a reference that names nothing.
        name: The input, the variable (with its namespace if the text has one), or the text itself.
        documented: Whether the text has the form of the specification.
    """

    kind: Literal["input", "variable", "nothing"]
    name: str
    documented: bool = True


class Words(Struct, frozen=True):
    """The words that references of one place may have.

    Attributes:
        own: The namespaces that mean the caller's inputs, the expose's own first.
        others: The other namespaces of the document: consumed APIs and other exposes.
        binds: The namespaces of variables.
        is_input: Whether there is an input of a name.
        is_bound: Whether a bind lists a variable of a name.
    """

    own: tuple[str, ...]
    others: Collection[str]
    binds: Collection[str]
    is_input: Callable[[str], bool]
    is_bound: Callable[[str], bool] = lambda _: False

    def read(self, text: str, *, braced: bool = False) -> Reference | None:
        """Read a whole text as a reference; None if it is a constant.

        Args:
            text: The text.
            braced: Whether it is in double braces, where nothing is a constant.
        """
        if (placeholder := BRACED.fullmatch(text)) is not None:  # the syntax of paths, outside a path
            known = self.is_input(placeholder[1])
            return Reference("input", placeholder[1], documented=False) if known else None
        shell = SHELL.fullmatch(text)
        path = shell[1] if shell is not None else text
        marked = shell is not None or path.startswith("$")
        path = path.removeprefix("$")
        if not marked and not _DOTTED.fullmatch(path):
            return None
        found = self._read_marked(path, shell=shell is not None) if marked else None
        if found is None and path.startswith("this."):
            found = self._read_this(path, documented=shell is None and marked)
        found = found or self._read_dotted(path, marked=marked, braced=braced)
        if found is None and (marked or self._is_foreign(path)):
            return Reference("nothing", text)
        return found

    def _read_marked(self, path: str, *, shell: bool) -> Reference | None:
        """Read ``${x}``, or ``$x`` if there is such an input."""
        plain = shell and "." not in path and "$" not in path
        known = not path.startswith((".", "[")) and self.is_input(path)  # those begin a JSONPath
        return Reference("input", path, documented=False) if plain or known else None

    def _read_this(self, path: str, *, documented: bool) -> Reference | None:
        """Read ``$this.<namespace>.x``, or ``$this.x``, which is not in the specification."""
        rest = path.partition(".")[2]
        for own in self.own:
            if rest.startswith(f"{own}.") and len(rest) > len(own) + 1:
                return Reference("input", rest[len(own) + 1 :], documented)
        word, dot, name = rest.partition(".")
        if dot and name and word in (*PREFIXES, *SYNONYMS):
            return Reference("input", name, documented=False)
        return Reference("input", rest, documented=False) if rest and self.is_input(rest) else None

    def _read_dotted(self, path: str, *, marked: bool, braced: bool) -> Reference | None:
        """Read ``<word>.x``."""
        for own in self.own:
            if path.startswith(f"{own}.") and len(path) > len(own) + 1:
                return Reference("input", path[len(own) + 1 :], documented=not marked)
        word, dot, name = path.partition(".")
        if not dot or not name:
            return None
        if word in PREFIXES:
            return Reference("input", name, documented=not marked)
        if word in SYNONYMS and (marked or braced or word == INPUTS or self.is_input(name)):
            return Reference("input", name, documented=False)
        if (word == ENVIRONMENT or word in self.binds) and (marked or "." not in name):
            return Reference("variable", path, documented=braced and not marked)
        return None

    def _is_foreign(self, path: str) -> bool:
        """Return whether a text begins with a namespace that has no values here; a host name is a constant."""
        word, _, rest = path.partition(".")
        first, more, _ = rest.partition(".")
        return word in self.others and (not more or self.is_input(first) or f"{word}.{first}" in self.others)

    def is_reference(self, written: str, where: Where, *, in_body: bool) -> bool:
        """Return whether a text of a template outside double braces is a reference, or is meant as one.

        Args:
            written: The whole text, or a part ``${x}`` of it.
            where: How much of the text it is.
            in_body: Whether the text is in a body or an output, where ``$price`` and ``a.b`` may be constants.
        """
        reference = self.read(written)
        if reference is None:
            return False
        word = written.lstrip("${").rstrip("} ")
        if where != "whole" or SHELL.fullmatch(written):
            return where == "whole" or (where == "start" and not in_body) or self.is_input(word) or self.is_bound(word)
        if reference.kind == "input":
            prefixed = word.partition(".")[0] in PREFIXES and not in_body
            return written.startswith("$") or prefixed or self.is_input(reference.name)
        if reference.kind == "variable":
            return written.startswith("$") or self.is_bound(word) or looks_like_variable(word.rpartition(".")[2])
        head = word.partition(".")[0]
        return written.startswith("$") and (head in _WORDS or (not in_body and _is_meant(written, self.is_bound)))


_WORDS: Final = frozenset({"this", *SYNONYMS, *PREFIXES})


def _is_meant(written: str, is_bound: Callable[[str], bool]) -> bool:
    """Return whether a text with a dollar is a JSONPath or a variable; another word may be a constant: ``$count``."""
    return written == "$" or written.startswith(("$.", "$[")) or is_bound(written[1:])
