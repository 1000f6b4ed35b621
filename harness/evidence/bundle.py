"""The bundle: one run's evidence as versioned files (docs/bundle.md)."""

from __future__ import annotations

import itertools
import json
import os
import secrets
import shutil
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from harness.errors import BundleError, UsageError
from harness.evidence.assertions import assertions
from harness.evidence.deep import deep_of
from harness.evidence.experiments import experiments
from harness.evidence.lock import lock_file, wait_until_unlocked
from harness.evidence.planned import SCHEMA, header_json, plan_json
from harness.evidence.redaction import with_contents
from harness.evidence.reruns import floor_evidence, order_evidence
from harness.evidence.session import Session, SessionName, parse_name, read_session
from harness.evidence.sides import side_evidence
from harness.evidence.sources import source_evidence
from harness.evidence.suggestions import suggestions
from harness.model import (
    AAFrequency,
    ConfirmPolicy,
    Evidence,
    InfrastructureFailure,
    InfrastructureKind,
    Plan,
    RerunKind,
    RunHeader,
    Shard,
    Side,
    SideEvidence,
    VacuousSampling,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.evidence.key import ProjectKey
    from harness.model import Attempt, DeepRecord

_LAST_PROCESSES = 40.0  # seconds; a supervisor gives up what it cannot end sooner


class Bundle:
    """A folder that holds one run. Files are written whole or not at all; session files grow line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[bytes] | None = None
        self._kept: dict[Side, tuple[object, SideEvidence]] | None = None

    @classmethod
    def create(cls, path: Path, header: RunHeader, plan: Plan, key: ProjectKey) -> Self:
        """Begin a bundle, locked. It appears whole or not at all. Raises UsageError where the folder exists or cannot be made."""
        draft = cls(path.with_name(f".{path.name}-{secrets.token_hex(4)}.tmp"))
        try:
            for folder in ("sessions", "facts"):
                (draft.path / folder).mkdir(parents=True)
            draft.lock()
            draft._write("plan.json", plan_json(plan, key))
            draft._write("bundle.json", header_json(header, plan))
            draft.path.rename(path)
        except OSError as error:
            draft.discard()
            raise UsageError(f"the bundle cannot be made: {error.strerror}", where=str(path), hint="Give another --workdir.") from None
        bundle = cls(path)
        bundle._lock = draft._lock
        return bundle

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing bundle. Raises BundleError where this is none, or one of another version."""
        if not (path / "bundle.json").is_file():
            raise BundleError("this folder is no bundle", where=str(path), expected="a folder with bundle.json, as under .shadow/runs")
        bundle = cls(path)
        if (schema := bundle._read("bundle.json").get("schema")) != SCHEMA:
            raise BundleError(f"this bundle has the format {schema!r}", where=str(path), expected=SCHEMA)
        return bundle

    def lock(self) -> None:
        """Keep other processes from writing this run while ours lives. Raises UsageError where another one writes it now."""
        self._lock = lock_file(self.path / "lock")
        if self._lock is None:
            raise UsageError("this run is under way in another process", where=str(self.path), hint="Wait for it, or end it first.")

    def close(self) -> None:
        """Release the lock."""
        if self._lock:
            self._lock.close()
            self._lock = None

    @property
    def alive(self) -> bool:
        """Whether a process writes this run now."""
        if self._lock:
            return True
        tried = lock_file(self.path / "lock")
        if tried is None:
            return True
        tried.close()
        return False

    def session_path(self, name: SessionName) -> Path:
        """The file of a session."""
        return self.path / "sessions" / str(name)

    @property
    def logs(self) -> Path:
        """The folder for logs of services."""
        return self.path / "logs"

    def write_facts(self, side: Side, facts: Mapping[str, str]) -> None:
        """Add what parity compares; later facts win."""
        self._write(f"facts/{side.value}.json", {**self.facts(side), **facts})

    def facts(self, side: Side) -> dict[str, str]:
        """The facts of a side that the harness itself recorded."""
        path = f"facts/{side.value}.json"
        return dict(self._read(path)) if (self.path / path).exists() else {}

    def add_infrastructure(self, failure: InfrastructureFailure) -> None:
        """Record an infrastructure failure."""
        with (self.path / "infrastructure.jsonl").open("a", encoding="ascii") as file:
            file.write(json.dumps(asdict(failure)) + "\n")

    def finish(self, *, finished_at: datetime, complete: bool, decided: bool) -> None:
        """Close the run: everything that will be recorded is."""
        self._write("finish.json", {"finished_at": finished_at.isoformat(), "complete": complete, "decided": decided})

    def reopen(self) -> None:
        """Take back `finish` and the infrastructure failures of the earlier try, before a resumed run.

        Waits until the processes of a harness that died are gone: what they record until then counts. Raises UsageError where they stay.
        """
        if not wait_until_unlocked(self.path / "sessions", seconds=_LAST_PROCESSES):
            raise UsageError("processes of this run's earlier try are still alive", where=str(self.path), hint="End them, and resume again.")
        (self.path / "finish.json").unlink(missing_ok=True)
        (self.path / "infrastructure.jsonl").unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove the bundle: nothing of this run is to be kept."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def header(self) -> RunHeader:
        """The run's identity and whether it is finished."""
        begun = self._read("bundle.json")
        finish = self._read("finish.json") if (self.path / "finish.json").exists() else None
        try:
            return RunHeader(
                id=begun["id"],
                suite=begun["suite"],
                started_at=datetime.fromisoformat(begun["started_at"]),
                confirm=_policy(begun["confirm"]),
                finished_at=datetime.fromisoformat(finish["finished_at"]) if finish else None,
                complete=bool(finish and finish["complete"]),
                harness_version=begun["harness"],
                whole=bool(begun.get("whole", True)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._damaged("bundle.json or finish.json", error) from None

    def plan_digests(self) -> dict[str, Any]:
        """What was planned, for a resumed run to be held against."""
        return self._read("plan.json")

    def sessions(self, side: Side, *, ids: dict[str, str] | None = None, pairs: bool = True) -> tuple[Session, ...]:
        """The sessions of a side in order: the full run, then pairs by number."""
        found = [(parse_name(path), path) for path in (self.path / "sessions").glob(f"{side.value}-*.jsonl")]
        names = [(name, path) for name, path in found if name.kind is RerunKind.PAIR]
        names.sort(key=lambda named: (named[0].pair, named[0].shard.index, named[0].number))
        return tuple(read_session(path, ids=ids, name=name) for name, path in names if pairs or not name.pair)

    def evidence(self) -> Evidence:
        """Everything that was recorded, as `compare` takes it. Raises BundleError where files are damaged."""
        ids: dict[str, str] = {}
        finish = self._read("finish.json") if (self.path / "finish.json").exists() else {}
        plan = self._read("plan.json")
        sides = {side: self.side(side, ids=ids) for side in Side}
        sources = source_evidence(self)
        if sources is not None and sources.values:
            sides = {side: with_contents(found, sources.values) for side, found in sides.items()}
        return Evidence(
            run=self.header(),
            legacy=sides[Side.LEGACY],
            shadow=sides[Side.SHADOW],
            infrastructure=self.infrastructure(),
            decided=bool(finish.get("decided", False)),
            can_rerun=bool(plan["can_rerun"]),
            planned=frozenset(map(Side, plan["sides"])),
            order=order_evidence(self),
            floor=floor_evidence(self),
            sources=sources,
            assertions=assertions(self),
            experiments=experiments(self),
            suggestions=suggestions(self),
        )

    def keep_sides(self) -> None:
        """From here on no test is run for this bundle: what its sessions say is kept in memory once it has been read, until a file changes."""
        self._kept = {}

    def let_sides_go(self) -> None:
        """Keep nothing in memory any more."""
        self._kept = None

    def side(self, side: Side, *, ids: dict[str, str] | None = None) -> SideEvidence:
        """One side's evidence."""
        if self._kept is None:
            return self._side(side, ids)
        files = [(path.name, path.stat()) for path in (self.path / "sessions").glob(f"{side.value}-*.jsonl")]
        state = sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in files), self.facts(side)
        kept = self._kept.get(side)
        if kept is None or kept[0] != state:
            self._kept.pop(side, None)  # not both at once
            kept = self._kept[side] = state, self._side(side, ids)
        return kept[1]

    def _side(self, side: Side, ids: dict[str, str] | None) -> SideEvidence:
        shards = {Shard(**shard) for shard in self._read("plan.json")["shards"]}
        return side_evidence(side, self.sessions(side, ids=ids), shards=shards, facts=self.facts(side), deep=self.deep(side))

    def deep(self, side: Side, *, pair: int | None = None) -> tuple[DeepRecord, ...]:
        """What tests of a side did on their way, as far as sessions were deep; of one fresh pair alone where it is given. Raises BundleError."""
        found = [(parse_name(path), path) for path in (self.path / "sessions").glob(f"{side.value}-*.jsonl")]
        kinds = {RerunKind.PAIR, RerunKind.VACUOUS}
        named = [(name, path) for name, path in found if name.kind in kinds and (pair is None or (name.kind, name.pair) == (RerunKind.PAIR, pair))]
        named.sort(key=lambda one: (one[0].kind, one[0].pair, one[0].shard.index, one[0].number))
        return deep_of(named)

    def pair_attempts(self, side: Side, pair: int, kind: RerunKind = RerunKind.PAIR) -> tuple[Attempt, ...]:
        """The attempts of one fresh pair (or another rerun) on one side, in the order of its sessions."""
        found: dict[str, Attempt] = {}
        for session in self.pair_sessions(side, pair, kind):
            for attempt in session.attempts:
                found.setdefault(attempt.test_id, attempt)
        return tuple(found.values())

    def last_pair(self) -> int:
        """The number of the last fresh pair of which anything was recorded; 0 before the first."""
        return max((parse_name(path).pair for path in (self.path / "sessions").glob("*-pair*.jsonl")), default=0)

    def pair_selection(self, pair: int, kind: RerunKind = RerunKind.PAIR, *, side: Side | None = None) -> tuple[str, ...]:
        """The test ids that a fresh pair (or another rerun) was for, in order; empty where nothing of it was recorded."""
        for one in (side,) if side else tuple(Side):
            for session in self.pair_sessions(one, pair, kind):
                return session.selected or ()
        return ()

    def pair_sessions(self, side: Side, pair: int, kind: RerunKind = RerunKind.PAIR) -> Iterator[Session]:
        """The sessions of one fresh pair (or another rerun) on one side, in order."""
        for number in itertools.count(1):
            name = SessionName(side=side, pair=pair, shard=Shard(), number=number, kind=kind)
            path = self.session_path(name)
            if not path.exists():
                return
            yield read_session(path, name=name)

    def drop_pair(self, pair: int, kind: RerunKind = RerunKind.PAIR, *, side: Side | None = None) -> None:
        """Remove what was recorded of a fresh pair (or another rerun) that turned out to be no evidence; of one side alone where it is given."""
        for path in (self.path / "sessions").glob(f"{side.value if side else '*'}-{kind.value}{pair:02d}-*"):
            path.unlink()

    def write_plan_of(self, what: str, content: Mapping[str, object]) -> None:
        """Keep what a search or an A/A run is about (`harness.evidence.reruns`): `order.json`, `aa.json`."""
        self._write(f"{what}.json", content)

    def plan_of(self, what: str) -> dict[str, Any] | None:
        """What `write_plan_of` kept, None where there was none. Raises BundleError."""
        return self._read(f"{what}.json") if (self.path / f"{what}.json").exists() else None

    def infrastructure(self) -> tuple[InfrastructureFailure, ...]:
        """The infrastructure failures recorded so far."""
        path = self.path / "infrastructure.jsonl"
        if not path.exists():
            return ()
        try:
            lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
            return tuple(
                InfrastructureFailure(
                    kind=InfrastructureKind(line["kind"]),
                    message=line["message"],
                    hint=line["hint"],
                    side=Side(line["side"]) if line["side"] else None,
                )
                for line in lines
            )
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged(path.name, error) from None

    def _write(self, name: str, content: object) -> None:
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        with temporary.open("w", encoding="ascii") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            content = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self._damaged(name, error) from None
        if not isinstance(content, dict):
            raise self._damaged(name, TypeError("no object"))
        return content

    def _damaged(self, name: str, error: Exception) -> BundleError:
        return BundleError(
            f"a file of this bundle cannot be read ({type(error).__name__})",
            where=str(self.path / name),
            hint="Restore the bundle from a copy, or run the suite again.",
        )


def _policy(content: dict[str, Any]) -> ConfirmPolicy:
    """The policy that a run was begun with; what older versions did not write is off."""
    words = {"aa": AAFrequency(content.get("aa", AAFrequency.NEVER)), "vacuous": VacuousSampling(content.get("vacuous", VacuousSampling.NEVER))}
    return ConfirmPolicy(**{**content, **words})
