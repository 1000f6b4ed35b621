"""Templates of messages: nothing of the data survives, and what engineers need to read does."""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def _load(name: str) -> Any:
    """A module as it lies there: no pytest session, no installed package."""
    spec = spec_from_file_location(f"{name}_under_test", Path(__file__).parents[2] / "runners" / "probe" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


probe = _load("shadow_harness_probe")
shapes = _load("shadow_harness_shapes")
shape = shapes.shape_message
KNOWN = {word.lower() for word in shapes.VOCABULARY | shapes.EXACT_WORDS}
PLACEHOLDERS = {"str", "addr", "email", "url", "uuid", "date", "hex", "path", "word", "unprintable"}


@pytest.mark.parametrize(
    ("message", "template"),
    [
        ("assert 'Alice' == 'Bob'", "assert <str> == <str>"),
        ("assert 3 == 40\n +  where 3 = len([1, 2, 3])", "assert <n> == <n>\n+ where <n> = len([<n>, ...])"),
        ("assert None is not None", "assert None is not None"),
        (
            "connection to server at 10.0.0.1, port 5432 failed: Connection refused",
            "connection to server at <n>, port <n> failed: Connection refused",
        ),
        ("[Errno 111] Connection refused", "[Errno <n>] Connection refused"),
        (
            "assert []\n +  where [] = <built-in method fetchall of sqlite3.Cursor object at 0x7f3b2c>()",
            "assert []\n+ where [] = <word>()",
        ),
        ("(sqlite3.OperationalError) no such table: kunden", "(sqlite3.OperationalError) no such table: <word>"),
        ("customer Alice O'Brien-Smith has no open account", "customer <word> has no open account"),
        ("could not mail alice.smith@example.com", "could not <word> <email>"),
        ("404 Client Error: Not Found for url: https://example.com/customers/42?mail=a@b.c", "<n> Client Error: Not Found for url: <url>"),
        ("<Row object at 0x7f3b2c>", "<<word> object at <addr>>"),
        ("id 3f2504e0-4f89-11d3-9a0c-0305e82c3301 at 2024-02-29T10:11:12.123+01:00", "id <uuid> at <date>"),
        ("+1 (403) 262-3443 / +49 30 1234567", "<n> (<n>) <n> / <n>"),
        ("digest da39a3ee5e6b4b0d3255bfef95601890afd80709", "digest <hex>"),
        ("assert 0.31234567890123456 > 0.5", "assert <n> > <n>"),
        ("assert 1.2345678901234567e-05 == 12345678901234567890", "assert <n> == <n>"),
        ("'NoneType' object has no attribute 'phone'", "NoneType object has no attribute <str>"),
        ("assert {'a': 1, 'b': 2} == f(x=Zeile(1), y=Zeile(2))", "assert {<str>: <n>, ...} == <word>(<word>=<word>(<n>), <word>=<word>(<n>))"),
        ("[type=wrong_kind, given_value='alice', given_type=str]", "[type=<word>, <word>=<str>, <word>=str]"),
        ("Müller wohnt in Köln", "<word> in <word>"),
        ("could not open /home/alice/kunden.csv: not found", "could not open <path>: not found"),
        ("doesn't match Alice's row", "doesn't match <word> row"),
        ("invoice paid by Grant, Mark and Bill Page", "invoice <word> by <word>, ... and <word>"),
        ("Expected: 5 rows", "Expected: <n> rows"),
        ("it was expected by Expected Rows", "it was expected by <word>"),
        ("IBAN DE89 3704 0044 0532 0130 00", "<word> <n>"),
        ("", ""),
        ("a\n\n\n\r\nb\nc\nd\ne\nf", "a\n<word>\n<word>\n<word>\n<word>"),
    ],
)
def test_templates_read_well(message: str, template: str) -> None:
    assert shape(message) == template


def test_names_of_the_code_survive_and_others_do_not() -> None:
    assert (
        shape("Ledger has no attribute 'total_due'; ledger_id missing", frozenset({"Ledger", "ledger_id"}))
        == "Ledger has no attribute <str>; ledger_id missing"
    )
    assert shape("Ledger ledger_id") == "<word>"


def test_a_template_is_bounded() -> None:
    assert len(shape("value " * 5000)) <= 300
    assert len(shape("x" * 10_000_000)) <= 300


@pytest.mark.parametrize(
    "piece", ["'\\", "'", "\"'", "a@", "a.", "a-", "://a", "0", "0x", "-1 ", "<", "/", "./", "a'", "1:", "f" * 15 + " ", "é", " \n"]
)
def test_hostile_text_takes_no_time(piece: str) -> None:
    """A bound no linear scan comes near, on any machine: quadratic work on 4 kB would take longer than a second, exponential for ever."""
    before = time.process_time()
    shape(piece * 5000)
    assert time.process_time() - before < 1


secret = st.one_of(
    st.from_regex(r"[A-Za-z][a-z]{2,12}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_]{3,16}", fullmatch=True),
    st.integers(min_value=100, max_value=10**18).map(str),
    st.emails(),
    st.uuids().map(str),
    st.datetimes().map(str),
    st.text(min_size=3, max_size=12),
)


@settings(max_examples=150, deadline=None)
@given(
    secrets=st.lists(secret, min_size=1, max_size=6),
    frame=st.sampled_from(
        ["{}", "assert '{}' == 5", "no row for {} in table", "[{}]: 'x {}", "at 0x7f {}\n{}", '"{}', "key={}, value=({})", "{}'{}\\'{}"]
    ),
)
def test_no_token_of_the_data_survives(secrets: list[str], frame: str) -> None:
    filled = frame
    for text in secrets:
        filled = filled.replace("{}", text, 1)
    filled += " " + " ".join(secrets)
    allowed = KNOWN | PLACEHOLDERS | {"assert", "row", "for", "table", "key", "value", "at"}
    left = {token.lower() for token in re.findall(r"[^\s!-/:-@\[-^`{-~]{3,}", shape(filled))}
    assert left <= allowed, left - allowed
    for text in secrets:
        for token in re.findall(r"[A-Za-z0-9_]{3,}", text):
            if token.lower() not in allowed:
                assert token not in re.findall(r"\w+", shape(filled))


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=400), st.text(alphabet="ab 'e\"<>n.-+/:,1\\\n@(word)é", max_size=200)))
def test_the_template_of_a_template_is_itself(text: str) -> None:
    once = shape(text)
    assert once.isascii()
    assert shape(once) == once


