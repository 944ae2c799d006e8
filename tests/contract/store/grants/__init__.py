"""Rights in the database: what each process may do under its own role, and what it may not."""
