"""Tables of earned autonomy: what is trusted with one approval less, and what lost it last.

Columns are spelt out here, not taken from tables.py: a migration is history and must not change
when the tables do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = ("operation", "environment", "service_key")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "autonomy_grants",
        *(_text(name) for name in KEY),
        _text("label"),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(*KEY, name="pk_autonomy_grants"),
    )
    op.create_table(
        "autonomy_losses",
        *(_text(name) for name in KEY),
        _text("action_id"),
        _text("label"),
        sa.Column("was_trusted", sa.Boolean(), nullable=False),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["actions.action_id"], name="fk_autonomy_losses_action_id_actions"
        ),
        sa.PrimaryKeyConstraint(*KEY, name="pk_autonomy_losses"),
    )


def downgrade() -> None:
    op.drop_table("autonomy_losses")
    op.drop_table("autonomy_grants")
