"""The approval journey: what people ask, decide and see of guarded operations."""