class _Nasty(Exception):  # noqa: N818 its name is part of the test
    def __str__(self) -> str:
        raise SystemExit(3)


class _Overridden(str):
    __slots__ = ()

    def __getitem__(self, key: Any) -> str:
        raise AssertionError("user code ran")


class _Sly(Exception):  # noqa: N818
    def __str__(self) -> str:
        return _Overridden("no row")


def _failure(exc: BaseException, root: Path | None = None) -> dict[str, Any]:
    import json

    try:
        raise exc  # noqa: TRY301 it needs a traceback
    except BaseException as caught:  # noqa: BLE001 whatever the test gives
        failure: dict[str, Any] = json.loads(
            shapes.Shaper((str(root or Path(__file__).parent),), str(Path.cwd())).shape(caught, caught.__traceback__, "call")
        )
        return failure


def test_an_exception_that_cannot_be_printed_is_named() -> None:
    failure = _failure(_Nasty())
    assert failure["message"] == "<unprintable>"
    assert failure["type"].endswith("._Nasty")


def test_text_of_a_str_subclass_runs_no_user_code() -> None:
    assert _failure(_Sly())["message"] == "no row"


def test_an_interrupt_while_printing_is_passed_on() -> None:
    class Interrupting(Exception):  # noqa: N818
        def __str__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _failure(Interrupting())


def test_a_key_is_data_whatever_its_type() -> None:
    class Key:
        def __repr__(self) -> str:
            raise AssertionError("repr of a user's object was called")

    assert _failure(KeyError(Key()))["message"] == "<str>"


def test_a_group_shows_its_type_and_its_first_leaves() -> None:
    group = ExceptionGroup(
        "load of Alice", [ValueError("bad value 5"), ExceptionGroup("x", [KeyError("Alice"), OSError("no file")]), TypeError("lost")]
    )
    failure = _failure(group)
    assert failure["type"] == "ExceptionGroup"
    assert failure["message"] == "ValueError: bad value <n> | KeyError: <str> | OSError: no file"


