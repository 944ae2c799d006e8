"""The audit outside the database: who signs it, where it is kept, how it gets there."""
