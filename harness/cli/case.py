"""`shadow case`: synthetic cases, made of divergent tests, looked through, loaded into shadow's data and proven."""

from __future__ import annotations

import json as jsonlib
import re
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from rich.table import Table

from harness.cli import console
from harness.cli.options import Colour, ColourOption, ConfigOption, JsonFlag, WorkdirOption
from harness.cli.project import recorded_id
from harness.config import load as load_configuration
from harness.errors import ExitCode, UsageError
from harness.pipeline import prove_case, workplace
from harness.pipeline.cases import Cases, cases_of, read_case, write_case
from harness.pipeline.cases.document import case_text
from harness.pipeline.cases.use import MOST_ROWS

if TYPE_CHECKING:
    from harness.model.case import Case, Proof

CaseFile = Annotated[Path, typer.Argument(metavar="FILE", help="File of a case.")]
DatabaseOption = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time
    typer.Option("--database", metavar="URL", help="Shadow's database, with a user who may write; default: that of the configuration."),
]


def commands() -> typer.Typer:
    """The commands of `shadow case`."""
    group = typer.Typer(help="Synthetic cases: rows for shadow's data that a divergent test needs, with invented values.", no_args_is_help=True)
    for command in (make, show, check, load, remove, prove, sql, list_loaded):
        group.command("list" if command is list_loaded else command.__name__)(command)
    return group


