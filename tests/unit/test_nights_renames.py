"""Which test goes on under which id: by body, by file, and never by guess."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from compare.nights import BodyDigests, followed_ids, function_of, rename_candidates
from harness.model import Rename, RenameReason

SAME, MOVED = RenameReason.SAME_BODY, RenameReason.MOVED_FILE
NAMES = st.lists(st.sampled_from([f"{path}.py::{name}" for path in "pq" for name in ("test_a", "test_b", "Test::test_a")]), unique=True)


def renames(old: dict[str, str], new: dict[str, str], **files: str) -> list[tuple[str, str, RenameReason]]:
    """Renames between functions given with their digests; files by their names without .py."""
    moved = {f"{before}.py": f"{now}.py" for before, now in files.items()}
    found = rename_candidates(old, new, BodyDigests(before=old, now=new), moved_files=moved)
    return [(rename.old, rename.new, rename.reason) for rename in found]


def test_a_body_under_another_name_is_the_same_test() -> None:
    assert renames({"p.py::test_a": "1", "p.py::test_x": "2"}, {"p.py::test_b": "1", "p.py::test_x": "2"}) == [("p.py::test_a", "p.py::test_b", SAME)]


def test_a_test_that_is_still_there_was_copied_and_not_renamed() -> None:
    assert renames({"p.py::test_a": "1"}, {"p.py::test_a": "1", "p.py::test_b": "1"}) == []


def test_of_equal_bodies_the_name_decides_and_otherwise_nothing_does() -> None:
    assert renames({"p.py::test_a": "1", "p.py::test_b": "1"}, {"q.py::test_a": "1", "q.py::test_c": "1"}) == [
        ("p.py::test_a", "q.py::test_a", SAME),
        ("p.py::test_b", "q.py::test_c", SAME),
    ]
    assert renames({"p.py::test_a": "1", "p.py::test_b": "1"}, {"p.py::test_c": "1", "p.py::test_d": "1"}) == []


def test_a_test_moved_into_a_class_is_the_same() -> None:
    assert renames({"p.py::test_a": "1", "p.py::test_b": "1"}, {"p.py::TestX::test_a": "1", "p.py::TestX::test_b": "1"}) == [
        ("p.py::test_a", "p.py::TestX::test_a", SAME),
        ("p.py::test_b", "p.py::TestX::test_b", SAME),
    ]


def test_a_renamed_file_carries_tests_whose_bodies_changed() -> None:
    assert renames({"p.py::test_a": "1"}, {"q.py::test_a": "2"}, p="q") == [("p.py::test_a", "q.py::test_a", MOVED)]
    assert renames({"p.py::test_a": "1"}, {"q.py::test_a": "2"}) == []


def test_parameters_are_kept() -> None:
    bodies = BodyDigests(before={"p.py::test_a": "1"}, now={"p.py::test_b": "1"})
    old, new = ["p.py::test_a[1]", "p.py::test_a[x::y[2]] [key]"], ["p.py::test_b[1]", "p.py::test_b[x::y[2]] [key]", "p.py::test_b[3]"]

    found = rename_candidates(old, new, bodies)

    assert [(rename.old, rename.new) for rename in found] == [
        ("p.py::test_a[1]", "p.py::test_b[1]"),
        ("p.py::test_a[x::y[2]] [key]", "p.py::test_b[x::y[2]] [key]"),
    ]


def test_renames_of_functions_hold_for_all_their_tests() -> None:
    functions = [Rename(old="p.py::test_a", new="q.py::test_b", reason=SAME)]
    ids = ["q.py::test_b[2]", "q.py::test_b[1] [key]", "q.py::test_c", "q.py::test_b"]

    found = followed_ids(functions, {"p.py": "q.py"}, ids)

    assert [(rename.old, rename.new) for rename in found] == [
        ("p.py::test_a", "q.py::test_b"),
        ("p.py::test_a[1] [key]", "q.py::test_b[1] [key]"),
        ("p.py::test_a[2]", "q.py::test_b[2]"),
    ]


def test_tests_of_other_tools_follow_their_file() -> None:
    found = followed_ids([], {"src/OldIT.java": "src/NewIT.java"}, ["src/NewIT.java::pkg.NewIT::pays", "src/Other.java::x", "no file"])

    assert found == (Rename(old="src/OldIT.java::pkg.NewIT::pays", new="src/NewIT.java::pkg.NewIT::pays", reason=MOVED),)


def test_a_bracket_in_a_folder_is_no_parameter() -> None:
    assert function_of("a[1]/test_b.py::test_c[x]") == "a[1]/test_b.py::test_c"
    assert function_of("test_b.py::test_c [key]") == "test_b.py::test_c"
    assert function_of("no file") == "no file"


@given(old=NAMES, new=NAMES, digests=st.lists(st.sampled_from("123"), min_size=12, max_size=12))
def test_each_id_stands_in_it_once_and_only_ids_that_went_or_came(old: list[str], new: list[str], digests: list[str]) -> None:
    before, now = dict(zip(old, digests, strict=False)), dict(zip(new, reversed(digests), strict=False))

    found = renames(before, now, p="q")

    assert {item[0] for item in found} <= set(old) - set(new)
    assert {item[1] for item in found} <= set(new) - set(old)
    assert len({item[0] for item in found}) == len({item[1] for item in found}) == len(found)
    assert found == renames(dict(reversed(before.items())), dict(reversed(now.items())), p="q")
