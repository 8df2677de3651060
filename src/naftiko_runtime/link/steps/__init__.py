"""Links workflows: their steps, one module for each kind, and their results."""
