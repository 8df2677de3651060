"""The document's shape in pydantic: frozen, canonical, without behaviour."""
