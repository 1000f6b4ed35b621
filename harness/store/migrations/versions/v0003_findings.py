"""What few pairs and runs have beside their columns: order-dependence, observations, the floor of A/A runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column and a table. Of runs stored before nothing of it was kept: their bundles alone know (`shadow store rebuild`)."""
    op.add_column("run", sa.Column("findings", sa.Text(), comment="JSON: what few runs have; null where that is nothing"))
    op.create_table(
        "pair_finding",
        sa.Column("run_id", sa.Integer(), autoincrement=False, comment="the run"),
        sa.Column("position", sa.Integer(), autoincrement=False, comment="place in the run's list, from 0"),
        sa.Column("content", sa.Text(), nullable=False, comment="JSON"),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_pair_finding"),
        comment="what few pairs have beside their columns",
        sqlite_with_rowid=False,
    )
