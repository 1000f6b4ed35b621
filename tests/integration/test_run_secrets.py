"""No value of the legacy data is written anywhere: not below the work directory, not into a report, not to the terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from uuid import uuid4

from tests.running import Answer, Project

FAILING = """
    import os, sys, unittest, warnings
    import pytest

    CANARY = os.environ["DATA_CANARY"]
    print("at import", CANARY)

    @pytest.fixture
    def broken():
        raise LookupError(f"no customer {CANARY}")

    def test_message(): raise ValueError(f"customer {CANARY} is gone")
    def test_compared(): assert CANARY == "nobody", CANARY
    def test_mapping(): assert {"email": CANARY} == {}
    def test_key(): {}[CANARY]
    def test_fixture(broken): pass
    def test_prints():
        print(CANARY)
        print(CANARY, file=sys.stderr)
        warnings.warn(CANARY)
        assert os.environ["SIDE"] == "shadow"
    def test_skipped(): pytest.skip(f"because of {CANARY}")
    def test_exits(): sys.exit(CANARY)

    class TestParts(unittest.TestCase):
        def test_parts(self):
            with self.subTest(who=CANARY):
                self.assertEqual(CANARY, 1)
            with self.subTest(CANARY):
                self.fail(CANARY)
"""


def planted(folder: Path, suite: dict[str, str], **more: object) -> tuple[Project, list[str]]:
    """A project whose settings and data hold values of their own."""
    canaries = [uuid4().hex, f"user{uuid4().hex[:12]}@mail.test", f"Zq{uuid4().hex[:10]} Vx{uuid4().hex[:10]}"]
    settings = {"DATA_CANARY": " ".join(canaries), "PASSWORD": canaries[0]}
    return Project(folder=folder, suite=suite, legacy_settings=settings, shadow_settings=settings, **more), canaries  # type: ignore[arg-type]


def assert_nothing_is_written(project: Project, canaries: list[str], *answers: Answer) -> None:
    words = [word.encode() for canary in canaries for word in (canary, *canary.split())]
    texts = {f"answer {n}": (answer.out + answer.err).encode() for n, answer in enumerate(answers)}
    texts |= {str(path): path.read_bytes() for path in project.workdir.rglob("*") if path.is_file()}
    texts |= {str(path): path.read_bytes() for path in project.folder.glob("report.*")}
    assert len(texts) > 3
    assert [(name, word) for name, text in texts.items() for word in words if word in text] == []


def reports(project: Project) -> list[str]:
    return [word for kind in ("junit", "markdown", "html", "sarif") for word in (f"--{kind}", str(project.folder / f"report.{kind}"))]


def test_in_failures_output_and_settings(tmp_path: Path) -> None:
    project, canaries = planted(tmp_path, {"test_it.py": FAILING})
    answer = project.run("--no-confirm", "--verbose", *reports(project))
    assert len(json.loads((tmp_path / "report.json").read_text())["tests"]) >= 9
    assert_nothing_is_written(project, canaries, answer, project.call("runs"))


def test_in_what_breaks_before_a_test_runs(tmp_path: Path) -> None:
    endings = {
        "conftest": {"conftest.py": "import os\nraise RuntimeError(os.environ['DATA_CANARY'])\n"},
        "usage": {"conftest.py": "import os, pytest\ndef pytest_configure(): raise pytest.UsageError(os.environ['DATA_CANARY'])\n"},
        "collection": {"test_bad.py": "import os\nraise RuntimeError(os.environ['DATA_CANARY'])\n"},
        "exit": {"conftest.py": "import os, sys\nprint(os.environ['DATA_CANARY'], flush=True)\nos._exit(9)\n"},
        "stop": {"conftest.py": "import os, pytest\ndef pytest_runtest_setup(): pytest.exit(os.environ['DATA_CANARY'])\n"},
        "internal": {"conftest.py": "import os\ndef pytest_runtest_logreport(): raise ValueError(os.environ['DATA_CANARY'])\n"},
    }
    for name, files in endings.items():
        project, canaries = planted(tmp_path / name, {"test_it.py": "def test_one(): pass\n", **files})
        answer = project.run("--no-confirm", "--verbose", *reports(project))
        assert answer.exit in {0, 3}, (name, answer)
        assert_nothing_is_written(project, canaries, answer)


def test_in_the_output_of_a_process_that_dies(tmp_path: Path) -> None:
    dying = "import os\ndef test_one():\n    print(os.environ['DATA_CANARY'])\n    os.write(2, os.environ['DATA_CANARY'].encode())\n    os.abort()\n"
    project, canaries = planted(tmp_path, {"test_it.py": dying})
    assert_nothing_is_written(project, canaries, project.run("--no-confirm", *reports(project)))


def test_in_the_files_of_another_tool(tmp_path: Path) -> None:
    tool = """
        import os, sys
        from pathlib import Path
        canary = os.environ["DATA_CANARY"]
        print(canary)
        Path(sys.argv[1], "r.xml").write_text(
            f"<testsuite><properties><property name='db' value='{canary}'/></properties><testcase classname='A' name='b'>"
            f"<failure type='Oops' message='no {canary}'>at {canary}</failure><system-out>{canary}</system-out></testcase></testsuite>"
        )
    """
    keys = {"command": [sys.executable, "tool.py", "{out}"], "args": [], "junit": "{out}/*.xml"}
    project, canaries = planted(tmp_path, {"tool.py": tool}, keys=keys)
    answer = project.run(*reports(project))
    assert answer.exit == 0, answer.err
    assert_nothing_is_written(project, canaries, answer)
    for broken in ("print(canary)", "Path(sys.argv[1], 'r.xml').write_text(f'<testsuite {canary}')"):
        project.write("tool.py", f"import os, sys\nfrom pathlib import Path\ncanary = os.environ['DATA_CANARY']\n{broken}\n")
        assert_nothing_is_written(project, canaries, project.run())
