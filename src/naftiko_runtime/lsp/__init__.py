"""A language server: what ``validate`` finds, in the editor, while it is typed."""
