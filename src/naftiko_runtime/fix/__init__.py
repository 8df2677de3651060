"""Rewrites of a document where it is mechanically certain what to write; the rest of its text stays byte for byte."""

from naftiko_runtime.fix.rounds import Fixed, Left, fixed

__all__ = ["Fixed", "Left", "fixed"]
