"""Prometheus metrics of all processes, and traces of requests by the OpenTelemetry SDK.

A request costs nothing more while both are off; see docs/adr/0014 and docs/adr/0021.
"""
