"""The private copy in which a patch is proven: a container's user may read it, and links within the suite lead into the copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from runners.patching.copying import private_copy


@pytest.mark.parametrize("inside", [False, True])
def test_a_copy_is_called_and_may_be_read_like_the_suite(tmp_path: Path, *, inside: bool) -> None:
    base = tmp_path / "shop"
    root = base / "tests" if inside else base
    (root / "data").mkdir(parents=True)
    for folder in (base, root, root / "data"):
        folder.chmod(0o755)
    (root / "data" / "case.json").write_text("{}")
    (root / "test_a.py").write_text("old")
    with private_copy(root, base, {"test_a.py": "new"}, link=False) as copy:
        assert copy.name == root.name
        assert [(folder.stat().st_mode & 0o777) for folder in (copy, copy / "data")] == [0o755, 0o755]
        assert (copy / "test_a.py").read_text() == "new"
        parent = copy.parent
    assert not parent.exists()
    assert (root / "test_a.py").read_text() == "old"


def test_links_within_the_suite_stay_within_the_copy_where_nothing_else_can_be_reached(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "case.json").write_text("{}")
    (tmp_path / "cases").symlink_to("data")
    with private_copy(tmp_path, tmp_path, {}, link=False) as copy:
        assert (copy / "cases").readlink() == Path("data")
        assert (copy / "cases" / "case.json").read_text() == "{}"
