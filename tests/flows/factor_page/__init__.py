"""The page for security keys in a real browser."""
