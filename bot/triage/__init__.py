"""Facts and rules: what can be said without any model."""
