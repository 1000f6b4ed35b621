"""Files as a patch reads and changes them: what is looked at in part comes to what the whole would."""

import ast
import random
from pathlib import Path

import pytest

from runners.patching.project import Project
from runners.patching.shown import shown_diff
from runners.patching.source import Edit, Source, UnpatchableError, changed

_TEXT = '''"""Words."""
import os; import sys
ROWS = [
    1,
    2,
]; MORE = 3


@decorated(
    1,
)
def test_one(shop):
    """Words."""
    assert shop.customer(17) == {"name": "Ada"}
    if shop:
        return f"{shop}"


class TestMany:
    LIMIT = 4

    def test_two(self):
        for one in (1, 2):
            assert one < self.LIMIT
try:
    import json
except ImportError:
    json = None
else:
    LAST = 1 + \\
        2
'''
_NEW = (
    "",
    "x",
    "(",
    ")",
    "\n",
    "\ndef f():\n    pass\n",
    "    pass\n",
    "else:\n    x = 1\n",
    '"""',
    "# word\n",
    "; y = 2",
    "\\\n",
    "@d\n",
    "\t",
    "'",
)


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def test_a_change_is_refused_where_the_whole_file_would_not_parse_and_only_there() -> None:
    chance = random.Random(7)
    source, refused = Source("a.py", _TEXT), 0
    for _ in range(4_000):
        start = chance.randrange(len(_TEXT) + 1)
        edits = [Edit(path="a.py", start=start, end=min(len(_TEXT), start + chance.choice((0, 0, 1, 3, 20))), new=chance.choice(_NEW))]
        if chance.random() < 0.3 and edits[0].end < len(_TEXT):
            later = chance.randrange(edits[0].end, len(_TEXT))
            edits.append(Edit(path="a.py", start=later, end=later, new=chance.choice(_NEW)))
        text = _TEXT
        for edit in sorted(edits, reverse=True):
            text = text[: edit.start] + edit.new + text[edit.end :]
        if _parses(text):
            found = changed({"a.py": source}, edits)
            assert {path: one.text for path, one in found.items()} == ({"a.py": text} if text != _TEXT else {})
            assert all(ast.dump(one.tree) == ast.dump(ast.parse(text)) for one in found.values())
        else:
            refused += 1
            with pytest.raises(UnpatchableError, match="would not parse"):
                changed({"a.py": source}, edits)
    assert 1_000 < refused < 3_500


def test_what_a_node_stands_in_is_known_wherever_it_stands() -> None:
    source = Source("a.py", _TEXT)
    parent_of = {child: parent for parent in ast.walk(source.tree) for child in ast.iter_child_nodes(parent)}
    looked_at = [node for node in ast.walk(source.tree) if isinstance(node, ast.stmt | ast.expr)]
    assert len(looked_at) > 50
    for node in looked_at:
        expected, here = [], parent_of.get(node)
        while here is not None:
            expected.append(here)
            here = parent_of.get(here)
        assert list(source.parents(node)) == expected


def test_functions_and_the_indentation_are_found_among_the_statements() -> None:
    source = Source("a.py", _TEXT)
    assert [one.name for one in source.functions()] == ["test_one", "test_two"]
    assert source.step == "    "


def test_files_that_name_a_word_most_often_come_first(tmp_path: Path) -> None:
    for name, text in (("a", "ROW = 1\n"), ("b", "from a import ROW\nassert ROW\n"), ("c", "from a import ROW\n"), ("d", "ROWS = 2\n")):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    project = Project(tmp_path, ["a.py", "b.py", "c.py", "d.py"])
    assert project.naming("ROW", {}) == ["b.py", "a.py", "c.py"]
    assert project.naming("ROW", {"b.py": Source("b.py", "assert 1\n"), "d.py": Source("d.py", "ROW = ROW = ROW = 1\n")}) == ["d.py", "a.py", "c.py"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("".join(f"{n}\n" for n in range(40)), "".join(f"{n}\n" for n in range(40)).replace("20\n", "x\ny\n")),
        ("".join(f"{n}\n" for n in range(40)), "top\n" + "".join(f"{n}\n" for n in range(40)) + "end\n"),
        ("".join(f"{n}\n" for n in range(40)), "".join(f"{n}\n" for n in range(40) if n not in {4, 30})),
        ("one\n" * 9, "one\n" * 10),
        ("a\n", "a\nb\n"),
    ],
)
def test_a_shown_diff_can_be_read_back(before: str, after: str) -> None:
    lines = shown_diff({"a.py": before}, {"a.py": after}, [], ()).splitlines()[2:]
    old, new, made = before.splitlines(), after.splitlines(), []
    place = 0
    for line in lines:
        if line.startswith("@@"):
            first, _, count = line.split()[1].lstrip("-").partition(",")
            start = int(first) - (count != "0")
            made += old[place:start]
            place = start
        elif line[0] in " -":
            assert old[place] == line[1:]
            place += 1
            made += [line[1:]] if line[0] == " " else []
        else:
            made.append(line[1:])
    assert made + old[place:] == new
    assert all(len(context) <= 3 for context in "".join(line[0] for line in lines).replace("@", "|").replace("+", "|").replace("-", "|").split("|"))
