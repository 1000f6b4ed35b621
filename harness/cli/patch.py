"""`shadow patch`: suggested changes of the suite that make divergent tests independent of the data."""

from __future__ import annotations

import json as jsonlib
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from harness.cli import console
from harness.cli.compare import recorded_bundle
from harness.cli.options import Colour, ColourOption, ConfigOption, JsonFlag, WorkdirOption
from harness.cli.project import recorded_id
from harness.config import load
from harness.errors import ExitCode, UsageError
from harness.pipeline import suggest_patches, workplace
from harness.pipeline.suggestions.asking import Asked

if TYPE_CHECKING:
    from rich.console import Console

    from harness.pipeline.suggestions.asking import PatchAnswer, PatchAnswers


def patch(
    test_id: Annotated[Optional[str], typer.Argument(metavar="TEST_ID", help="A divergent test whose remedy is make_data_agnostic.")] = None,  # noqa: UP045
    every: Annotated[bool, typer.Option("--all", help="All tests that a patch is for: a diff for each cluster.")] = False,  # noqa: FBT002
    run: Annotated[Optional[str], typer.Option("--run", metavar="RUN", help="Run id; default: the newest finished run.")] = None,  # noqa: UP045
    prove: Annotated[bool, typer.Option("--prove", help="Run the patched tests on both sides, in a private copy of the suite.")] = False,  # noqa: FBT002
    apply: Annotated[bool, typer.Option("--apply", help="Change the files of the suite; with --prove only where it is proven.")] = False,  # noqa: FBT002
    config: ConfigOption = None,
    workdir: WorkdirOption = None,
    json: JsonFlag = False,  # noqa: FBT002
    color: ColourOption = Colour.AUTO,
) -> int:
    """Print a diff that takes a test's record from a fixture or a query, so that any dataset will do.

    What is printed is for reading: tokens such as email:7f3a91 stand for the values that the suite holds. --apply is what edits. Exit codes: 0 made,
    and proven where that was asked for; 1 not; 2 usage; 3 an environment or a database failed.
    """
    if (test_id is None) == (not every):
        raise UsageError("one test, or --all", expected="shadow patch TEST_ID, or shadow patch --all")
    loaded = load(config)
    place = workplace(loaded.base, workdir=workdir)
    chosen, bundle = recorded_bundle(place, run)
    test_id = recorded_id(test_id, place.workdir) if test_id is not None else None
    found = suggest_patches(loaded, place, Asked(run=chosen, bundle=bundle, test_id=test_id, proven=prove, apply=apply))
    if json:
        typer.echo(jsonlib.dumps(_as_json(found), indent=1))
    else:
        _print(found, console.results(color))
    good = all(not one.obstacle and (not prove or (one.proof is not None and one.proof.proven)) for one in found.answers)
    return ExitCode.OK if good else ExitCode.DIVERGENT


def _print(found: PatchAnswers, out: Console) -> None:
    for cluster, diff in found.diffs:
        if len(found.diffs) > 1:
            out.print(f"# cluster {cluster or 'none'}", markup=False, highlight=False, soft_wrap=True)
        typer.echo(diff, nl=False)
    for one in found.answers:
        out.print(f"{one.function}: {_said(one)}", markup=False, highlight=False, soft_wrap=True)
        for note in one.notes:
            out.print(f"  note: {note}", markup=False, highlight=False, soft_wrap=True)
    if found.applied:
        out.print(f"changed: {', '.join(found.applied)}", markup=False, highlight=False, soft_wrap=True)
    elif found.diffs:
        out.print("This is for reading: tokens stand for values of the production copy. --apply edits the files.", markup=False, soft_wrap=True)


def _said(one: PatchAnswer) -> str:
    if one.obstacle:
        return f"no patch: {one.obstacle}"
    if one.proof is None:
        return "not proven: --prove runs it on both sides"
    return f"{'proven' if one.proof.proven else 'not proven'}: {one.proof.legacy} on legacy, {one.proof.shadow} on shadow"


def _as_json(found: PatchAnswers) -> dict[str, Any]:
    return {
        "run": found.run,
        "patches": [
            {
                "function": one.function,
                "tests": list(one.tests),
                "cluster": one.cluster,
                "made": not one.obstacle,
                "obstacle": one.obstacle,
                "notes": list(one.notes),
                "proven": None if one.proof is None else one.proof.proven,
                "legacy": None if one.proof is None else one.proof.legacy,
                "shadow": None if one.proof is None else one.proof.shadow,
                "diff": one.diff,
            }
            for one in found.answers
        ],
        "applied": list(found.applied),
    }
