"""Metrics of the simulated world over the Prometheus HTTP API."""
