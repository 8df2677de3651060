"""The base of document parts: frozen classes. pydantic's core checks their annotated keys."""
