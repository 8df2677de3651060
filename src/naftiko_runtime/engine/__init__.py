"""Runs an operation: builds the request, sends it and maps the response, with one deadline for all of it."""
