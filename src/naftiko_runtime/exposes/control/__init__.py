"""The control port: health and metrics."""
