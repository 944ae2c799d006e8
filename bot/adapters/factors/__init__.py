"""Second factors: what proves that a decision is its person's own."""
