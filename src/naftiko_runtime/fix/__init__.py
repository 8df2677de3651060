"""Fixes findings whose fix is certain; the rest of the text stays byte for byte."""

from naftiko_runtime.fix.rounds import FixedDocument, Unfixed, fix_document

__all__ = ["FixedDocument", "Unfixed", "fix_document"]
