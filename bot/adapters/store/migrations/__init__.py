"""Alembic's environment; the steps themselves are in `versions`."""
