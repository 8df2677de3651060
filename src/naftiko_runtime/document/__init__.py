"""The document's shape, checked by pydantic's core: frozen, canonical, without behaviour."""
