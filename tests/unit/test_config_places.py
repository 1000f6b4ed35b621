"""Every key of a TOML text has its place, whatever way it is written."""

from __future__ import annotations

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.config.notation import key_text, string_text, value_text
from harness.config.places import Key, Mark, Places, marks_of

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
SCALARS = st.integers(-9, 9) | st.booleans() | WORDS
NOISE = st.sampled_from(["", "# k0 = 1\n", "\n", "# [k1]\n", "\t"])


class _Writer:
    """Writes TOML in every style, in which every key's last part is another one: a place is right if the right word stands there."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.numbers = iter(range(10_000))

    def several(self, least: int = 0) -> range:
        return range(self.draw(st.integers(least, 3)))

    def key(self) -> str:
        name = f"k{next(self.numbers)}"
        suffix = self.draw(st.sampled_from(["", " é", '"', "\\", ".", "'", "\U0001f600", "#"]))
        return string_text(name + suffix) if suffix or self.draw(st.booleans()) else name

    def dotted(self) -> str:
        return self.draw(st.sampled_from([".", " . ", "\t."])).join(self.key() for _ in self.several(1))

    def value(self, depth: int = 0) -> str:
        kinds = ["scalar", "multiline", "literal", "array", "table"] if depth < 3 else ["scalar"]
        match self.draw(st.sampled_from(kinds)):
            case "multiline":
                return '"""\nk0 = 1\n[k1]\n\\"""\n"""'
            case "literal":
                return "'''\n[k2]\nk3 = [\n'''"
            case "array":
                gap = self.draw(st.sampled_from(["", " ", "\n", "# ; ]\n"]))
                return f"[{gap}{', '.join(self.value(depth + 1) + gap for _ in self.several())}\n]"
            case "table":
                return f"{{ {', '.join(f'{self.dotted()} = {self.value(depth + 1)}' for _ in self.several())} }}"
        return value_text(self.draw(SCALARS))

    def pairs(self) -> str:
        return "".join(f"{self.draw(NOISE)}{self.dotted()} = {self.value()}\n" for _ in self.several())

    def section(self) -> str:
        head = self.dotted()
        if self.draw(st.booleans()):
            return f"{self.draw(NOISE)}[{head}]\n{self.pairs()}"
        elements = [f"[[ {head} ]]  # again\n{self.pairs()}" for _ in self.several(1)]
        return "".join(element + (f"[{head}.{self.key()}]\n{self.pairs()}" if self.draw(st.booleans()) else "") for element in elements)


@st.composite
def documents(draw: st.DrawFn) -> str:
    writer = _Writer(draw)
    text = writer.pairs() + "".join(writer.section() for _ in writer.several())
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def keys_in(value: object, key: Key = ()) -> set[Key]:
    found = {key} if key else set()
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, child in children:
        found |= keys_in(child, (*key, part))
    return found


@settings(deadline=None)
@given(documents())
def test_every_key_is_placed_where_its_last_part_stands(text: str) -> None:
    marks = marks_of(text)
    assert set(marks) == keys_in(tomllib.loads(text))
    lines = text.split("\n")
    for key, mark in marks.items():
        rest = lines[mark.line - 1][mark.column - 1 :]
        if isinstance(key[-1], str):
            assert rest.startswith((key[-1], string_text(key[-1])))


@settings(deadline=None)
@given(WORDS)
def test_strings_and_keys_survive_their_notation(text: str) -> None:
    assert tomllib.loads(f"{key_text((text,))} = {value_text({text: [text, True, 1]})}") == {text: {text: [text, True, 1]}}


def test_a_key_without_a_place_has_that_of_the_table_around_it() -> None:
    places = Places(file="shadow.toml", marks=marks_of("\n[suite]\n"))
    assert places.mark(("suite", "name")) == Mark(2, 2)
    assert places.where(("suite", "name")) == "shadow.toml:2:2: suite.name"
    assert places.where(("confirm",)) == "shadow.toml: confirm"


def test_syntax_of_a_later_toml_falls_back_to_the_table_around_it() -> None:
    marks = marks_of("[suite]\nname = {\n a = 1,\n}\n")
    assert marks["suite",] == Mark(1, 2)
