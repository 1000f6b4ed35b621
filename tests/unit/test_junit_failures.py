"""The shape of failures: what is kept of them, and that nothing else is."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import Failure, Frame
from runners.junit import failures, read
from runners.junit.frames import MAX_FRAMES, frames_of
from runners.probe.shadow_harness_shapes import shape_message


def failure(folder: Path, attributes: str, text: str, root: Path | None = None) -> Failure:
    path = folder / "r.xml"
    path.write_text(f'<testsuite name="s"><testcase classname="C" name="t"><failure {attributes}><![CDATA[{text}]]></failure></testcase></testsuite>')
    (case,) = read([path], root=root)
    assert case.failure is not None
    return case.failure


def frame(path: str, line: int, function: str = "") -> Frame:
    return Frame(path=path, line=line, function=function)


@pytest.mark.parametrize(
    ("attributes", "text", "type_"),
    [
        ('type="java.lang.AssertionError" message="no"', "", "java.lang.AssertionError"),
        ('message="ValueError: boom"', "", "ValueError"),
        ('message="django.db.utils.IntegrityError: duplicate"', "", "django.db.utils.IntegrityError"),
        ('message="assert 0"', "", "failure"),
        ('type=""', "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 'x'", "KeyError"),
        ("", "org.opentest4j.AssertionFailedError: expected\n\tat a.b.C.m(C.java:1)", "org.opentest4j.AssertionFailedError"),
    ],
)
def test_types(tmp_path: Path, attributes: str, text: str, type_: str) -> None:
    assert failure(tmp_path, attributes, text).type == type_


def test_no_value_is_left_in_type_message_or_frames(tmp_path: Path) -> None:
    canary = "karl.canary@example.com"
    text = f"{canary}:25: refused\n/home/{canary}/tests/test_a.py:12: in test_a\ntests/test_a.py:13: in test_b\n{canary}.py:3: in x\n" * 3
    shape = failure(tmp_path, f'type="customer {canary} 4711" message="no order for {canary}, account 4711-0815"', text)
    assert "canary" not in repr(shape)
    assert "4711" not in repr(shape)
    assert frame("tests/test_a.py", 13, "test_b") in shape.frames


def test_the_message_has_no_type_in_front(tmp_path: Path) -> None:
    assert (
        failure(tmp_path, 'message="ValueError: value is None"', "").message
        == failure(tmp_path, 'type="ValueError" message="value is None"', "").message
    )


PYTEST_LONG = """def test_deep(): helper("boom")

tests/test_s.py:13: \n_ _ _ _ _ _ _ _

x = 'boom'

>   def helper(x): raise ValueError(x)
E   ValueError: boom

tests/helpers.py:12: ValueError"""
PYTEST_SHORT = """tests/test_s.py:13: in test_deep
    def test_deep(): helper()
/usr/lib/python3.11/json/x.py:3: in loads
    return x
tests/helpers.py:12: in helper
    raise ValueError(x)"""
PYTHON = """Traceback (most recent call last):
  File "/home/me/shop/tests/test_s.py", line 13, in test_deep
    helper()
  File "/v/site-packages/a.py", line 1, in f
ValueError: x"""
JAVA = """java.lang.AssertionError: expected 3
\tat org.junit.Assert.fail(Assert.java:88)
\tat com.acme.shop.Helper$Inner.check(Helper.java:7)
\tat app//com.acme.shop.ShopTest.testBuy(ShopTest.java:12)
\tat java.base/java.lang.reflect.Method.invoke(Method.java:566)"""
SCRIPT = """Error: expected 3
    at check (src/helper.js:7:3)
    at async Object.<anonymous> (file:///home/me/shop/src/shop.test.ts:12:5)
    at src/shop.test.ts:20:1
    at run (node_modules/jest/run.js:1:1)
    at node:internal/process/task_queues:95:5"""
DOTNET = """Expected 3
   at Acme.Helper.Check(String name) in C:\\work\\shop\\Helper.cs:line 7
   at Acme.ShopTest.Buy() in src/ShopTest.cs:line 12"""
GO = "    shop_test.go:12: expected 3\n    helper.go:7: more"


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        (PYTEST_LONG, (frame("tests/test_s.py", 13), frame("tests/helpers.py", 12))),
        (PYTEST_SHORT, (frame("tests/test_s.py", 13, "test_deep"), frame("tests/helpers.py", 12, "helper"))),
        (PYTHON, (frame("test_s.py", 13, "test_deep"),)),
        (JAVA, (frame("com/acme/shop/ShopTest.java", 12, "testBuy"), frame("com/acme/shop/Helper.java", 7, "check"))),
        (SCRIPT, (frame("src/shop.test.ts", 20), frame("shop.test.ts", 12, "Object.<anonymous>"), frame("src/helper.js", 7, "check"))),
        (DOTNET, (frame("src/ShopTest.cs", 12, "Acme.ShopTest.Buy"), frame("Helper.cs", 7, "Acme.Helper.Check"))),
        (GO, (frame("shop_test.go", 12), frame("helper.go", 7))),
        ("it happened at noon: see shop.test.ts", ()),
        ("", ()),
    ],
)
def test_frames_run_from_the_test_inwards(text: str, frames: tuple[Frame, ...]) -> None:
    assert frames_of(text) == frames


def test_paths_under_the_root_become_relative(tmp_path: Path) -> None:
    shape = failure(tmp_path, "", PYTHON, root=Path("/home/me/shop"))
    assert shape.frames == (frame("tests/test_s.py", 13, "test_deep"),)


def test_frames_are_bounded() -> None:
    python = "\n".join(f'  File "tests/a{n}.py", line {n}, in f' for n in range(1, 40))
    java = "\n".join(f"\tat a.C{n}.m(C{n}.java:{n})" for n in range(1, 40))
    assert [found.line for found in frames_of(python)] == list(range(1, MAX_FRAMES + 1))
    assert [found.line for found in frames_of(java)] == list(range(39, 39 - MAX_FRAMES, -1))


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=300))
def test_no_absolute_path_gets_through(text: str) -> None:
    for found in frames_of(f'{text}\n  File "/srv/{text}.py", line 3, in f\n/srv/{text}.py:3: in f\n  at f (/srv/{text}.js:1:2)'):
        assert not found.path.startswith(("/", "\\"))
        assert "srv" not in found.path.split("/")[:-1]


def test_attributes_are_read_as_the_tool_meant_them(tmp_path: Path) -> None:
    assert failure(tmp_path, f"message={quoteattr('Value of: false' + chr(10) + '  Actual: true')}", "").message.count("\n") == 1


# What reads numbers as something more than numbers: dates, addresses, identifiers, words with a number in them.
_SPECIAL = """order 0x7f 1x7f 2026-11-21 12:30 deadbeef12345678 550e8400-e29b-41d4-a716-446655440000 utf8 UTF8 sqlite3 a@b.c3 http://x/1 'str9'
<n> -7 007 int64 'int' \u0663 /tmp/x1 [1, 2] =="""
_NUMBERED = st.sampled_from([*_SPECIAL.split(), "\n"])


@given(st.lists(st.one_of(_NUMBERED, st.from_regex(r"[0-9a-fx:.\-]{1,20}"), st.text(max_size=5)), max_size=10), st.sampled_from(["", " "]))
def test_messages_that_differ_in_numbers_alone_have_the_template_each_would_have(words: list[str], between: str) -> None:
    message = between.join(words)
    assert failures.template_of(message) == shape_message(message)
