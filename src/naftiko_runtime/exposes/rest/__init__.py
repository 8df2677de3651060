"""REST: routes, forwards, and what their callers give."""
