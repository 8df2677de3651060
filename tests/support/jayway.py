"""Runs Jayway JsonPath, the reference for our dialect, with many documents and paths in one process."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent.parent / "jayway"
NEEDED: Final = ("java", "mvn")
"""Programs; ``default-jdk-headless`` and ``maven`` on Debian."""

Pair = tuple[Any, str]
"""A document and a path."""


def is_installed() -> bool:
    """Whether Java and the library are installed."""
    return all(shutil.which(program) for program in NEEDED)


def evaluate(pairs: list[Pair]) -> list[str]:
    """Jayway's result for each pair: ``value JSON``, ``missing``, ``invalid …`` or ``failed …``."""
    library = FOLDER / "target" / "dependency"
    if not library.is_dir():
        subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies"], cwd=FOLDER, check=True, timeout=300)
    lines = "".join(f"{json.dumps(document)}\n{json.dumps(path)}\n" for document, path in pairs)
    command = ["java", "-cp", f"{library}/*", str(FOLDER / "Driver.java")]
    done = subprocess.run(command, input=lines.encode(), capture_output=True, check=True, timeout=300)
    return done.stdout.decode().splitlines()


class Generator:
    """Documents and paths that have something to do with one another."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - it need only be odd

    def pair(self) -> Pair:
        """A document and a path."""
        return self._node(4), self._path()

    def _pick(self, words: str) -> str:
        return self._random.choice(words.split("  "))

    def _scalar(self) -> Any:
        return self._random.choice([None, True, False, 0, 1, 2, -1, 1.5, "1", "2", "1.5", "a", "b", "ab", "", "true"])

    def _node(self, depth: int) -> Any:
        kind = self._random.random()
        if depth == 0 or (depth < 4 and kind < 0.25):
            return self._scalar()
        if depth < 4 and kind < 0.6:
            if self._random.random() < 0.3:
                return [self._random.randint(0, 5) for _ in range(self._random.randint(0, 4))]
            return [self._node(depth - 1) for _ in range(self._random.randint(0, 4))]
        names = self._random.sample(["a", "b", "c", "n", "l"], self._random.randint(0 if depth < 4 else 2, 4))
        return {name: self._node(depth - 1) for name in names}

    def _name(self) -> str:
        return self._random.choice(["a", "b", "c", "n", "l", "x"])

    def _selector(self) -> str:
        name, other = self._name(), self._name()
        shapes = [f".{name}"] * 6 + [f"['{name}']", f".['{name}']", f"['{name}','{other}']", f'["{name}"]']
        shapes += ["[*]"] * 4 + [".*", ".[*]", "[0]", "[1]", "[-1]", "[0,1]", "[0, 5]", "[0:2]", "[1:]", "[:1]", "[:9]"]
        shapes += ["[-1:]", "[:-1]", "[-2:-1]", f"[?({self._condition(1)})]", f"[?({self._condition(1)})]"]
        return self._random.choice(shapes)

    def _operand(self) -> str:
        name, other = self._name(), self._name()
        shapes = [f"@.{name}"] * 4 + ["@", f"@.{name}.{other}", f"@['{name}']", f"@.{name}[0]", f"@.{name}.length()"]
        return self._random.choice([*shapes, f"$.{name}"])

    def _literal(self) -> str:
        return self._pick("1  2  0  -1  1.5  'a'  '1'  '1.5'  \"b\"  true  false  null  ''  'ab'")

    def _list(self) -> str:
        items = ", ".join(self._literal() for _ in range(self._random.randint(0, 3)))
        return self._random.choice([f"[{items}]", f"$.{self._name()}"])

    def _condition(self, depth: int) -> str:
        left, pick = self._operand(), self._pick
        tests = [f"{left} {pick('==  !=  ===  !==')} {self._literal()}"] * 3
        tests += [
            f"{left} {pick('<  <=  >  >=')} {self._literal()}",
            f"{left} {pick('in  nin  subsetof  anyof  noneof  all')} {self._list()}",
            f"{left} contains {self._literal()}",
            f"{left} {pick('size 0  size 1  size 2  empty true  empty false')}",
            f"{left} =~ {pick('/a/  /A/i  /[ab]+/  /.*/  /1|2/  /a$/  /1.5/')}",
            left,
            f"{left} {pick('==  !=  <  >')} {self._operand()}",
        ]
        if depth:
            first, second = self._condition(0), self._condition(0)
            tests += [f"!({first})", f"{first} && {second}", f"{first} || {second}"]
        return self._random.choice(tests)

    def _path(self) -> str:
        segments = [self._selector() for _ in range(self._random.randint(1, 4))]
        for _ in range(self._random.choice([0, 0, 0, 0, 1, 1, 2])):
            at = self._random.randrange(len(segments))
            selector = segments[at]
            segments[at] = "." + selector if selector.startswith(".") else ".." + selector
        end = ""
        if self._random.random() < 0.15:
            numbers, others = ".sum()  .min()  .max()  .avg()  .stddev()", ".keys()  .first()  .last()  .index(1)"
            end = self._pick(f'{numbers}  {others}  .length()  .size()  .append(7)  .concat("x")')
        return "$" + "".join(segments).replace("...", "..") + end
