"""Renders a document in the many styles of YAML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from random import Random

_PLAIN: Final = re.compile(r"[A-Za-z/$][\w./$-]*")


@dataclass
class Style:
    """Decides, place by place, how a document is written."""

    random: Random

    def __post_init__(self) -> None:
        self.crlf = self.random.random() < 0.3
        self.bom = self.random.random() < 0.2
        self.final_break = self.random.random() < 0.7
        self.flow = self.random.choice([0.0, 0.1, 0.4])
        self.comments = self.random.choice([0.0, 0.2])
        self.step = self.random.choice([2, 2, 3, 4])
        self.hanging = self.random.random() < 0.5
        """Whether lists stand at the margin of their key."""

    def maybe(self, chance: float) -> bool:
        return self.random.random() < chance


def render(data: Any, style: Style) -> bytes:
    """A document as a file."""
    lines = _mapping(data, style, 0)
    text = "\n".join(lines) + ("\n" if style.final_break else "")
    text = text.replace("\n", "\r\n") if style.crlf else text
    return (b"\xef\xbb\xbf" if style.bom else b"") + text.encode()


def _mapping(data: dict[str, Any], style: Style, margin: int) -> list[str]:
    lines: list[str] = []
    for key, value in data.items():
        if lines:
            lines += _pause(style, margin)
        lines += _entry(f"{' ' * margin}{_key(key, style)}:", value, style, margin)
    return lines


def _entry(head: str, value: Any, style: Style, margin: int) -> list[str]:
    if not isinstance(value, dict | list) or not value or style.maybe(style.flow):
        return [f"{head} {_flow(value, style)}{_remark(style)}"]
    if isinstance(value, dict):
        return [head + _remark(style), *_mapping(value, style, margin + style.step)]
    return [head + _remark(style), *_list(value, style, margin if style.hanging else margin + style.step)]


def _list(data: list[Any], style: Style, margin: int) -> list[str]:
    lines: list[str] = []
    for item in data:
        lines += _pause(style, margin) if lines else []
        if not isinstance(item, dict) or style.maybe(style.flow):
            lines.append(f"{' ' * margin}- {_flow(item, style)}{_remark(style)}")
            continue
        gap = style.random.choice([1, 1, 3])
        first, *rest = _mapping(item, style, margin + 1 + gap)
        lines += [f"{' ' * margin}-{' ' * gap}{first.lstrip()}", *rest]
    return lines


def _flow(value: Any, style: Style) -> str:
    space = style.random.choice(["", " "])
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(key, style)}: {_flow(item, style)}" for key, item in value.items())
        return f"{{{space}{inner}{space}}}"
    if isinstance(value, list):
        return f"[{space}{', '.join(_flow(item, style) for item in value)}{space}]"
    return str(value) if isinstance(value, int) else _text(value, style)


def _key(text: str, style: Style) -> str:
    return _text(text, style) if style.maybe(0.2) else text


def _text(text: str, style: Style) -> str:
    if _PLAIN.fullmatch(text) and style.maybe(0.6):
        return text
    return style.random.choice([f"'{text}'", f'"{text}"'])


def _pause(style: Style, margin: int) -> list[str]:
    """A comment or an empty line between two entries."""
    if not style.maybe(style.comments):
        return []
    return style.random.choice([[""], [f"{' ' * margin}# mapping: $. — 船"], ["# title: rest.x", ""]])


def _remark(style: Style) -> str:
    return style.random.choice(["  # auth: 🚢", " #"]) if style.maybe(style.comments) else ""
