"""Log servers over Loki's HTTP API: calls, faults, decoding and the doctor's probe."""
