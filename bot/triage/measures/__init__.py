"""Rules about measurements: usage, requests, and whether an alarm is real."""
