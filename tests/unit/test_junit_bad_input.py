"""Broken and hostile reports: an error that names file, line and what is wrong, in bounded time and memory."""

from __future__ import annotations

import gzip
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from harness.errors import ExitCode, InputError
from runners.junit import read

if TYPE_CHECKING:
    from pathlib import Path

CASE = '<testcase classname="pkg.Cls" name="a" time="0.01"></testcase>'


def error_for(folder: Path, data: str | bytes, name: str = "report.xml") -> InputError:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(InputError) as caught:
        list(read([path]))
    error = caught.value
    assert error.exit_code is ExitCode.USAGE
    assert error.where is not None
    assert error.where.startswith(str(path))
    assert error.hint
    return error


@pytest.mark.parametrize(
    ("data", "found", "place"),
    [
        ("", "the file is empty", ""),
        (" \n ", "the file is empty", ""),
        ('{"tests": []}', "this is JSON, not XML", ""),
        ("<!doctype html><html><body><p>502<br></body></html>", "this is an HTML page, not XML", ""),
        ("<!DOCTYPE html><html><body><p>502<br></body></html>", "this is no JUnit report: its root element is <html>", ":1:16"),
        ("<html><body><p>502<br></body></html>", "root element is <html>", ":1:1"),
        ("PK\x03\x04zip", "a zip archive", ""),
        ("1..3\nok 1", "this is TAP, not XML", ""),
        ("nothing of the kind", "not well-formed XML", ":1:1"),
        ('<?xml version="1.0"?><project/>', "this is no JUnit report: its root element is <project>", ":1:22"),
        (f'<testsuite name="t" tests="3">\n{CASE}{CASE}<testcase classname="pkg.Cls" na', "it is truncated; 2 test cases were read before", ":2:125"),
        (f'<testsuites><testsuite name="t" tests="50">{CASE}\n', "it is truncated; 1 test cases were read before", ":2:1"),
        ("<testsuite><testcase><system-out><![CDATA[abc", "it is truncated", ":1:"),
        ("<?xml version='1.0'?>", "ends before its first element: it is truncated", ":1:"),
        (f"<testsuite>{CASE}\n<testcase><system-out>\x1b[31m</system-out></testcase></testsuite>", "the control character 0x1b", ":2:23"),
        ('<testsuite>\n<testcase name="<<computed>>"/></testsuite>', "a bare '<'", ":2:17"),
        (b"<testsuite>\n<testcase name='M\xfcller'/></testsuite>", "bytes that are not valid UTF-8", ":2:18"),
        ("<testsuite><testcase></testsuite>", "mismatched tag", ":1:"),
        ("<testsuite/><testsuite/>", "junk after document element", ":1:13"),
        ("\n<?xml version='1.0'?><testsuite/>", "not at start", ":2:1"),
        ("<testsuite>&nbsp;</testsuite>", "undefined entity", ":1:12"),
        ("<?xml version='1.0' encoding='utf-16'?><testsuite/>", "encoding specified in XML declaration is incorrect", ":1:"),
        ("<?xml version='1.0' encoding='klingon'?><testsuite/>", "encoding 'klingon' is not known", ":1"),
        ("<?xml version='1.0' encoding='rot13'?><testsuite/>", "encoding 'rot13' is not known", ":1"),
        (b"<?xml version='1.0' encoding='gb2312'?><testsuite name='\xff\xff'/>", "not of the encoding the file declares", ""),
        (b"\x1f\x8b\x08\x00garbage", "gzip", ""),
        (gzip.compress(b"<testsuite/>" + b" " * 90_000)[:-9], "gzip", ""),
    ],
)
def test_broken_files(tmp_path: Path, data: str | bytes, found: str, place: str) -> None:
    error = error_for(tmp_path, data)
    assert found in error.found
    assert place in str(error.where)


def test_cases_before_the_fault_have_been_given_out(tmp_path: Path) -> None:
    path = tmp_path / "r.xml"
    path.write_text(f"<testsuite>{CASE * 3}<testcase na")
    cases = read([path])
    assert [next(cases).name for _ in range(3)] == ["a", "a", "a"]
    with pytest.raises(InputError, match="3 test cases"):
        next(cases)


def billion_laughs() -> str:
    entities = "".join(f"<!ENTITY l{n} '" + f"&l{n - 1};" * 10 + "'>" for n in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]><testsuite name="&l9;">{CASE}</testsuite>'


@pytest.mark.parametrize(
    "data",
    [
        billion_laughs(),
        f'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite>{CASE}<system-out>&x;</system-out></testsuite>',
        f'<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]><testsuite>{CASE}</testsuite>',
    ],
)
def test_entities_are_refused_before_anything_expands(tmp_path: Path, data: str) -> None:
    error = error_for(tmp_path, data)
    assert "declares an entity" in error.found
    assert ":1:" in str(error.where)


def test_defaults_of_a_dtd_do_not_multiply(tmp_path: Path) -> None:
    path = tmp_path / "r.xml"
    path.write_text(f'<!DOCTYPE t [<!ATTLIST testcase name CDATA "{"x" * 10_000}">]><testsuite name="s">{"<testcase/>" * 50}</testsuite>')
    assert {case.name for case in read([path])} == {""}


def test_an_unresolved_external_dtd_is_not_fetched(tmp_path: Path) -> None:
    path = tmp_path / "r.xml"
    path.write_text(f'<!DOCTYPE testsuite SYSTEM "http://127.0.0.1:9/junit.dtd"><testsuite>{CASE}</testsuite>')
    assert len(list(read([path]))) == 1


def test_depth_is_bounded(tmp_path: Path) -> None:
    error = error_for(tmp_path, "<testsuite>" * 300)
    assert "nested deeper than 256" in error.found
    assert "nested deeper than 256" in error_for(tmp_path, f"<testsuite><testcase>{'<a>' * 100_000}").found


def test_one_endless_tag_is_an_error_and_not_an_endless_wait(tmp_path: Path) -> None:
    error = error_for(tmp_path, f"<testsuite>{CASE}<testcase name='{'x' * 17 * 2**20}'/></testsuite>")
    assert "longer than 16 MiB" in error.found


def test_memory_does_not_grow_with_a_text_or_with_the_number_of_cases(tmp_path: Path) -> None:
    path = tmp_path / "r.xml"
    line = "a line of the log 4711\n" * 4_000
    with path.open("w") as out:
        out.write(f'<testsuite name="s"><testcase classname="C" name="t"><failure message="m">{line}')
        for _ in range(300):
            out.write(line)
        out.write("</failure></testcase>")
        out.write(CASE * 20_000)
        out.write("</testsuite>")
    assert path.stat().st_size > 25_000_000
    tracemalloc.start()
    try:
        assert sum(1 for _ in read([path])) == 20_001
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or directory"):
        list(read([tmp_path / "missing.xml"]))
    with pytest.raises(InputError, match="no XML file in this directory"):
        list(read([tmp_path]))


def test_a_broken_report_in_a_directory_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(f"<testsuite>{CASE}</testsuite>")
    (tmp_path / "b.xml").write_text(f"<testsuite>{CASE}")
    with pytest.raises(InputError, match="truncated"):
        list(read([tmp_path]))
