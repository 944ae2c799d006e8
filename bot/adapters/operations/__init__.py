"""What the write side asks of this one: numbers, signals, change records, the doorbell."""
