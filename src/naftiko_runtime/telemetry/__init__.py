"""What a process tells of its requests: metrics for whoever scrapes the control port, traces for a collector.

Nothing here is in a request's way unless it was asked for; see docs/adr/0014-telemetry.md.
"""
