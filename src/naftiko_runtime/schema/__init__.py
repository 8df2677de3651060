"""A JSON Schema of the documents that are accepted, for editors."""
