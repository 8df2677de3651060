"""The lifecycle of a serving process: deployments, reloads, listeners that start, drain and stop together."""
