"""The kinds of exposes: one package for each. It links, checks, serves and describes its kind."""
