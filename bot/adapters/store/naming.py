"""The collection that every table of the store is part of, with the names of its constraints."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData(
    # Constraints that later migrations can name, the same on both databases:
    # https://alembic.sqlalchemy.org/en/latest/naming.html
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