def make(
    test_id: Annotated[str, typer.Argument(metavar="TEST_ID", help="A divergent test of a run.")],
    run: Annotated[Optional[str], typer.Option("--run", metavar="RUN", help="The run that shows it; default: the newest.")] = None,  # noqa: UP045
    out: Annotated[Optional[Path], typer.Option("--out", metavar="FILE", help="File to write; - is standard output.")] = None,  # noqa: UP045
    rows: Annotated[int, typer.Option("--rows", help="The most rows that a case may have.", min=1)] = MOST_ROWS,
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    json: JsonFlag = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """Make the case of a divergent test: the structure of what it finds in legacy's data, with invented values, as a file to look through."""
    cases = _cases(config, workdir)
    test_id = recorded_id(test_id, cases.place.workdir)
    made = cases.make(test_id, run_id=run, most=rows)
    if out is not None and str(out) == "-":
        typer.echo(case_text(made), nl=False)
        return ExitCode.OK
    path = out or Path(f"{_file_name(test_id)}.case.toml")
    write_case(made, path)
    if json:
        typer.echo(jsonlib.dumps({"case": str(path), **_as_json(made)}, indent=1))
    else:
        _print(made, color)
        console.results(color).print(f"case: {path}", markup=False, soft_wrap=True)
    return ExitCode.OK


def show(file: CaseFile, json: JsonFlag = False, color: ColourOption = Colour.AUTO) -> int:  # noqa: FBT002
    """Show what a case is for and what it holds."""
    case = read_case(file)
    if json:
        typer.echo(jsonlib.dumps(_as_json(case), indent=1))
    else:
        _print(case, color)
    return ExitCode.OK


def check(
    file: CaseFile,
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    json: JsonFlag = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """See that a case holds no value of the production copy (exit code 4 where it does)."""
    held = _cases(config, workdir).check(read_case(file))
    if json:
        typer.echo(jsonlib.dumps({"safe": not held, "held": [asdict(one) for one in held]}, indent=1))
        return ExitCode.UNSAFE if held else ExitCode.OK
    out = console.results(color)
    for one in held:
        out.print(f"{one.row}: {one.column}: {one.reason}", markup=False, soft_wrap=True)
    out.print(f"{len(held)} values of the production copy" if held else "no value of the production copy", markup=False)
    return ExitCode.UNSAFE if held else ExitCode.OK


def load(
    file: CaseFile,
    prove: Annotated[bool, typer.Option("--prove", help="Run the test before and after; a case that does not help is removed.")] = False,  # noqa: FBT002
    database: DatabaseOption = None,
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    json: JsonFlag = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """Load a case into shadow's database, in one transaction. Loading it twice changes nothing."""
    case = read_case(file)
    cases = _cases(config, workdir, database)
    if prove:
        return _proven(cases, case, keep=True, json=json, color=color)
    loaded, is_new = cases.load(case)
    if json:
        typer.echo(jsonlib.dumps({"loaded": is_new, "rows": case.counts(), "case": loaded.digest}, indent=1))
    else:
        counts = ", ".join(f"{count} of {table}" for table, count in case.counts().items())
        console.results(color).print(f"{'loaded' if is_new else 'is loaded already'}: {counts}", markup=False, soft_wrap=True)
    return ExitCode.OK


def remove(
    file: CaseFile,
    database: DatabaseOption = None,
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    json: JsonFlag = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """Delete exactly the rows that loading this case inserted."""
    case = read_case(file)
    count = _cases(config, workdir, database).remove(case)
    if json:
        typer.echo(jsonlib.dumps({"removed": count, "rows": len(case.rows)}, indent=1))
    else:
        gone = f"; {len(case.rows) - count} were gone already" if count < len(case.rows) else ""
        console.results(color).print(f"removed: {count} rows{gone}", markup=False)
    return ExitCode.OK


def prove(
    file: CaseFile,
    database: DatabaseOption = None,
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    json: JsonFlag = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """Run the test on both sides before and after loading the case, and leave shadow's data as they are (exit code 1 where it does not pass)."""
    return _proven(_cases(config, workdir, database), read_case(file), keep=False, json=json, color=color)


def sql(
    file: CaseFile,
    dialect: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--dialect", help="sqlite, postgresql, mysql or mariadb; default: that of shadow's database."),
    ] = None,
    first_key: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--first-key", metavar="N", help="Count new keys from here; default: what is free in shadow's database."),
    ] = None,
    anchor: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--anchor", metavar="DAY", help="The day that moments count from; default: the latest in shadow's database."),
    ] = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    json: JsonFlag = False,  # noqa: FBT002
) -> int:
    """Print a case as INSERT statements, for data that is loaded from SQL."""
    told = _cases(config, workdir, database).sql(read_case(file), dialect=dialect, first_key=first_key, anchor=_day(anchor))
    typer.echo(jsonlib.dumps({"statements": list(told)}, indent=1, ensure_ascii=False) if json else "\n".join(told))
    return ExitCode.OK


def list_loaded(
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    json: JsonFlag = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """List the cases that are loaded."""
    loaded = list(_cases(config, workdir).ledger)
    if json:
        content = [{"case": one.digest, "test": one.test_id, "loaded_at": one.loaded_at, "rows": len(one.rows)} for one in loaded]
        typer.echo(jsonlib.dumps(content, indent=1))
        return ExitCode.OK
    table = Table("case", "test", "loaded", "rows")
    for one in loaded:
        table.add_row(one.digest, one.test_id, one.loaded_at, str(len(one.rows)))
    console.results(color).print(table if loaded else "no case is loaded")
    return ExitCode.OK


def _cases(config: Path | None, workdir: Path | None, database: str | None = None) -> Cases:
    loaded = load_configuration(config)
    return cases_of(loaded, workplace(loaded.base, workdir=workdir), database=database)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError("this is no day", where="--anchor", expected="YYYY-MM-DD") from None


def _file_name(test_id: str) -> str:
    return re.sub(r"[^\w-]+", "_", test_id.rpartition("::")[2]).strip("_") or "test"


def _proven(cases: Cases, case: Case, *, keep: bool, json: bool, color: Colour) -> int:
    remarks = console.remarks(color)
    proof = prove_case(cases, case, keep=keep, tell=lambda text: remarks.print(text, markup=False))
    if json:
        typer.echo(jsonlib.dumps({"proven": proof.holds, **asdict(proof)}, indent=1))
    else:
        _print_proof(proof, color)
    return ExitCode.OK if proof.holds else ExitCode.DIVERGENT


def _print_proof(proof: Proof, color: Colour) -> None:
    out = console.results(color)
    table = Table("", "legacy", "shadow")
    for name, legacy, shadow in (("before", proof.legacy_before, proof.shadow_before), ("after", proof.legacy_after, proof.shadow_after)):
        table.add_row(name, legacy.value if legacy else "-", shadow.value if shadow else "-")
    out.print(table)
    out.print(
        "proven: with this case the test passes on shadow" if proof.holds else f"not proven{f': {proof.obstacle}' if proof.obstacle else ''}",
        markup=False,
    )


def _print(case: Case, color: Colour) -> None:
    out = console.results(color)
    what = f"{case.kind.value}{f' ({case.pattern.value})' if case.pattern else ''} {case.entity}"
    out.print(f"{case.test_id}\n{what}: {case.sentence}", markup=False, soft_wrap=True)
    for fact in case.facts:
        out.print(f"  kept: {fact}", markup=False, soft_wrap=True)
    for name in case.named:
        out.print(f"  {name} holds what the test's own source names", markup=False, soft_wrap=True)
    if case.note:
        out.print(f"  {case.note}", markup=False, soft_wrap=True)
    for change in case.changes:
        out.print(f"  needs a change at {change.path}:{change.line}: the test names a real record there", markup=False, soft_wrap=True)


def _as_json(case: Case) -> dict[str, Any]:
    return {
        "test": case.test_id,
        "kind": case.kind.value,
        "pattern": case.pattern.value if case.pattern else None,
        "entity": case.entity,
        "rows": case.counts(),
        "note": case.note or None,
        "facts": list(case.facts),
        "named_by_test": list(case.named),
        "needs_change": [f"{one.path}:{one.line}" for one in case.changes],
    }
