"""Finds what people do not see in a text, and orders that prompt injection consists of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from naftiko_runtime.lazy_import import compile_lazily

if TYPE_CHECKING:
    from collections.abc import Iterator

_PHRASE_CHARACTERS_MAX: Final = 60

_HIDDEN: Final = compile_lazily(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls, but for tabs and ends of lines
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # fillers
    "\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, and directions
    "\U000e0000-\U000e007f]"  # tags
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}"  # variation selectors that encode something
)
_FLAG: Final = compile_lazily("\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{2,6}\U000e007f")
"""The flag of a part of a country, such as Scotland's: emoji that are written with tags."""
_JOINED: Final = compile_lazily("(?<=[^\x00-\u02ff\u2000-\u206f])[\u200c\u200d](?=[^\x00-\u02ff\u2000-\u206f])")
"""Joiners between letters that need them, or between emoji."""
_MARKS: Final = "\u061c\u200e\u200f"
_RIGHT_TO_LEFT: Final = compile_lazily("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
"""Letters beside which a mark of direction is usual."""
_COMMENT: Final = compile_lazily(r"<!--.*?(?:-->|$)", re.DOTALL)

_ORDER: Final = compile_lazily(
    r"""
    # what the model was told before
    \b(?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|every|of|the|your|my|these|those|other)\s+)*
      (?:previous|prior|above|earlier|preceding|foregoing|existing|original|system|safety|other|your)\s+(?:\w+\s+)?
      (?:instruction|prompt|rule|guideline|directive|direction|command|safety|training)s?\b
    # secrecy
    | \b(?:do\s+not|don't|never|must\s+not)\s+
      (?:tell|inform|notify|alert|warn|(?:mention|reveal|show)\s+(?:this|it|that)\s+to)\s+
      (?:the\s+|your\s+)?(?:user|human|operator)\b
    | \bwithout\s+(?:telling|informing|notifying|asking|alerting)\s+(?:the\s+|your\s+)?(?:user|human|operator)\b
    # what the model knows, and what is on its machine
    | \b(?:reveal|print|output|repeat|send|leak|show|include|pass)\s+(?:\w+\s+){0,3}?
      (?:system\s+prompt|(?:conversation|chat)\s+(?:history|transcript)|previous\s+messages)\b
    | ~/\.(?:ssh|aws|cursor|config|kube|claude)\b | \bid_(?:rsa|ed25519)\b | /etc/(?:passwd|shadow)\b
    # who the model is
    | \b(?:you\s+are\s+now|from\s+now\s+on,?\s+you|you\s+(?:must|should)\s+(?:now\s+)?(?:act|behave|pretend))\b
    | \bpretend\s+(?:that\s+)?(?:to\s+be|you\s+are)\b
    # other tools
    | \b(?:always|first|only)\s+(?:call|use|invoke|run|execute|prefer)\s+this\s+tool\s+(?:first|instead|before\s+any)\b
    | \b(?:before|instead\s+of)\s+(?:calling|using|invoking|running)\s+any\s+other\s+tools?\b
    | \b(?:never|do\s+not|don't)\s+(?:call|use|invoke|run|execute)\s+(?:any\s+)?other\s+(?:\w+\s+)?tools?\b
    # marks of messages
    | <\s*/?\s*(?:important|system|instructions?|secret|assistant|hidden)\s*>
    | <\|(?:im_start|im_end|system|user|assistant|endoftext)\|> | \[/?INST\] | <</?SYS>>
    | ^\s*(?:\#+\s*)?(?:system|assistant)\s*(?:prompt|message|override)?\s*:\s
    """,
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)


def find_hidden_characters(text: str) -> tuple[str, ...]:
    """Return the characters that people do not see, each once as ``U+200B``.

    Those that a language or an emoji needs are not among them.
    """
    if _HIDDEN.search(text) is None:
        return ()
    return tuple(dict.fromkeys(f"U+{ord(one):04X}" for one in _iter_hidden(text)))


def _iter_hidden(text: str) -> Iterator[str]:
    is_right_to_left = _RIGHT_TO_LEFT.search(text) is not None
    for match in _HIDDEN.finditer(_JOINED.sub("", _FLAG.sub("", text))):
        if not (is_right_to_left and match[0] in _MARKS):
            yield from match[0]


def has_comment(text: str) -> bool:
    """Return whether a text has a comment of HTML or Markdown."""
    return "<!--" in text and _COMMENT.search(text) is not None


def find_order(text: str) -> str | None:
    """Return the beginning of the first order that is not about what a text describes. None without one."""
    found = _ORDER.search(text)
    return None if found is None else " ".join(found[0].split())[:_PHRASE_CHARACTERS_MAX]
