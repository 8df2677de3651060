"""What the parts of documents are made of: frozen classes whose annotated keys pydantic's core checks."""
