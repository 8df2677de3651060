from __future__ import annotations

import ast
from pathlib import Path

import pytest

from naftiko_runtime.scripting.count_statements import add_counter

SCRIPT = '''\
@staticmethod
def f(a,
      b=1):
    """Doc."""
    for x in range(3):  # turns
        if x:
            y = 1
        else:
            y = 2
    return y

for i in range(2): z = i; z += 1
while (
    False
): pass
while z > 100: \\
    z = 1
class C:
    def g(self):
        @staticmethod
        def h(): return "é"; 1
        return h
total = 0
for one in [1, 2, 3]:
    total += one
else:
    total += 0
result = (f(1), C().g(), total)
'''


def count(text: str) -> tuple[dict[str, object], list[int]]:
    counted: list[int] = []
    names: dict[str, object] = {"count": counted.append}
    exec(compile(text, "counted", "exec"), names)  # noqa: S102 - it is the script above
    return names, counted


def test_a_counted_script_does_the_same() -> None:
    names, counted = count(add_counter(SCRIPT, "count").text)
    plain, _ = count(SCRIPT)
    assert str(names["total"]) == str(plain["total"])
    assert counted
    # Turns: 3 in f, 2 of i, 3 of one; calls: f, g.
    assert len(counted) == 3 + 2 + 3 + 2


def find_lines(text: str) -> list[tuple[str, int]]:
    """The statements without a body, with their lines."""
    found = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assign | ast.Return | ast.AugAssign))
    return [(ast.dump(node), node.lineno) for node in found]


def test_lines_are_found_again() -> None:
    counted = add_counter(SCRIPT, "count")
    assert counted.inserted
    assert sorted((node, counted.find_line(line)) for node, line in find_lines(counted.text)) == sorted(
        find_lines(SCRIPT)
    )


@pytest.mark.parametrize("new_line", ["\r\n", "\r"])
def test_every_kind_of_line_end_is_read(new_line: str) -> None:
    text = "for i in [1]:\n    x = i\nresult = x\n".replace("\n", new_line)
    counted = add_counter(text, "count")
    assert counted.text == "for i in [1]:\n    count(1)\n    x = i\nresult = x\n"
    assert [counted.find_line(line) for line in (1, 2, 3, 4)] == [1, 2, 2, 3]


def test_a_script_that_python_cannot_parse_is_refused() -> None:
    with pytest.raises(SyntaxError):
        add_counter("for", "count")


def test_the_hostile_scripts_stay_python() -> None:
    read = 0
    for file in (Path(__file__).parents[2] / "scripting/hostile/python").glob("*.py"):
        try:
            counted = add_counter(file.read_text(), "count")
        except (SyntaxError, RecursionError, MemoryError):
            continue
        ast.parse(counted.text)
        read += 1
    assert read > 40
