"""What a text names by a reference: an input of the caller, a bound variable, or nothing that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from naftiko_runtime.lazy_import import compile_lazily
from naftiko_runtime.link.variables import ENVIRONMENT, looks_like_variable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Where: TypeAlias = Literal["whole", "start", "inside"]
"""How much of a text a part of it is."""

PREFIXES: Final = ("rest", "tools", "mcp")
"""Words that stand for the expose's own namespace."""

INPUTS: Final = "inputParameters"
SYNONYMS: Final = (INPUTS, "input", "inputs", "params", "parameters", "args", "arguments")
"""Words that other languages have for the caller's inputs."""

SHELL: Final = compile_lazily(r"(?<!\{)\$\{\s*([^{}\s]+)\s*\}(?!\})")
"""A variable as shells and JavaScript write it: ``${x}``."""

BRACED: Final = compile_lazily(r"\{\s*([^{}\s]+)\s*\}")
_DOTTED: Final = compile_lazily(r"([A-Za-z_][^\s{}.]*)\.([^\s{}]+)")


class Reference(Struct, frozen=True):
    """What a text names.

    Attributes:
        kind: What it is; ``nothing`` for text that is a reference by its form, and names nothing.
        name: Of the input; of the variable, with its namespace if the text has one; the text itself for nothing.
        documented: Whether the text is written as the specification has it.
    """

    kind: Literal["input", "variable", "nothing"]
    name: str
    documented: bool = True


class Words(Struct, frozen=True):
    """The words by which the texts of one place name things.

    Attributes:
        own: The namespaces that mean the caller's inputs; the first one is the expose's own name.
        others: The document's other namespaces: of consumed APIs, and of other exposes.
        binds: The namespaces of variables.
        is_input: Whether an input of a name is known.
        is_bound: Whether a variable of a name is listed by a bind.
    """

    own: tuple[str, ...]
    others: Collection[str]
    binds: Collection[str]
    is_input: Callable[[str], bool]
    is_bound: Callable[[str], bool] = lambda _: False

    def read(self, text: str, *, braced: bool = False) -> Reference | None:
        """What a text names as a whole; none for a text that is a constant.

        Args:
            text: The text.
            braced: Whether it stands in double braces, where nothing is a constant.
        """
        if (placeholder := BRACED.fullmatch(text)) is not None:  # of a path, in a place that has none
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
        """What ``${x}`` names, or ``$x`` if there is such an input."""
        plain = shell and "." not in path and "$" not in path
        known = not path.startswith((".", "[")) and self.is_input(path)  # those begin a JSONPath
        return Reference("input", path, documented=False) if plain or known else None

    def _read_this(self, path: str, *, documented: bool) -> Reference | None:
        """What ``$this.<namespace>.x`` names, or, outside the specification, ``$this.x``."""
        rest = path.partition(".")[2]
        for own in self.own:
            if rest.startswith(f"{own}.") and len(rest) > len(own) + 1:
                return Reference("input", rest[len(own) + 1 :], documented)
        word, dot, name = rest.partition(".")
        if dot and name and word in (*PREFIXES, *SYNONYMS):
            return Reference("input", name, documented=False)
        return Reference("input", rest, documented=False) if rest and self.is_input(rest) else None

    def _read_dotted(self, path: str, *, marked: bool, braced: bool) -> Reference | None:
        """What ``<word>.x`` names."""
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
        """Whether a text begins with a namespace that no value can come from; a host's name is a constant."""
        word, _, rest = path.partition(".")
        first, more, _ = rest.partition(".")
        return word in self.others and (not more or self.is_input(first) or f"{word}.{first}" in self.others)

    def is_reference(self, written: str, where: Where, *, in_body: bool) -> bool:
        """Whether what a template has outside of double braces names something, or is meant to.

        Args:
            written: The whole text, or a part ``${x}`` of it.
            where: How much of the text it is.
            in_body: Whether the text is one of a body or of an output, which may say anything: ``$price``, ``a.b``.
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
    """Whether a text with a dollar is a JSONPath or a variable; a word with one may be a constant: ``$count``."""
    return written == "$" or written.startswith(("$.", "$[")) or is_bound(written[1:])
