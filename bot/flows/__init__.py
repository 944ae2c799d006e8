"""One journey a file, readable from top to bottom."""
