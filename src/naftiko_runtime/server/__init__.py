"""Sockets: many listeners that start, drain and stop as one."""
