"""Following over the nights: divergences, discordances, renames, retention with tombstones; runs say whether they are nights."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LAYER = "0 after the last run removed by retention, 1 after the newest night"


def upgrade() -> None:
    """Add tables and columns. Runs stored before are taken for runs of the whole suite: their bundles alone know (`shadow store rebuild`)."""
    clean_nights = "policy: nights in a row after which a divergence has converged"
    op.add_column("run", sa.Column("confirm_clean_nights", sa.Integer(), nullable=False, server_default="3", comment=clean_nights))
    whole = "whether both sides were to run the whole suite: only such runs are nights"
    op.add_column("run", sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.true(), comment=whole))
    op.create_table(
        "course",
        sa.Column("suite", sa.LargeBinary(16), comment="digest of the suite's name"),
        sa.Column("layer", sa.Integer(), autoincrement=False, comment=_LAYER),
        sa.Column("name", sa.Text(), nullable=False, comment="the suite's name"),
        sa.Column("until_at", sa.BigInteger(), nullable=False, comment="start of the last run accounted for; microseconds since 1970, UTC"),
        sa.Column("until_run", sa.Text(), nullable=False, comment="its id"),
        sa.Column("epoch", sa.Text(), comment="digest of suite and data in the last night; null before the first"),
        sa.Column("epoch_nights", sa.Integer(), nullable=False, comment="nights since that digest changed last"),
        sa.PrimaryKeyConstraint("suite", "layer", name="pk_course"),
        comment="how far the nights of a suite have been followed",
    )
    op.create_table(
        "divergence",
        *_key_of_followed(),
        sa.Column("sort_key", sa.LargeBinary(), nullable=False, comment="the first 1,000 bytes of the test id in UTF-8: the order of lists"),
        sa.Column("state", sa.Text(), nullable=False, comment="open, converged, reopened or removed"),
        sa.Column("first_at", sa.BigInteger(), nullable=False, comment="start of the first night that saw it; microseconds since 1970, UTC"),
        sa.Column("first_run", sa.Text(), nullable=False, comment="the id of that run, which may be gone"),
        sa.Column("last_at", sa.BigInteger(), nullable=False, comment="start of the last night that saw it; microseconds since 1970, UTC"),
        sa.Column("last_run", sa.Text(), nullable=False, comment="the id of that run, which may be gone"),
        sa.Column("nights_seen", sa.Integer(), nullable=False, comment="nights that saw it"),
        sa.Column("clean_nights", sa.Integer(), nullable=False, comment="nights in a row in which its sides agreed"),
        sa.Column("missing_nights", sa.Integer(), nullable=False, comment="nights in a row without its test"),
        sa.Column("direction", sa.Text(), comment="how it diverged when it was seen last"),
        sa.Column("cluster_id", sa.Integer(), comment="its cluster when it was seen last"),
        sa.Column("confirmed", sa.Boolean(), nullable=False, comment="whether any night confirmed it"),
        sa.PrimaryKeyConstraint("test_id", "suite", "layer", name="pk_divergence"),
        comment="divergences over the nights",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "discordance",
        *_key_of_followed(),
        sa.Column("legacy_worse", sa.Integer(), nullable=False, comment="nights since the epoch began in which legacy did worse"),
        sa.Column("shadow_worse", sa.Integer(), nullable=False, comment="nights since the epoch began in which shadow did worse"),
        sa.PrimaryKeyConstraint("test_id", "suite", "layer", name="pk_discordance"),
        comment="how often nightly pairs differed, of tests whose pair ever did: what finds the intermittent ones",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rename",
        sa.Column("run_name", sa.Text(), comment="id of the run that brought it, which may be gone"),
        sa.Column("position", sa.Integer(), autoincrement=False, comment="place in the run's list, from 0"),
        sa.Column("suite", sa.Text(), nullable=False, comment="name of the suite"),
        sa.Column("at", sa.BigInteger(), nullable=False, comment="start of the run; microseconds since 1970, UTC"),
        sa.Column("old_id", sa.Integer(), nullable=False, comment="the test's id until then"),
        sa.Column("new_id", sa.Integer(), nullable=False, comment="the test's id from then on"),
        sa.Column("reason", sa.Text(), nullable=False, comment="same_body or moved_file"),
        sa.PrimaryKeyConstraint("run_name", "position", name="pk_rename"),
        comment="tests that go on under another id",
    )
    op.create_table(
        "tombstone",
        sa.Column("run_name", sa.Text(), comment="the run's id"),
        sa.Column("suite", sa.Text(), nullable=False, comment="name of the suite"),
        sa.Column("started_at", sa.BigInteger(), nullable=False, comment="microseconds since 1970, UTC"),
        sa.Column("removed_at", sa.BigInteger(), nullable=False, comment="microseconds since 1970, UTC"),
        sa.Column("tests", sa.Integer(), comment="total: pairs; null where the run was never decided"),
        sa.Column("equivalent", sa.Integer(), comment="total: pairs with this verdict"),
        sa.Column("divergent", sa.Integer(), comment="total: pairs with this verdict"),
        sa.Column("flaky", sa.Integer(), comment="total: pairs with this verdict"),
        sa.Column("both_failing", sa.Integer(), comment="total: pairs with this verdict"),
        sa.Column("inconclusive", sa.Integer(), comment="total: pairs with this verdict"),
        sa.PrimaryKeyConstraint("run_name", name="pk_tombstone"),
        comment="runs removed by retention",
    )
    op.create_index("ix_divergence_list", "divergence", ["layer", "sort_key", "suite", "state"])
    op.create_index("ix_rename_old_id", "rename", ["old_id"])
    op.create_index("ix_rename_new_id", "rename", ["new_id"])


def _key_of_followed() -> tuple[sa.Column[int], sa.Column[bytes], sa.Column[int]]:
    return (
        sa.Column("test_id", sa.Integer(), autoincrement=False, comment="the test, under the id it has now"),
        sa.Column("suite", sa.LargeBinary(16), comment="digest of the suite's name"),
        sa.Column("layer", sa.Integer(), autoincrement=False, comment=_LAYER),
    )
