"""The JSON Schema of the configuration, and look-ups in it: which keys a table knows, what a key expects."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from harness.config.environment import DOCKER_ONLY
from harness.config.model import Config
from harness.config.notation import key_text, value_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.config.places import Key

_ARTICLES = {"string": "a string", "boolean": "a boolean", "array": "an array", "object": "a table", "integer": "an integer", "number": "a number"}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `shadow.toml`, each property with its description, for editors and for `shadow config --schema`."""
    schema: dict[str, Any] = _cleaned(Config.model_json_schema(mode="validation"))
    schema["$defs"]["Environment"] |= {
        "if": {"properties": {"runner": {"const": "docker"}}, "required": ["runner"]},
        "then": {"anyOf": [{"required": ["image"]}, {"required": ["build"]}]},
        "else": {"properties": dict.fromkeys(DOCKER_ONLY, False)},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "shadow.toml"} | schema


def node_at(key: Key) -> Mapping[str, Any] | None:
    """The part of the schema that describes a key; None where the key is unknown."""
    root = _schema()
    node: Mapping[str, Any] | None = root
    for part in key:
        if node is None:
            return None
        node = _followed(_child(node, part), root)
    return node


def known_keys(table: Key) -> tuple[str, ...]:
    """The keys that a table knows, in the order in which they are documented; none where it takes any."""
    node = node_at(table)
    return tuple(node.get("properties", ())) if node else ()


def all_keys(table: Key = ()) -> Iterator[Key]:
    """Every key of the schema, tables before what is in them; the free names of a table are left out."""
    for name in known_keys(table):
        yield (*table, name)
        yield from all_keys((*table, name))


def expectation(key: Key) -> str | None:
    """What a key expects, in words with an example; None where the key is unknown."""
    node = node_at(key)
    if node is None:
        return None
    words = _words(node)
    if node.get("examples") and "enum" not in node:
        example = value_text(node["examples"][0])
        words += f", such as {key_text((key[-1],))} = {example}" if isinstance(key[-1], str) else f", such as {example}"
    return words


def _words(node: Mapping[str, Any]) -> str:
    if "enum" in node:
        return f"one of {', '.join(value_text(item) for item in node['enum'])}"
    if "anyOf" in node:
        return " or ".join(_words(item) for item in node["anyOf"])
    if "const" in node:
        return value_text(node["const"])
    if node.get("format") == "date":
        return "a date without quotes, such as 2027-01-31"
    kinds = node.get("type", "value")
    words = " or ".join(_ARTICLES.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))
    if node.get("type") == "array" and isinstance(node.get("items"), dict):
        words += " of strings" if node["items"].get("type") == "string" else ""
    bounds = [("exclusiveMinimum", "above"), ("minimum", "at least"), ("exclusiveMaximum", "below"), ("maximum", "at most")]
    limits = [f"{word} {node[name]:g}" if isinstance(node[name], float) else f"{word} {node[name]}" for name, word in bounds if name in node]
    return f"{words} {' and '.join(limits)}" if limits else words


@cache
def _schema() -> dict[str, Any]:
    return json_schema()


def _child(node: Mapping[str, Any], part: str | int) -> Mapping[str, Any] | None:
    named = node.get("properties", {}).get(part, node.get("additionalProperties"))
    child = node.get("items") if isinstance(part, int) else named
    return child if isinstance(child, dict) else None


def _followed(node: Mapping[str, Any] | None, root: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A node with what it refers to put under what it says itself (its description)."""
    if node is None or "$ref" not in node:
        return node
    target: dict[str, Any] = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return target | {name: value for name, value in node.items() if name != "$ref"}


def _cleaned(node: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A schema without what TOML cannot say (null) and without the titles that repeat the keys."""
    if isinstance(node, list):
        return [_cleaned(item) for item in node]
    if not isinstance(node, dict):
        return node
    clean = {name: _cleaned(item) for name, item in node.items() if not (name == "title" and isinstance(item, str))}
    if clean.get("default", ...) is None:
        del clean["default"]
    options = [option for option in clean.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        del clean["anyOf"]
        clean = options[0] | clean
    elif options:
        clean["anyOf"] = options
    return clean
