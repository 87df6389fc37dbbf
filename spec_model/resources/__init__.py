"""Requests, limits, QoS classes and who dies first."""
