"""Runs, tests, pairs, failures, clusters, parity, infrastructure failures, warnings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "failure",
        sa.Column("id", sa.Integer(), autoincrement=False, comment="small number of the shape inside this store"),
        sa.Column("digest", sa.LargeBinary(16), nullable=False, comment="digest of type, message, phase and frames"),
        sa.Column("type", sa.Text(), nullable=False, comment="exception type"),
        sa.Column("message", sa.Text(), nullable=False, comment="message template; holds no value of the data"),
        sa.Column("phase", sa.Text(), nullable=False, comment="collect, setup, call or teardown"),
        sa.Column("frames", sa.Text(), nullable=False, comment="JSON: [[path, line, function], ...] from the test inwards"),
        sa.PrimaryKeyConstraint("id", name="pk_failure"),
        sa.UniqueConstraint("digest", name="uq_failure_digest"),
        comment="shapes of failures, once",
    )
    op.create_table(
        "pair",
        sa.Column("run_id", sa.Integer(), autoincrement=False, comment="the run"),
        sa.Column("position", sa.Integer(), autoincrement=False, comment="place in the run's list, from 0"),
        sa.Column("test_id", sa.Integer(), nullable=False, comment="the test; positions follow the order of test ids"),
        sa.Column("verdict", sa.Text(), nullable=False, comment="what was computed of the pair"),
        sa.Column("direction", sa.Text(), comment="how it diverges"),
        sa.Column("legacy_outcome", sa.Text(), comment="outcome of the full run; null where the side did not get to it"),
        sa.Column("legacy_seconds", sa.Double(), comment="duration of the full run's attempt"),
        sa.Column("shadow_outcome", sa.Text(), comment="outcome of the full run; null where the side did not get to it"),
        sa.Column("shadow_seconds", sa.Double(), comment="duration of the full run's attempt"),
        sa.Column("reason_id", sa.Integer(), nullable=False, comment="why the verdict is what it is"),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_pair"),
        comment="a test's attempts on both sides and what follows, by run: what every pair has",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pair_detail",
        sa.Column("run_id", sa.Integer(), autoincrement=False, comment="the run"),
        sa.Column("position", sa.Integer(), autoincrement=False, comment="place in the run's list, from 0"),
        sa.Column("confirmed", sa.Boolean(), comment="null unless the pair differed"),
        sa.Column("e_value", sa.Double(), comment="null where nothing was rerun"),
        sa.Column("legacy_attempts", sa.Integer(), nullable=False, comment="attempts on legacy"),
        sa.Column("legacy_failed", sa.Integer(), nullable=False, comment="failed attempts on legacy"),
        sa.Column("legacy_failure_id", sa.Integer(), comment="failure of the full run"),
        sa.Column("shadow_attempts", sa.Integer(), nullable=False, comment="attempts on shadow"),
        sa.Column("shadow_failed", sa.Integer(), nullable=False, comment="failed attempts on shadow"),
        sa.Column("shadow_failure_id", sa.Integer(), comment="failure of the full run"),
        sa.Column("fingerprint_id", sa.Integer(), comment="fingerprint of the failure"),
        sa.Column("cluster_id", sa.Integer(), comment="id of the cluster, the same over the runs"),
        sa.Column("cause", sa.Text(), comment="why it diverges"),
        sa.Column("remedy", sa.Text(), nullable=False, comment="what to do about it"),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_pair_detail"),
        comment="what few pairs have; no row means: run once on each side, no failure, nothing rerun, nothing to do",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), autoincrement=False, comment="small number of the run inside this store"),
        sa.Column("name", sa.Text(), nullable=False, comment="the run's id, as in its bundle"),
        sa.Column("suite", sa.Text(), nullable=False, comment="name of the suite"),
        sa.Column("started_at", sa.BigInteger(), nullable=False, comment="microseconds since 1970, UTC"),
        sa.Column("finished_at", sa.BigInteger(), comment="microseconds since 1970, UTC; null while it runs or where it died"),
        sa.Column("state", sa.Text(), nullable=False, comment="running, complete or incomplete"),
        sa.Column("complete", sa.Boolean(), nullable=False, comment="whether everything planned was run"),
        sa.Column("harness_version", sa.Text(), nullable=False, comment="version of the harness that ran it"),
        sa.Column("confirm_enabled", sa.Boolean(), nullable=False, comment="policy: whether candidates are rerun"),
        sa.Column("confirm_alpha", sa.Double(), nullable=False, comment="policy: bound of the false discovery rate"),
        sa.Column("confirm_max_pairs", sa.Integer(), nullable=False, comment="policy: confirmation pairs at most"),
        sa.Column("confirm_mass_failure", sa.Double(), nullable=False, comment="policy: share of a side's tests that makes a mass failure"),
        sa.Column("step", sa.Text(), comment="progress: step of the pipeline; null without a report and once decided"),
        sa.Column("legacy_done", sa.Integer(), comment="progress: attempts of the full run finished on legacy"),
        sa.Column("shadow_done", sa.Integer(), comment="progress: attempts of the full run finished on shadow"),
        sa.Column("expected", sa.Integer(), comment="progress: attempts of the full run expected on a side; null until known"),
        sa.Column("candidates", sa.Integer(), comment="progress: candidates found"),
        sa.Column("confirmation_pair", sa.Integer(), comment="progress: confirmation pair under way"),
        sa.Column("exit", sa.Integer(), comment="exit code of the command; null until the run is decided"),
        sa.Column("tests", sa.Integer(), comment="total: pairs; null until the run is decided"),
        sa.Column("equivalent", sa.Integer(), comment="total: pairs with this verdict"),
        sa.Column("divergent", sa.Integer(), comment="total: pairs with this verdict"),
        sa.Column("flaky", sa.Integer(), comment="total: pairs with this verdict"),
        sa.Column("both_failing", sa.Integer(), comment="total: pairs with this verdict"),
        sa.Column("inconclusive", sa.Integer(), comment="total: pairs with this verdict"),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.UniqueConstraint("name", name="uq_run_name"),
        comment="runs, decided or under way",
    )
    op.create_table(
        "test",
        sa.Column("id", sa.Integer(), autoincrement=False, comment="small number of the test inside this store"),
        sa.Column("digest", sa.LargeBinary(16), nullable=False, comment="digest of the test id; the key of paging"),
        sa.Column("name", sa.Text(), nullable=False, comment="the test id"),
        sa.Column("folded", sa.Text(), nullable=False, comment="the test id with case folded, for search"),
        sa.PrimaryKeyConstraint("id", name="pk_test"),
        sa.UniqueConstraint("digest", name="uq_test_digest"),
        comment="every test id seen, once",
    )
    op.create_table(
        "text",
        sa.Column("id", sa.Integer(), autoincrement=False, comment="small number of the text inside this store"),
        sa.Column("digest", sa.LargeBinary(16), nullable=False, comment="digest of the text"),
        sa.Column("value", sa.Text(), nullable=False, comment="the text"),
        sa.PrimaryKeyConstraint("id", name="pk_text"),
        sa.UniqueConstraint("digest", name="uq_text_digest"),
        comment="texts that many pairs share, once: reasons, fingerprints, cluster ids",
    )
    op.create_table(
        "cluster",
        sa.Column("run_id", sa.Integer(), autoincrement=False, comment="the run"),
        sa.Column("position", sa.Integer(), autoincrement=False, comment="place in the run's list, from 0"),
        sa.Column("cluster_id", sa.Integer(), nullable=False, comment="id of the cluster, the same over the runs"),
        sa.Column("exception", sa.Text(), nullable=False, comment="exception type"),
        sa.Column("template", sa.Text(), nullable=False, comment="message template; holds no value of the data"),
        sa.Column("frame_path", sa.Text(), comment="frame inside the suite: path relative to its root; null where there is none"),
        sa.Column("frame_line", sa.Integer(), comment="its line, 1-based"),
        sa.Column("frame_function", sa.Text(), comment="its function"),
        sa.Column("sentence", sa.Text(), nullable=False, comment="what the divergences have in common"),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_cluster"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_cluster_run_id"),
        sa.ForeignKeyConstraint(["cluster_id"], ["text.id"], name="fk_cluster_cluster_id"),
        comment="divergences of a run with one fingerprint",
    )
    op.create_table(
        "cluster_test",
        sa.Column("run_id", sa.Integer(), autoincrement=False, comment="the run"),
        sa.Column("position", sa.Integer(), autoincrement=False, comment="place in the run's list, from 0"),
        sa.Column("cluster_position", sa.Integer(), nullable=False, comment="position of the cluster in the run's list"),
        sa.Column("test_id", sa.Integer(), nullable=False, comment="the test"),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_cluster_test"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_cluster_test_run_id"),
        sa.ForeignKeyConstraint(["test_id"], ["test.id"], name="fk_cluster_test_test_id"),
        comment="tests of clusters",
    )
    op.create_table(
        "fact",
        sa.Column("run_id", sa.Integer(), autoincrement=False, comment="the run"),
        sa.Column("position", sa.Integer(), autoincrement=False, comment="place in the run's list, from 0"),
        sa.Column("side", sa.Text(), nullable=False, comment="legacy or shadow"),
        sa.Column("name", sa.Text(), nullable=False, comment="name of the fact"),
        sa.Column("value", sa.Text(), nullable=False, comment="the fact; settings as keyed fingerprints"),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_fact"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_fact_run_id"),
        comment="what parity compares, of both sides",
    )
    op.create_table(
        "infrastructure",
        sa.Column("run_id", sa.Integer(), autoincrement=False, comment="the run"),
        sa.Column("position", sa.Integer(), autoincrement=False, comment="place in the run's list, from 0"),
        sa.Column("kind", sa.Text(), nullable=False, comment="kind of the fault"),
        sa.Column("message", sa.Text(), nullable=False, comment="what happened; holds no value of the data"),
        sa.Column("hint", sa.Text(), nullable=False, comment="what to do"),
        sa.Column("side", sa.Text(), comment="the side it befell; null where both"),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_infrastructure"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_infrastructure_run_id"),
        comment="infrastructure failures of a run",
    )
    op.create_table(
        "parity",
        sa.Column("run_id", sa.Integer(), autoincrement=False, comment="the run"),
        sa.Column("position", sa.Integer(), autoincrement=False, comment="place in the run's list, from 0"),
        sa.Column("name", sa.Text(), nullable=False, comment="name of the fact"),
        sa.Column("legacy", sa.Text(), comment="as legacy has it; null where it has none"),
        sa.Column("shadow", sa.Text(), comment="as shadow has it; null where it has none"),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_parity"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_parity_run_id"),
        comment="facts that differ between the sides apart from the data",
    )
    op.create_table(
        "tally",
        sa.Column("run_id", sa.Integer(), autoincrement=False, comment="the run"),
        sa.Column("position", sa.Integer(), autoincrement=False, comment="place in the run's list, from 0"),
        sa.Column("verdict", sa.Text(), nullable=False, comment="what was computed of the pairs"),
        sa.Column("direction", sa.Text(), comment="how they diverge"),
        sa.Column("cluster_id", sa.Integer(), comment="their cluster"),
        sa.Column("pairs", sa.Integer(), nullable=False, comment="how many there are"),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_tally"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_tally_run_id"),
        sa.ForeignKeyConstraint(["cluster_id"], ["text.id"], name="fk_tally_cluster_id"),
        comment="pairs of a run counted when it is stored, so that lists need not count",
    )
    op.create_table(
        "warning",
        sa.Column("run_id", sa.Integer(), autoincrement=False, comment="the run"),
        sa.Column("position", sa.Integer(), autoincrement=False, comment="place in the run's list, from 0"),
        sa.Column("text", sa.Text(), nullable=False, comment="what a reader of the run has to know"),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_warning"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_warning_run_id"),
        comment="warnings of a run",
    )
    op.create_index("ix_run_started_at", "run", ["started_at", "id"])
    op.create_index("uq_pair_test", "pair", ["test_id", "run_id"], unique=True)
    _partial_index("ix_pair_verdict", "pair", "verdict", "verdict != 'equivalent'")
    _partial_index("ix_pair_direction", "pair", "direction", "direction IS NOT NULL")
    _partial_index("ix_pair_detail_cluster", "pair_detail", "cluster_id", "cluster_id IS NOT NULL")


def _partial_index(name: str, table: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, ["run_id", column, "position"], sqlite_where=condition, postgresql_where=condition)
