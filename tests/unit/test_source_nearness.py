"""Which files of a suite may lead to others: nothing that could is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.pipeline.sources.nearness import leading_to
from runners.literals.files import suite_files

if TYPE_CHECKING:
    from pathlib import Path

SUITE = {
    "suite/conftest.py": "import pytest\n",
    "suite/constants.py": "VIP = 1\n",
    "suite/helpers.py": "from . import constants\n",
    "suite/test_far.py": "def test_it(): assert 1\n",
    "suite/test_through.py": "from .helpers import anything\n",
    "suite/test_direct.py": "import suite.constants as c\n",
    "suite/test_data.py": "OPEN = 'data/invoice-cases.json'\n",
    "suite/test_glob.py": "from pathlib import Path\nCASES = list(Path('x').glob('*.json'))\n",
    "suite/inner/__init__.py": "MAIL = 'x'\n",
    "suite/inner/test_inside.py": "def test_it(): assert 1\n",
    "suite/test_package.py": "from .inner import MAIL\n",
    "suite/data/invoice-cases.json": "{}",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in SUITE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("suite/constants.py", {"suite/constants.py", "suite/helpers.py", "suite/test_through.py", "suite/test_direct.py"}),
        ("suite/data/invoice-cases.json", {"suite/data/invoice-cases.json", "suite/test_data.py", "suite/test_glob.py"}),
        ("suite/inner/__init__.py", {"suite/inner/__init__.py", "suite/test_package.py"}),
        ("suite/test_far.py", {"suite/test_far.py"}),
    ],
)
def test_files_that_name_the_target_lead_to_it(root: Path, target: str, expected: set[str]) -> None:
    assert leading_to(suite_files(root), [target]) == expected


def test_all_below_a_conftest_lead_to_it(root: Path) -> None:
    files = suite_files(root)
    assert leading_to(files, ["suite/conftest.py"]) == set(files.python)


def test_without_a_target_nothing_leads_anywhere(root: Path) -> None:
    assert leading_to(suite_files(root), []) == frozenset()
