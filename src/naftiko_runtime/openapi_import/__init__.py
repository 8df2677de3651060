"""Reads an OpenAPI document, and writes the capability that calls its API."""
