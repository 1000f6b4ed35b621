"""The tables of the store, as of schema version `VERSION`.

History of the schema (each version is a migration of the same number under `migrations/versions`):

0001  first: runs, tests, pairs, failures, clusters, parity, infrastructure failures, warnings
0002  following over the nights: divergences, discordances, renames, retention with tombstones; runs say whether they are nights
0003  findings: what few pairs and runs have beside their columns

Ids are small integers that the writer hands out (writers are one at a time, see `database`). Texts that many rows share stand once, in `test`,
`text` and `failure`, unique by a digest of 16 bytes, because a test id may be longer than an index entry can be.
`pair` and `pair_detail` hold such ids without foreign keys: checking them costs as much as storing the rows does (on PostgreSQL twice that), and
one writer makes both ends in one transaction. A test looks for ids that lead nowhere. The tables of following do the same.
Enumerations are stored by their values, the words of docs/glossary.md. Times are microseconds since 1970 in UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Boolean, Column, Double, ForeignKey, ForeignKeyConstraint, Index, Integer, LargeBinary, MetaData, Table, Text, true

from harness.store.columns import Instant, Verbatim

if TYPE_CHECKING:
    from sqlalchemy.schema import SchemaItem

VERSION = "0003"
VERSION_TABLE = "shadow_schema"

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s"},
)


def _id(comment: str) -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=False, comment=comment)


def _digest(comment: str) -> Column[bytes]:
    return Column("digest", LargeBinary(16), nullable=False, unique=True, comment=comment)


def _key_of_run() -> tuple[Column[int], Column[int]]:
    """The key of a list that belongs to a run."""
    return (
        Column("run_id", Integer, primary_key=True, autoincrement=False, comment="the run"),
        Column("position", Integer, primary_key=True, autoincrement=False, comment="place in the run's list, from 0"),
    )


def _of_run() -> tuple[SchemaItem, ...]:
    """The key of a list that belongs to a run, with its reference."""
    return (*_key_of_run(), ForeignKeyConstraint(["run_id"], ["run.id"]))


run = Table(
    "run",
    metadata,
    _id("small number of the run inside this store"),
    Column("name", Verbatim, nullable=False, unique=True, comment="the run's id, as in its bundle"),
    Column("suite", Verbatim, nullable=False, comment="name of the suite"),
    Column("started_at", Instant, nullable=False, comment="microseconds since 1970, UTC"),
    Column("finished_at", Instant, comment="microseconds since 1970, UTC; null while it runs or where it died"),
    Column("state", Text, nullable=False, comment="running, complete or incomplete"),
    Column("complete", Boolean, nullable=False, comment="whether everything planned was run"),
    Column("harness_version", Verbatim, nullable=False, comment="version of the harness that ran it"),
    Column("confirm_enabled", Boolean, nullable=False, comment="policy: whether candidates are rerun"),
    Column("confirm_alpha", Double, nullable=False, comment="policy: bound of the false discovery rate"),
    Column("confirm_max_pairs", Integer, nullable=False, comment="policy: confirmation pairs at most"),
    Column("confirm_mass_failure", Double, nullable=False, comment="policy: share of a side's tests that makes a mass failure"),
    Column(
        "confirm_clean_nights", Integer, nullable=False, server_default="3", comment="policy: nights in a row after which a divergence has converged"
    ),
    Column(
        "whole", Boolean, nullable=False, server_default=true(), comment="whether both sides were to run the whole suite: only such runs are nights"
    ),
    Column("step", Verbatim, comment="progress: step of the pipeline; null without a report and once decided"),
    Column("legacy_done", Integer, comment="progress: attempts of the full run finished on legacy"),
    Column("shadow_done", Integer, comment="progress: attempts of the full run finished on shadow"),
    Column("expected", Integer, comment="progress: attempts of the full run expected on a side; null until known"),
    Column("candidates", Integer, comment="progress: candidates found"),
    Column("confirmation_pair", Integer, comment="progress: confirmation pair under way"),
    Column("exit", Integer, comment="exit code of the command; null until the run is decided"),
    Column("tests", Integer, comment="total: pairs; null until the run is decided"),
    Column("equivalent", Integer, comment="total: pairs with this verdict"),
    Column("divergent", Integer, comment="total: pairs with this verdict"),
    Column("flaky", Integer, comment="total: pairs with this verdict"),
    Column("both_failing", Integer, comment="total: pairs with this verdict"),
    Column("inconclusive", Integer, comment="total: pairs with this verdict"),
    Column("findings", Text, comment="JSON: what few runs have; null where that is nothing"),
    Index("ix_run_started_at", "started_at", "id"),
    comment="runs, decided or under way",
)

test = Table(
    "test",
    metadata,
    _id("small number of the test inside this store"),
    _digest("digest of the test id; the key of paging"),
    Column("name", Verbatim, nullable=False, comment="the test id"),
    Column("folded", Text, nullable=False, comment="the test id with case folded, for search"),
    comment="every test id seen, once",
)

text = Table(
    "text",
    metadata,
    _id("small number of the text inside this store"),
    _digest("digest of the text"),
    Column("value", Verbatim, nullable=False, comment="the text"),
    comment="texts that many pairs share, once: reasons, fingerprints, cluster ids",
)

failure = Table(
    "failure",
    metadata,
    _id("small number of the shape inside this store"),
    _digest("digest of type, message, phase and frames"),
    Column("type", Verbatim, nullable=False, comment="exception type"),
    Column("message", Verbatim, nullable=False, comment="message template; holds no value of the data"),
    Column("phase", Text, nullable=False, comment="collect, setup, call or teardown"),
    Column("frames", Text, nullable=False, comment="JSON: [[path, line, function], ...] from the test inwards"),
    comment="shapes of failures, once",
)

pair = Table(
    "pair",
    metadata,
    *_key_of_run(),
    Column("test_id", Integer, nullable=False, comment="the test; positions follow the order of test ids"),
    Column("verdict", Text, nullable=False, comment="what was computed of the pair"),
    Column("direction", Text, comment="how it diverges"),
    Column("legacy_outcome", Text, comment="outcome of the full run; null where the side did not get to it"),
    Column("legacy_seconds", Double, comment="duration of the full run's attempt"),
    Column("shadow_outcome", Text, comment="outcome of the full run; null where the side did not get to it"),
    Column("shadow_seconds", Double, comment="duration of the full run's attempt"),
    Column("reason_id", Integer, nullable=False, comment="why the verdict is what it is"),
    comment="a test's attempts on both sides and what follows, by run: what every pair has",
    sqlite_with_rowid=False,
)
_NOT_EQUIVALENT = pair.c.verdict != "equivalent"
_DIRECTED = pair.c.direction.is_not(None)
Index("uq_pair_test", pair.c.test_id, pair.c.run_id, unique=True)
Index("ix_pair_verdict", pair.c.run_id, pair.c.verdict, pair.c.position, sqlite_where=_NOT_EQUIVALENT, postgresql_where=_NOT_EQUIVALENT)
Index("ix_pair_direction", pair.c.run_id, pair.c.direction, pair.c.position, sqlite_where=_DIRECTED, postgresql_where=_DIRECTED)

pair_detail = Table(
    "pair_detail",
    metadata,
    *_key_of_run(),
    Column("confirmed", Boolean, comment="null unless the pair differed"),
    Column("e_value", Double, comment="null where nothing was rerun"),
    Column("legacy_attempts", Integer, nullable=False, comment="attempts on legacy"),
    Column("legacy_failed", Integer, nullable=False, comment="failed attempts on legacy"),
    Column("legacy_failure_id", Integer, comment="failure of the full run"),
    Column("shadow_attempts", Integer, nullable=False, comment="attempts on shadow"),
    Column("shadow_failed", Integer, nullable=False, comment="failed attempts on shadow"),
    Column("shadow_failure_id", Integer, comment="failure of the full run"),
    Column("fingerprint_id", Integer, comment="fingerprint of the failure"),
    Column("cluster_id", Integer, comment="id of the cluster, the same over the runs"),
    Column("cause", Text, comment="why it diverges"),
    Column("remedy", Text, nullable=False, comment="what to do about it"),
    comment="what few pairs have; no row means: run once on each side, no failure, nothing rerun, nothing to do",
    sqlite_with_rowid=False,
)
_CLUSTERED = pair_detail.c.cluster_id.is_not(None)
Index(
    "ix_pair_detail_cluster",
    pair_detail.c.run_id,
    pair_detail.c.cluster_id,
    pair_detail.c.position,
    sqlite_where=_CLUSTERED,
    postgresql_where=_CLUSTERED,
)

pair_finding = Table(
    "pair_finding",
    metadata,
    *_key_of_run(),
    Column("content", Text, nullable=False, comment="JSON"),
    comment="what few pairs have beside their columns",
    sqlite_with_rowid=False,
)

tally = Table(
    "tally",
    metadata,
    *_of_run(),
    Column("verdict", Text, nullable=False, comment="what was computed of the pairs"),
    Column("direction", Text, comment="how they diverge"),
    Column("cluster_id", Integer, ForeignKey("text.id"), comment="their cluster"),
    Column("pairs", Integer, nullable=False, comment="how many there are"),
    comment="pairs of a run counted when it is stored, so that lists need not count",
)

cluster = Table(
    "cluster",
    metadata,
    *_of_run(),
    Column("cluster_id", Integer, ForeignKey("text.id"), nullable=False, comment="id of the cluster, the same over the runs"),
    Column("exception", Verbatim, nullable=False, comment="exception type"),
    Column("template", Verbatim, nullable=False, comment="message template; holds no value of the data"),
    Column("frame_path", Verbatim, comment="frame inside the suite: path relative to its root; null where there is none"),
    Column("frame_line", Integer, comment="its line, 1-based"),
    Column("frame_function", Verbatim, comment="its function"),
    Column("sentence", Verbatim, nullable=False, comment="what the divergences have in common"),
    comment="divergences of a run with one fingerprint",
)

cluster_test = Table(
    "cluster_test",
    metadata,
    *_of_run(),
    Column("cluster_position", Integer, nullable=False, comment="position of the cluster in the run's list"),
    Column("test_id", Integer, ForeignKey("test.id"), nullable=False, comment="the test"),
    comment="tests of clusters",
)

parity = Table(
    "parity",
    metadata,
    *_of_run(),
    Column("name", Verbatim, nullable=False, comment="name of the fact"),
    Column("legacy", Verbatim, comment="as legacy has it; null where it has none"),
    Column("shadow", Verbatim, comment="as shadow has it; null where it has none"),
    comment="facts that differ between the sides apart from the data",
)

fact = Table(
    "fact",
    metadata,
    *_of_run(),
    Column("side", Text, nullable=False, comment="legacy or shadow"),
    Column("name", Verbatim, nullable=False, comment="name of the fact"),
    Column("value", Verbatim, nullable=False, comment="the fact; settings as keyed fingerprints"),
    comment="what parity compares, of both sides",
)

infrastructure = Table(
    "infrastructure",
    metadata,
    *_of_run(),
    Column("kind", Text, nullable=False, comment="kind of the fault"),
    Column("message", Verbatim, nullable=False, comment="what happened; holds no value of the data"),
    Column("hint", Verbatim, nullable=False, comment="what to do"),
    Column("side", Text, comment="the side it befell; null where both"),
    comment="infrastructure failures of a run",
)

warning = Table(
    "warning",
    metadata,
    *_of_run(),
    Column("text", Verbatim, nullable=False, comment="what a reader of the run has to know"),
    comment="warnings of a run",
)


def _key_of_followed() -> tuple[Column[int], Column[bytes], Column[int]]:
    """The key of what is followed of a test over the nights."""
    return (
        Column("test_id", Integer, primary_key=True, autoincrement=False, comment="the test, under the id it has now"),
        Column("suite", LargeBinary(16), primary_key=True, comment="digest of the suite's name"),
        Column(
            "layer", Integer, primary_key=True, autoincrement=False, comment="0 after the last run removed by retention, 1 after the newest night"
        ),
    )


course = Table(
    "course",
    metadata,
    Column("suite", LargeBinary(16), primary_key=True, comment="digest of the suite's name"),
    Column("layer", Integer, primary_key=True, autoincrement=False, comment="0 after the last run removed by retention, 1 after the newest night"),
    Column("name", Verbatim, nullable=False, comment="the suite's name"),
    Column("until_at", Instant, nullable=False, comment="start of the last run accounted for; microseconds since 1970, UTC"),
    Column("until_run", Verbatim, nullable=False, comment="its id"),
    Column("epoch", Text, comment="digest of suite and data in the last night; null before the first"),
    Column("epoch_nights", Integer, nullable=False, comment="nights since that digest changed last"),
    comment="how far the nights of a suite have been followed",
)

divergence = Table(
    "divergence",
    metadata,
    *_key_of_followed(),
    Column("sort_key", LargeBinary, nullable=False, comment="the first 1,000 bytes of the test id in UTF-8: the order of lists"),
    Column("state", Text, nullable=False, comment="open, converged, reopened or removed"),
    Column("first_at", Instant, nullable=False, comment="start of the first night that saw it; microseconds since 1970, UTC"),
    Column("first_run", Verbatim, nullable=False, comment="the id of that run, which may be gone"),
    Column("last_at", Instant, nullable=False, comment="start of the last night that saw it; microseconds since 1970, UTC"),
    Column("last_run", Verbatim, nullable=False, comment="the id of that run, which may be gone"),
    Column("nights_seen", Integer, nullable=False, comment="nights that saw it"),
    Column("clean_nights", Integer, nullable=False, comment="nights in a row in which its sides agreed"),
    Column("missing_nights", Integer, nullable=False, comment="nights in a row without its test"),
    Column("direction", Text, comment="how it diverged when it was seen last"),
    Column("cluster_id", Integer, comment="its cluster when it was seen last"),
    Column("confirmed", Boolean, nullable=False, comment="whether any night confirmed it"),
    comment="divergences over the nights",
    sqlite_with_rowid=False,
)
Index("ix_divergence_list", divergence.c.layer, divergence.c.sort_key, divergence.c.suite, divergence.c.state)

discordance = Table(
    "discordance",
    metadata,
    *_key_of_followed(),
    Column("legacy_worse", Integer, nullable=False, comment="nights since the epoch began in which legacy did worse"),
    Column("shadow_worse", Integer, nullable=False, comment="nights since the epoch began in which shadow did worse"),
    comment="how often nightly pairs differed, of tests whose pair ever did: what finds the intermittent ones",
    sqlite_with_rowid=False,
)

rename = Table(
    "rename",
    metadata,
    Column("run_name", Verbatim, primary_key=True, comment="id of the run that brought it, which may be gone"),
    Column("position", Integer, primary_key=True, autoincrement=False, comment="place in the run's list, from 0"),
    Column("suite", Verbatim, nullable=False, comment="name of the suite"),
    Column("at", Instant, nullable=False, comment="start of the run; microseconds since 1970, UTC"),
    Column("old_id", Integer, nullable=False, comment="the test's id until then"),
    Column("new_id", Integer, nullable=False, comment="the test's id from then on"),
    Column("reason", Text, nullable=False, comment="same_body or moved_file"),
    comment="tests that go on under another id",
)
Index("ix_rename_old_id", rename.c.old_id)
Index("ix_rename_new_id", rename.c.new_id)

tombstone = Table(
    "tombstone",
    metadata,
    Column("run_name", Verbatim, primary_key=True, comment="the run's id"),
    Column("suite", Verbatim, nullable=False, comment="name of the suite"),
    Column("started_at", Instant, nullable=False, comment="microseconds since 1970, UTC"),
    Column("removed_at", Instant, nullable=False, comment="microseconds since 1970, UTC"),
    Column("tests", Integer, comment="total: pairs; null where the run was never decided"),
    Column("equivalent", Integer, comment="total: pairs with this verdict"),
    Column("divergent", Integer, comment="total: pairs with this verdict"),
    Column("flaky", Integer, comment="total: pairs with this verdict"),
    Column("both_failing", Integer, comment="total: pairs with this verdict"),
    Column("inconclusive", Integer, comment="total: pairs with this verdict"),
    comment="runs removed by retention",
)

OF_A_RUN = (pair, pair_detail, pair_finding, tally, cluster_test, cluster, parity, fact, infrastructure, warning)
