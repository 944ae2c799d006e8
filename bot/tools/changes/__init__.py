"""What changed around an onset, from every source of a place on one time line."""
