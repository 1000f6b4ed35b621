"""From the text of a suite's files to the sketch of the assertion that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes.reading import read_assertion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compare.causes.assertion import Sketch
    from harness.model import DeepRecord, PairResult


def sketch_of(pair: PairResult, sources: Mapping[str, str], legacy: DeepRecord | None, shadow: DeepRecord | None) -> Sketch | None:
    """What the assertion of a divergent pair asks, by its source; None where the source does not say.

    `sources` are the texts of files under the suite's root by path; those that frames of the failure name suffice. Of the names in them only those
    that are columns in the records are kept, so that the sketch may be written where the source may not.
    """
    if pair.failure is None:
        return None
    records = [record for record in (shadow, legacy) if record is not None]
    results = [one.columns for record in records for one in record.statements] + [one.columns for record in records for one in record.requests]
    columns = {column.name for result in results for column in result}
    return read_assertion(sources, pair.failure, own=own_files(pair, legacy, shadow), columns=columns, test=function_of(pair.test_id))


def function_of(test_id: str) -> str:
    """The name of a test's function."""
    return test_id.partition("[")[0].partition(" ")[0].rpartition("::")[2]


def own_files(pair: PairResult, legacy: DeepRecord | None, shadow: DeepRecord | None) -> frozenset[str]:
    """The suite's own files among those in which lines ran: frames elsewhere are those of the system under test."""
    found = {file.path for record in (legacy, shadow) if record is not None for file in record.lines or ()}
    return frozenset(found | {pair.test_id.partition("::")[0]})
