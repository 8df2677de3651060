"""Metrics of a process, for whoever scrapes the control port, and traces of its requests, by OpenTelemetry's SDK.

Nothing here is in a request's way unless it was asked for; see docs/adr/0014 and docs/adr/0021.
"""
