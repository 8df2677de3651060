"""Output mapping: from a decoded response to an exposed operation's result, and the schema of that result."""
