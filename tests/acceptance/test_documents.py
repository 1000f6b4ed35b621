"""The documents tell the truth: commands and options are documented, links lead somewhere, errors have their sections, examples load."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from harness import errors
from harness.cli import app as commands
from harness.model import InfrastructureKind

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), ROOT / "compose/demo/README.md"])
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _commands() -> dict[str, typer.core.TyperCommand]:
    group = typer.main.get_group(commands._typer())
    found: dict[str, typer.core.TyperCommand] = {}
    for name, command in group.commands.items():
        below = getattr(command, "commands", None)
        found |= {name: command} if below is None else {f"{name} {inner}": one for inner, one in below.items()}
    return found


def _section(name: str) -> str:
    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    head, _, rest = text.partition(f"\n## shadow {name}\n")
    assert rest, f"docs/commands.md has no section on shadow {name}"
    return head.split("\n## ")[0] + rest.split("\n## ")[0]


@pytest.mark.parametrize("name", sorted(_commands()))
def test_every_option_is_documented(name: str) -> None:
    section = _section(name)
    options = {option for parameter in _commands()[name].params for option in (*parameter.opts, *parameter.secondary_opts) if option.startswith("-")}
    assert not {option for option in options if f"`{option}" not in section}


def test_no_command_is_documented_that_does_not_exist() -> None:
    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## shadow (.+)$", text, re.MULTILINE)) == set(_commands())


def _slugs() -> set[str]:
    def below(kind: type[errors.ShadowError]) -> set[str]:
        return {kind.slug}.union(*(below(sub) for sub in kind.__subclasses__()))

    return below(errors.ShadowError) - {errors.ShadowError.slug} | {"internal"}


def test_every_error_has_its_section() -> None:
    text = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## (.+)$", text, re.MULTILINE)) == _slugs()


def test_every_kind_of_infrastructure_failure_is_explained() -> None:
    text = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    assert not {kind for kind in InfrastructureKind if f"| `{kind}` |" not in text}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in _LINK.findall(document.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        assert linked.exists(), f"{document.name} links to {target}"
        if anchor:
            assert anchor in {_anchor(title) for title in re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)}


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_blocks_of_data_can_be_parsed(document: Path) -> None:
    for language, block in _BLOCK.findall(document.read_text(encoding="utf-8")):
        if language == "toml":
            tomllib.loads(block)
        elif language in {"yaml", "yml"}:
            assert yaml.safe_load(block)


def test_commands_in_blocks_exist() -> None:
    known = {name.split()[0] for name in _commands()} | {"store"}
    for document in DOCUMENTS:
        for language, block in _BLOCK.findall(document.read_text(encoding="utf-8")):
            if language in {"sh", "bash", "console", "yaml"}:
                used = set(re.findall(r"(?:^|run: |&& |\$ )shadow ([a-z]+)", block, re.MULTILINE))
                assert used <= known, f"{document.name}: {used - known}"
