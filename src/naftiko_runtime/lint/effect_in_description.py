"""Whether a description says what a call changes."""

from __future__ import annotations

import re
from typing import Final

from naftiko_runtime.lazy_import import compile_lazily

WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""Methods that change something, as HTTP has it."""

_VERBS: Final = """
    add appl ban book buy clon clos configure copy drop edit emit eras hid issu join kick leav link lock log mak
    mark merg mov mut open paus pay pin plac post prun purg push put queu record reply report retr run sav seek send
    sent set shar sign skip star start stop stor swap sync track undo void vote writ
"""
"""Verbs that stand alone, or with an ending: longer words that begin like them are others."""
_STEMS: Final = """
    abort accept activat adjust allocat append approv archiv assign associat attach block cancel captur chang
    charg clear commit complet confirm connect consum creat deactivat decreas delet deploy destroy detach disabl
    discard disconnect dispatch draft duplicat enabl enqueu enrol execut expir extend finish flush follow
    forward generat grant import increas ingest initiat insert install invalidat invit invok launch login logout migrat
    modif overwrit patch persist provision publish purchas reassign rebuild redeem refresh refund register
    reject releas remov renam rename renew reopen reorder replac reschedul reset resolv restart restor resum
    retir retry revert revok rotat schedul snooz submit subscrib suspend switch terminat toggl transfer
    transition trash trigger unassign unban unfollow unlink unlock unpublish unsubscrib updat upgrad upload
    upsert withdraw
"""
"""What verbs begin with, also those that names without spaces begin with (``deleteuser``)."""
_EFFECT: Final = compile_lazily(
    rf"\b(?:re|un|de|auto|bulk)?-?(?:(?:{'|'.join(_STEMS.split())})"
    rf"|(?:{'|'.join(_VERBS.split())})(?:e|es|ed|d|s|ing|ting|ned|ning|ping|ped|al|ment|t|ten|er|y)?\b)",
    re.IGNORECASE,
)
_READING: Final = compile_lazily(
    r"\b(?:search|find|list|get|fetch|retriev|return|quer|look|read|comput|calculat|estimat|check|validat|verif|count"
    r"|compar|convert|identif|predict|recommend|match|translat|pars|analy|preview|show|describ|explain|filter|detect"
    r"|classif|extract|evaluat|summar|test)",
    re.IGNORECASE,
)


def states_effect(description: str, methods: frozenset[str]) -> bool:
    """Return whether a description says that something changes, or that a ``POST`` only reads.

    Args:
        description: The description of a tool.
        methods: The writing methods with which it calls APIs.
    """
    if _EFFECT.search(description) is not None:
        return True
    return methods == {"POST"} and _READING.search(description) is not None
