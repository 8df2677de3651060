"""A language server: the findings of ``validate``, while a file is edited."""
