"""docs/configuration.md, the JSON Schema, the example and what `load` takes say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from harness.config import example, json_schema, load
from harness.config.notation import value_text
from harness.config.schema import node_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.config.places import Key

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "configuration.md").read_text()
ROWS = {key: row for row in DOCUMENT.splitlines() if row.startswith("| `") for key in [row.split("`")[1]]}


def documented_keys(node: Mapping[str, Any], key: Key = ()) -> dict[str, Key]:
    """The keys of the schema as the document names them, each with a key that leads to it."""
    found: dict[str, Key] = {}
    for name in node.get("properties", {}):
        full = (*key, name)
        inner = node_at(full) or {}
        shown = re.sub(r"environments\.(legacy|shadow)", "environments.SIDE", ".".join(map(str, full)))
        found[shown] = full
        found |= documented_keys(inner, full)
    if key == ("effects", "allow"):
        found |= {
            name.replace("effects.allow.*", "effects.allow.NAME"): full
            for name, full in documented_keys(node_at((*key, "*")) or {}, (*key, "*")).items()
        }
    return found


KEYS = documented_keys(json_schema())


@pytest.mark.parametrize("shown", sorted(KEYS))
def test_every_key_is_documented(shown: str) -> None:
    if shown.count(".") and (node_at(KEYS[shown]) or {}).get("type") != "object":
        assert shown in ROWS
    else:
        assert f"`{shown}`" in DOCUMENT or shown == "environments.SIDE"


@pytest.mark.parametrize("shown", sorted(ROWS))
def test_every_documented_key_exists_with_its_default(shown: str) -> None:
    node = node_at(KEYS[shown]) or {}
    default = ROWS[shown].split("|")[3].strip()
    if "default" in node:
        assert default == f"`{value_text(node['default'])}`"
    elif node.get("type") == "object":
        assert default == "`{}`"
    else:
        assert default in {"none", "required"}


def test_required_keys_are_documented_as_such() -> None:
    for shown, key in KEYS.items():
        parent = node_at(key[:-1]) or {}
        if shown in ROWS:
            assert (ROWS[shown].split("|")[3].strip() == "required") == (key[-1] in parent.get("required", ()))


def test_every_property_has_a_description() -> None:
    assert all((node_at(key) or {}).get("description") for key in KEYS.values())


def test_the_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def blocks() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)


OTHER_SIDE = """
[environments.legacy]
data = { DATABASE_URL = "sqlite:///legacy.sqlite" }
dataset = { kind = "production_copy" }
"""
SHADOW = """
[environments.shadow]
data = { DATABASE_URL = "sqlite:///shadow.sqlite" }
dataset = { kind = "synthetic" }
"""
COMPLETED = {"Example": "", "mvn": OTHER_SIDE + SHADOW, "docker": '[suite]\nname = "videostore"\n' + OTHER_SIDE}


@pytest.mark.parametrize(("block", "rest"), list(zip(blocks(), COMPLETED.values(), strict=True)), ids=COMPLETED)
def test_the_examples_of_the_document_load(tmp_path: Path, block: str, rest: str) -> None:
    (tmp_path / "masking.toml").touch()
    (tmp_path / "compose").mkdir()
    (tmp_path / "compose" / "shadow.yaml").touch()
    file = tmp_path / "shadow.toml"
    file.write_text(block + rest)
    assert load(file).suite.name == "videostore"
    validate(file.read_text())


def validate(text: str) -> None:
    instance = tomllib.loads(text)
    for allowance in instance.get("effects", {}).get("allow", {}).values():
        allowance["until"] = str(allowance["until"])
    jsonschema.Draft202012Validator(json_schema()).validate(instance)


@pytest.mark.parametrize("name", ["shop", 'a "quoted" \\ name', "señal {x}", "\U0001f600"])
def test_the_example_loads_as_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "tests {1}").mkdir()
    text = example(name, "tests {1}")
    (tmp_path / "shadow.toml").write_text(text, encoding="utf-8")
    config = load(start=tmp_path)
    assert config.suite.name == name
    assert config.suite.root == tmp_path / "tests {1}"
    validate(text)


def test_the_example_loads_with_everything_uncommented(tmp_path: Path) -> None:
    text = re.sub(r"^# (\w+ = )", r"\1", example("shop", "."), flags=re.MULTILINE)
    (tmp_path / "shadow.toml").write_text(text)
    config = load(start=tmp_path)
    assert config.suite.pass_env == ("JAVA_HOME",)
    assert config.effects.allow["payments"].owner == "payments"
    assert config.environments.shadow.settings == {"FEATURE_X": "1"}
