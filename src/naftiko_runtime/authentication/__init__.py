"""Kinds of authentication: one module for each, one interface (``kind``), one table (``kinds``).

A module holds all of its kind: the part of a document, the credential of a plan, how one becomes the other, what is
checked, how callers are authenticated, and how we authenticate to an upstream. `naftiko validate` imports these modules
too, so a module imports what only running needs when it is first used.
"""
