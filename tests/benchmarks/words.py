"""Words of the messages that Python, pytest and common drivers raise, which the shapes of messages do not keep yet.

python -m tests.benchmarks.words [--least N]

Reads what `raise`, `fail` and `exit` are given in the sources of the standard library and of installed packages, and the texts of messages in the
libraries that they are built with. Prints the words that at least N messages hold, the commonest first, without those that Faker knows for a part of
a given name, a surname, a town, a street, a region, a country or a company in any of its languages: those stay out of the vocabulary of
runners/probe/shadow_harness_shapes.py. What is left is for a person to look through.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import re
import string
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from faker.config import AVAILABLE_LOCALES

from runners.probe.shadow_harness_shapes import EXACT_WORDS, VOCABULARY

PACKAGES = ("_pytest", "sqlalchemy", "psycopg", "psycopg_binary", "pymysql", "requests", "urllib3", "httpx", "httpcore", "sqlite3")
_LEFT_OUT = frozenset({"test", "tests", "idlelib", "lib2to3", "turtledemo", "tkinter", "site-packages", "ensurepip", "distutils", "pydoc_data"})
_RAISING = frozenset({"fail", "exit", "skip", "error", "warn", "UsageError", "raise_for"})
_MESSAGE = re.compile(rb"[\x20-\x7e]{12,400}")
_FIELD = re.compile(r"%(?:\([^)]*\))?[-+ #0*]*(?:\d+|\*)?(?:\.(?:\d+|\*))?l{0,2}z?[a-zA-Z%]|\{[^{}]*\}")
_WORD = re.compile(r"[A-Za-z]+(?:'(?:t|s))?")
_OF_NAMES = re.compile(r"name|prefix|suffix|cit(?:y|ies)|town|street|state|provinc|region|district|village|countr|compan|county")


def messages() -> Iterator[str]:
    """The texts of messages, without what is filled in."""
    for folder in (Path(sysconfig.get_path("stdlib")), *(Path(str(importlib.import_module(name).__path__[0])) for name in PACKAGES)):
        for path in folder.rglob("*"):
            if _LEFT_OUT.isdisjoint(path.relative_to(folder).parts[:-1]):
                if path.suffix == ".py":
                    yield from _raised(path)
                elif ".so" in path.suffixes:
                    yield from _built_in(path)
    library = Path(str(sysconfig.get_config_var("LIBDIR")), str(sysconfig.get_config_var("INSTSONAME")))
    yield from _built_in(library if library.exists() else Path(sys.executable).resolve())
    for name in ("psycopg_binary.libs",):  # libpq
        for path in (Path(str(importlib.import_module("psycopg").__path__[0])).parent / name).glob("libpq*"):
            yield from _built_in(path)
    for path in Path("/usr/lib").rglob("libsqlite3.so*"):
        yield from _built_in(path)


def _raised(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        given: list[ast.expr] = []
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            given = [*node.exc.args, *(one.value for one in node.exc.keywords)]
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
            given = node.args if name in _RAISING or name.endswith(("Error", "Exception")) else []
        texts = [one.value for arg in given for one in ast.walk(arg) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        yield from (text for text in texts if " " in text)


def _built_in(path: Path) -> Iterator[str]:
    for found in _MESSAGE.finditer(path.read_bytes()):
        text = found.group().decode("ascii")
        if text.count(" ") >= 2 and not set("{}<>;\\") & set(_FIELD.sub("", text)) and re.fullmatch(r"[\w\s%'\"().,:\-*/=+]+", text):
            yield text


def names() -> frozenset[str]:
    """Words of names of people, places and companies, in lower case."""
    found: set[str] = set()
    for kind in ("person", "address", "company"):
        for locale in AVAILABLE_LOCALES:
            try:
                provider = importlib.import_module(f"faker.providers.{kind}.{locale}").Provider
            except ImportError:
                continue
            for attribute in dir(provider):
                if _OF_NAMES.search(attribute) and "format" not in attribute:
                    found.update(_words_in(getattr(provider, attribute)))
    return frozenset(found)


def _words_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from (word.casefold() for word in re.findall(r"[^\W\d_]+", value))
    elif isinstance(value, dict):
        for one in (*value, *value.values()):
            yield from _words_in(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _words_in(one)


def counted() -> dict[str, int]:
    """How many different messages hold a word that is not kept."""
    held: dict[str, set[str]] = defaultdict(set)
    for message in messages():
        for word in _WORD.findall(_FIELD.sub(" ", message)):
            if len(word) > 2 and (word.islower() or (word.istitle() and message.startswith(word))):
                held[word.lower()].add(message)
    known = {word.lower() for word in VOCABULARY | EXACT_WORDS}
    return {word: len(several) for word, several in held.items() if word not in known and set(word) <= set(string.ascii_lowercase + "'")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--least", type=int, default=2)
    options = parser.parse_args()
    found, refused = counted(), names()
    for word, count in sorted(found.items(), key=lambda one: (-one[1], one[0])):
        if count >= options.least and word not in refused:
            print(count, word)


if __name__ == "__main__":
    main()
