"""The store in SQL: SQLite in one file, or PostgreSQL; the same promises on both."""
