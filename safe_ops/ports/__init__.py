"""What the write side needs from outside, one file a need; adapters implement it."""
