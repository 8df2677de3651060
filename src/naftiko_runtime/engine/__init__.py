"""Runs one operation: build the request, send it, shape the answer; one deadline round all of it."""