def test_frames_are_those_of_the_suite_and_bounded() -> None:
    def deep(n: int) -> None:
        if n:
            deep(n - 1)
        raise ValueError("end")

    with pytest.raises(ValueError, match="end") as caught:
        deep(60)
    failure = _failure(caught.value)
    assert len(failure["frames"]) == 12
    assert {frame[0] for frame in failure["frames"]} == {"test_shapes.py"}
    assert failure["frames"][0][2] == "_failure"
    assert [frame[2] for frame in failure["frames"][2:]] == ["deep"] * 10


@pytest.mark.parametrize("folder", ["site-packages", ".tox", "venv", ".venv"])
def test_frames_of_installed_code_are_left_out(tmp_path: Path, folder: str) -> None:
    code = compile("def f():\n    raise ValueError(1)", str(tmp_path / "lib" / folder / "m.py"), "exec")
    inside = compile("def g(f):\n    f()", str(tmp_path / "lib" / "m.py"), "exec")
    space: dict[str, Any] = {}
    exec(code, space)
    exec(inside, space)
    with pytest.raises(ValueError, match="1") as caught:
        space["g"](space["f"])
    assert _failure(caught.value, tmp_path)["frames"] == [["lib/m.py", 2, "g"]]


def test_names_come_from_code_and_not_from_its_constants() -> None:
    space: dict[str, Any] = {}
    exec("def check(ledger):\n    raise ValueError('ledger of ' + 'margaret' + ' is void')", space)
    with pytest.raises(ValueError, match="margaret") as caught:
        space["check"](1)
    assert _failure(caught.value)["message"] == "ledger of <word> is <word>"


def test_a_file_stays_in_its_shard() -> None:
    assert probe.shard_of("a/test_x.py::test_one", 7) == probe.shard_of("a/test_x.py::Case::test_two[3]", 7)
    assert {probe.shard_of(f"test_{n}.py::t", 3) for n in range(40)} == {1, 2, 3}
    assert probe.shard_of("suite/test_customers.py::test_lookup", 4) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        ("3", "3"),
        ("'3'", "3"),
        ("\"'part'\"", "part"),
        (4711, "<n>"),
        ("'4711'", "<n>"),
        (True, "True"),
        ("None", "None"),
        ("alice@example.com", "<email>"),
        ("'Alice Smith'", "<word>"),
        ("case_one", "case_one"),
        ("<Row object at 0x7f>", "<<word> object at <addr>>"),
        (object(), "<object>"),
        (1.5, "<float>"),
        ("(" * 5000, "(" * 300),
    ],
)
def test_arguments_of_subtests_are_shaped(value: object, text: str) -> None:
    assert shapes.shape_value(value, frozenset({"case_one"})) == text


@pytest.mark.parametrize(
    "source",
    [
        "(lambda: None)()['a']",
        "iter(1)",
        "[1, 2][7]",
        "len(3)",
        "float('x')",
        "object() < object()",
        "json.loads('x')",
        "sqlite3.connect(':memory:').execute('select 1', 7)",
        "sqlite3.connect(':memory:').execute('select 1; select 2')",
        "b'\\xff'.decode('utf-8')",
        "setattr((), 'a', 1)",
        "{}.popitem()",
        "a, b = 1, 2, 3",
        "a, b = None",
        "{}[[]]",
        "dt.date.fromisoformat('x')",
    ],
)
def test_python_s_own_messages_keep_their_words(source: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever Python says
        exec(source, {"json": json, "sqlite3": sqlite3, "dt": dt})  # a linter would mend what is wrong here on purpose
    assert "<word>" not in shapes.own_message(caught.value, ()).template


def test_what_is_a_name_as_well_is_no_word_of_messages() -> None:
    people = "mark will grant may bill page young long march hooks king rose summer angel baker chase rich frank guy art drew sue rob"
    companies = "oracle amazon apple shell visa meta mercury"
    assert not set(f"{people} {companies}".split()) & KNOWN
