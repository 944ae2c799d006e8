"""Metrics servers over the Prometheus HTTP API: sessions, calls, faults and decoding."""
