"""Runs the steps of workflows: one module for each kind of step."""
