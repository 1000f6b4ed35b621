"""What a bundle keeps of its suite for the nights to come (`history.json.gz`): bodies of tests, the commit, what was renamed since the last night."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compare.nights import BodyDigests, followed_ids, rename_candidates
from harness.errors import BundleError
from harness.evidence import Bundle
from harness.model import Rename, RenameReason
from harness.pipeline.history.bodies import FileBodies, by_function, dialect, suite_bodies
from harness.pipeline.history.checkout import moved_files, suite_commit

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Comparison

SCHEMA = "shadow-history/1"
FILE = "history.json.gz"
_PROBED = 50  # test ids looked at to learn how their paths relate to the suite's root


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRecord:
    """A suite as one run found it. `renames` are of functions, `moved` of files, both since the last night; `files` are bodies by path."""

    commit: str | None = None
    files: Mapping[str, FileBodies] = field(default_factory=dict)
    renames: tuple[Rename, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)


def record_suite(bundle: Bundle, root: Path) -> None:
    """Record the suite of a run that begins, and what was renamed since the last night beside it. `root` is the suite's."""
    last = _last_night(bundle) or SuiteRecord()
    commit = suite_commit(root)
    files = suite_bodies(root, last.files)
    before, now = by_function(last.files), by_function(files)
    moved = moved_files(root, last.commit, commit)
    renames = rename_candidates(before, now, BodyDigests(before=before, now=now), moved_files=moved)
    _write(bundle.path, SuiteRecord(commit=commit, files=files, renames=renames, moved=moved))


def renames_of(bundle: Bundle, comparison: Comparison) -> tuple[Rename, ...]:
    """The renames that a run brought, for `Store.save`. None where nothing was recorded. Raises BundleError where the record is damaged."""
    record = _read(bundle.path)
    if record is None or not (record.renames or record.moved):
        return ()
    there, here = _beginnings(record.files, (pair.test_id for pair in comparison.pairs))
    ids = (here + pair.test_id[len(there) :] for pair in comparison.pairs if pair.test_id.startswith(there))
    found = followed_ids(record.renames, record.moved, ids)
    return tuple(
        Rename(old=there + item.old[len(here) :], new=there + item.new[len(here) :], reason=item.reason)
        for item in found
        if item.old.startswith(here)
    )


def _last_night(bundle: Bundle) -> SuiteRecord | None:
    """The record of the newest complete run of the whole suite before this one."""
    suite = bundle.header().suite
    for path in sorted(bundle.path.parent.iterdir(), reverse=True):
        if path.name >= bundle.path.name or not (path / FILE).is_file():
            continue
        try:
            header = Bundle.open(path).header()
            record = _read(path) if header.complete and header.whole and header.suite == suite else None
        except BundleError:
            continue
        if record is not None:
            return record
    return None


def _beginnings(files: Mapping[str, FileBodies], ids: Iterable[str]) -> tuple[str, str]:
    """How the paths of test ids begin, and how those relative to the suite's root do instead: pytest counts from its own rootdir."""
    for test_id, _ in zip(ids, range(_PROBED), strict=False):
        path = test_id.partition("::")[0]
        if path in files:
            return "", ""
        parts = path.split("/")
        for cut in range(1, len(parts)):
            if "/".join(parts[cut:]) in files:
                return "/".join(parts[:cut]) + "/", ""
        longer = [file for file in files if file.endswith("/" + path)]
        if len(longer) == 1:
            return "", longer[0].removesuffix(path)
    return "", ""


def _write(bundle: Path, record: SuiteRecord) -> None:
    content = {
        "schema": SCHEMA,
        "python": dialect(),
        "commit": record.commit,
        "renames": [[item.old, item.new, item.reason.value] for item in record.renames],
        "moved": dict(record.moved),
        "files": {path: [of.file, dict(of.tests)] for path, of in record.files.items()},
    }
    temporary = bundle / f".{FILE}.tmp"
    temporary.write_bytes(gzip.compress(json.dumps(content).encode("ascii"), compresslevel=3, mtime=0))
    temporary.replace(bundle / FILE)


def _read(bundle: Path) -> SuiteRecord | None:
    """The record of a bundle, None where it has none; without bodies where another version of Python made them."""
    path = bundle / FILE
    if not path.exists():
        return None
    try:
        content: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
        if content["schema"] != SCHEMA:
            raise BundleError(f"the history of this bundle has the format {content['schema']!r}", where=str(path), expected=SCHEMA)
        return SuiteRecord(
            commit=content["commit"],
            renames=tuple(Rename(old=old, new=new, reason=RenameReason(reason)) for old, new, reason in content["renames"]),
            moved=content["moved"],
            files={name: FileBodies(file=file, tests=tests) for name, (file, tests) in content["files"].items()}
            if content["python"] == dialect()
            else {},
        )
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise BundleError(
            f"a file of this bundle cannot be read ({type(error).__name__})",
            where=str(path),
            hint="Restore the bundle from a copy, or remove this file: renames of this run are not known then.",
        ) from None
