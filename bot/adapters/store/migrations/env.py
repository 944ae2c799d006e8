"""What Alembic runs around migrations; the connection comes from `schema.py`, not from a file.

Alembic loads this by path and expects it to act when it is loaded.
"""

from __future__ import annotations

from alembic import context

from bot.adapters.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a column or constraint in place.
    render_as_batch=True,
)
context.run_migrations()
