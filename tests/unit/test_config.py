"""What `load` takes, what it makes of it, and how it says what is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from harness.config import Config, FaultyConfigurationError, Problem, load
from harness.config.notation import key_text, value_text
from harness.errors import ConfigurationError, ExitCode
from harness.model import DatasetKind, Side

SECRET = "hunter2secret"
SUITE = '[suite]\nname = "shop"\n'
LEGACY = '[environments.legacy]\ndata = { DB = "l" }\ndataset = { kind = "production_copy" }\n'
SHADOW = '[environments.shadow]\ndata = { DB = "s" }\ndataset = { kind = "synthetic" }\n'
MINIMAL = SUITE + LEGACY + SHADOW


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def loaded(text: str) -> Config:
    Path("shadow.toml").write_text(text, encoding="utf-8")
    return load()


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(FaultyConfigurationError) as caught:
        loaded(text)
    assert SECRET not in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value.problems


def problem(text: str) -> Problem:
    (only,) = problems(text)
    return only


def test_a_minimal_file_has_its_defaults(folder: Path) -> None:
    config = loaded(MINIMAL)
    assert (config.path, config.base) == (folder / "shadow.toml", folder)
    suite = config.suite
    assert (suite.root, suite.command, suite.args, suite.is_pytest) == (folder, ("pytest",), (), True)
    assert (suite.workers, suite.shards, suite.timeout, suite.test_timeout, suite.seed, suite.rerun) == (0, 1, 1800.0, None, 1, ())
    assert config.environments.of(Side.SHADOW).dataset.kind is DatasetKind.SYNTHETIC
    assert (config.environments.legacy.runner, config.environments.legacy.database_url({})) == ("process", None)
    assert (config.confirm.enabled, config.confirm.alpha, config.confirm.max_pairs, config.confirm.mass_failure) == (True, 0.01, 12, 0.6)
    assert (config.confirm.aa, config.gate, config.effects.allow, config.coupling.entities) == ("weekly", {}, {}, ())


def test_every_section_is_read(folder: Path) -> None:
    for name in ("services.yaml", "Dockerfile", "masking.toml"):
        (folder / name).touch()
    config = loaded("""
        [suite]
        name = "shop"
        command = ["mvn", "test"]
        junit = "out/*.xml"
        rerun = ["mvn", "test", "-Dtest={classname}#{name}"]
        timeout = "1h30m"
        test_timeout = 2
        shards = 3
        seed = 0
        pass_env = ["JAVA_HOME"]
        [environments.legacy]
        runner = "docker"
        compose = ["services.yaml"]
        image = "tests:1"
        build = "Dockerfile"
        memory = "512m"
        pids = 9
        startup_timeout = "90s"
        settings = { A = 1, B = true, C = "" }
        dataset = { kind = "production_copy", masking = "masking.toml" }
        [environments.shadow]
        runner = "docker"
        image = "tests:2"
        dataset = { kind = "simulated" }
        [confirm]
        enabled = false
        alpha = 0.05
        aa = "weekly"
        [coupling]
        entities = ["public.customer.email"]
        [effects.allow]
        payments = { hosts = ["stripe-mock:12111", "[::1]:80"], reason = "sandbox", owner = "payments", until = 2027-01-31 }
        [gate]
        max_divergent = 0
        strict = true
    """)
    assert (config.suite.timeout, config.suite.test_timeout, config.suite.is_pytest) == (5400.0, 2.0, False)
    legacy = config.environments.legacy
    assert (legacy.compose, legacy.build, legacy.dataset.masking) == ((folder / "services.yaml",), folder / "Dockerfile", folder / "masking.toml")
    assert (legacy.memory, legacy.pids, legacy.startup_timeout, legacy.image) == ("512m", 9, 90.0, "tests:1")
    assert legacy.resolved_settings({}) == {"A": "1", "B": "true", "C": ""}
    assert config.effects.allow["payments"].until == date(2027, 1, 31)
    assert config.gate == {"max_divergent": 0, "strict": True}
    assert config.where("confirm", "alpha") == "shadow.toml:28:9: confirm.alpha"


def test_a_configuration_cannot_be_changed_and_does_not_show_its_values(folder: Path) -> None:
    config = loaded(MINIMAL.replace('"s"', f'"{SECRET}"') + f'database = "sqlite:///{SECRET}"\n')
    with pytest.raises(ValidationError):
        config.suite.shards = 2
    assert SECRET not in repr(config)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ('["pytest"]', True),
        ('["/venv/bin/py.test", "-q"]', True),
        ('["python3.11", "-X", "dev", "-m", "pytest"]', True),
        ('["./pypy3", "-m", "pytest"]', True),
        ('["python", "-m", "unittest"]', False),
        ('["python", "pytest"]', False),
        ('["pytest-wrapper"]', False),
        ('["make", "-m", "pytest"]', False),
    ],
)
def test_a_command_that_is_not_pytest_must_say_where_its_results_are(folder: Path, command: str, *, expected: bool) -> None:
    text = MINIMAL.replace('"shop"\n', f'"shop"\ncommand = {command}\n')
    if expected:
        assert loaded(text).suite.is_pytest
    else:
        assert problem(text).key == "suite.junit"
        assert not loaded(text.replace("command", 'junit = "*.xml"\ncommand')).suite.is_pytest


@pytest.mark.parametrize(("line", "seconds"), [('"90s"', 90), ('"1h30m"', 5400), ('"1.5m"', 90), ("90", 90), ("0.5", 0.5)])
def test_durations(folder: Path, line: str, seconds: float) -> None:
    assert loaded(MINIMAL.replace("[env", f"timeout = {line}\n[env", 1)).suite.timeout == seconds


@pytest.mark.parametrize(("line", "workers"), [('"auto"', -1), ("0", 0), ("4", 4)])
def test_workers(folder: Path, line: str, workers: int) -> None:
    assert loaded(MINIMAL.replace("[env", f"workers = {line}\n[env", 1)).suite.workers == workers


@pytest.mark.parametrize(
    "line",
    [
        'timeout = "30 minutes"',
        'timeout = ""',
        "timeout = 0",
        "timeout = inf",
        "timeout = nan",
        "timeout = true",
        f"timeout = 1{'0' * 400}",
        "timeout = 2027-01-01",
        'timeout = "99999999999999999999999999999999999999999999999999999999h' + "9" * 400 + 'h"',
        "workers = -1",
        "workers = true",
        "workers = 1.0",
        'workers = "many"',
        "shards = 0",
        "shards = true",
        'shards = "2"',
        "shards = 2.0",
        "seed = -1",
        "seed = 4294967296",
        "command = []",
        'command = [""]',
        'command = ["a\\u0000"]',
        'command = "pytest -q"',
        "args = [1]",
        'root = "missing"',
        'root = "shadow.toml"',
        'root = ""',
        'root = "a\\u0000b"',
        f'root = "{"x" * 5000}"',
        "root = 1",
        'junit = "out/*.xml"',
        'rerun = ["x", "{id}"]',
        'pass_env = ["A=B"]',
        'test_timeout = "0s"',
    ],
)
def test_a_wrong_value_is_reported_at_its_key(folder: Path, line: str) -> None:
    found = problem(SUITE + line + "\n" + LEGACY + SHADOW)
    assert (found.file, found.line) == ("shadow.toml", 3)
    assert found.key.startswith(f"suite.{line.split(maxsplit=1)[0]}")
    assert found.expected


@pytest.mark.parametrize("rerun", ['["mvn"]', '["mvn", "{test}"]', '["mvn", "{id}", "{"]', '["awk", "{id}", "{print}"]', '["", "{id}"]', "[]"])
def test_a_rerun_command_names_placeholders_and_nothing_else_in_braces(folder: Path, rerun: str) -> None:
    suite = SUITE + 'command = ["mvn"]\njunit = "*.xml"\n'
    assert problem(f"{suite}rerun = {rerun}\n{LEGACY}{SHADOW}").key == "suite.rerun"


def test_xdist_is_for_pytest(folder: Path) -> None:
    assert problem(SUITE + 'command = ["mvn"]\njunit = "*.xml"\nworkers = "auto"\n' + LEGACY + SHADOW).key == "suite.workers"


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        (MINIMAL + "[confrim]\nalpha = 0.1\n", "confrim", "confirm"),
        (MINIMAL + "[confirm]\nmax-pairs = 3\n", "confirm.max-pairs", "confirm.max_pairs"),
        (MINIMAL + "[confirm]\nshards = 3\n", "confirm.shards", "suite.shards"),
        (MINIMAL + "runer = 'process'\n", "environments.shadow.runer", "environments.shadow.runner"),
        (MINIMAL + '[environments."sta\\nging"]\n', 'environments."sta\\nging"', None),
        (SUITE + LEGACY + SHADOW.replace("shadow", "shdow"), "environments.shdow", "environments.shadow"),
        (MINIMAL.replace('"synthetic"', '"synthetic", maskin = "x"'), "environments.shadow.dataset.maskin", "environments.shadow.dataset.masking"),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(folder: Path, text: str, key: str, nearest: str | None) -> None:
    found = problem(text)
    assert (found.key, found.nearest) == (key, nearest)
    assert found.line is not None
    assert "unknown key" in found.found
    assert nearest is None or nearest in found.found


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (LEGACY + SHADOW, "suite"),
        ('[suite]\nroot = "."\n' + LEGACY + SHADOW, "suite.name"),
        (SUITE, "environments"),
        (SUITE + LEGACY, "environments.shadow"),
        (SUITE + LEGACY + SHADOW.replace("kind", "masking"), "environments.shadow.dataset.kind"),
    ],
)
def test_a_missing_key_is_named(folder: Path, text: str, key: str) -> None:
    assert (key, "this key is missing") in [(found.key, found.found) for found in problems(text)]


def test_all_faults_are_told_in_the_order_of_the_file(folder: Path) -> None:
    text = SUITE + "shards = 0\n" + LEGACY + "pids = 3\n" + SHADOW.replace("synthetic", "production_copy") + "[confirm]\nalpha = 1\nbeta = 2\n"
    found = problems(text)
    assert [entry.key for entry in found] == [
        "suite.shards",
        "environments.legacy.pids",
        "environments.shadow.dataset.kind",
        "confirm.alpha",
        "confirm.beta",
    ]
    with pytest.raises(ConfigurationError) as caught:
        load()
    assert all(entry.where in str(caught.value) for entry in found)
    assert str(caught.value).startswith("shadow.toml: 5 faults\n")


def test_one_fault_reads_as_one_error(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(MINIMAL.replace('"synthetic"', '"syntetic"'))
    assert str(caught.value) == (
        'shadow.toml:8:13: environments.shadow.dataset.kind: found "syntetic"\n'
        '  expected: one of "production_copy", "synthetic", "simulated"\n'
        '  do: write "synthetic"\n'
        "  [configuration]"
    )


@pytest.mark.parametrize(
    "line",
    ['compose = ["shadow.toml"]', 'image = "x"', 'build = "shadow.toml"', 'memory = "1g"', "pids = 9", 'startup_timeout = "1m"'],
)
def test_keys_of_another_runner_are_errors(folder: Path, line: str) -> None:
    found = problem(MINIMAL + line)
    assert found.key == f"environments.shadow.{line.split(maxsplit=1)[0]}"
    assert "docker" in found.found


def test_a_container_needs_an_image(folder: Path) -> None:
    assert "without an image" in problem(MINIMAL + 'runner = "docker"\n').found


@pytest.mark.parametrize("memory", ['"2 gigabytes"', '"0g"', "2", '""'])
def test_a_memory_limit_is_a_size(folder: Path, memory: str) -> None:
    assert problem(f'{MINIMAL}runner = "docker"\nimage = "x"\nmemory = {memory}\n').key == "environments.shadow.memory"


def test_a_variable_is_a_setting_or_data_and_not_both(folder: Path) -> None:
    found = problem(MINIMAL + 'settings.DB = "x"\n')
    assert (found.key, found.line) == ("environments.shadow.data.DB", 7)


def test_both_sides_must_not_read_one_dataset(folder: Path) -> None:
    same = MINIMAL.replace('"s"', '"l"')
    assert problem(same).key == "environments.shadow.data"
    assert problem(MINIMAL.replace('data = { DB = "l" }\n', "").replace('data = { DB = "s" }\n', "")).key == "environments.shadow"
    assert problem(MINIMAL.replace("data =", 'database = "sqlite:///x"\ndata =')).key == "environments.shadow.database"


def test_containers_may_be_told_apart_by_their_services(folder: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (folder / name).touch()

    def text(legacy: str, shadow: str) -> str:
        same = MINIMAL.replace('"s"', '"l"')
        for head, compose in (("legacy]\n", legacy), ("shadow]\n", shadow)):
            same = same.replace(head, f'{head}runner = "docker"\nimage = "x"\ncompose = ["{compose}"]\n')
        return same

    assert loaded(text("a.yaml", "b.yaml")).environments.shadow.compose == (folder / "b.yaml",)
    assert problem(text("a.yaml", "a.yaml")).key == "environments.shadow.data"


def test_the_shadow_side_is_never_a_production_copy(folder: Path) -> None:
    found = problem(MINIMAL.replace("synthetic", "production_copy"))
    assert (found.key, found.line, found.expected) == ("environments.shadow.dataset.kind", 8, '"synthetic" or "simulated"')


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (f'database = "{SECRET}"', "database"),
        (f'database = ["{SECRET}"]', "database"),
        (f'database = "${{{SECRET}"', "database"),
        (f'settings = {{ A = "{SECRET}${{" }}', "settings.A"),
        (f'settings = {{ A = ["{SECRET}"] }}', "settings.A"),
        ("settings = { A = 1.5 }", "settings.A"),
        (f'settings = {{ A = {{ B = "{SECRET}" }} }}', "settings.A"),
        (f'settings = "{SECRET}"', "settings"),
        (f'settings = {{ "" = "{SECRET}" }}', 'settings.""'),
        (f'settings = {{ "a b" = "{SECRET}" }}', 'settings."a b"'),
        (f'settings = {{ A = "{SECRET}\\u0000" }}', "settings.A"),
    ],
)
def test_confidential_values_are_never_told(folder: Path, line: str, key: str) -> None:
    found = problem(f"{MINIMAL}{line}\n")
    assert (found.key, found.line) == (f"environments.shadow.{key}", 9)


@pytest.mark.parametrize(
    "broken", [f'x = "{SECRET}', f"x = {SECRET}", f'x = "{SECRET}\\q"', f'x = 1 "{SECRET}"', f'DB = "{SECRET}"\nDB = "{SECRET}"']
)
def test_a_syntax_error_has_its_place_and_tells_no_value(folder: Path, broken: str) -> None:
    found = problem(f"{MINIMAL}settings = 1\n{broken}\n")
    assert found.line is not None
    assert found.line >= 10
    assert found.column is not None
    assert found.found.startswith("this is not TOML: ")


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "9" * 10_000, "a = 2027-02-30", "[a", '"""'])
def test_hostile_texts_are_refused(folder: Path, text: str) -> None:
    with pytest.raises(ConfigurationError):
        loaded(text)


def test_an_allowance_is_complete(folder: Path) -> None:
    text = MINIMAL + f'[effects.allow]\nmail = {{ hosts = ["https://u:{SECRET}@x/"], reason = " ", until = "2027-01-31" }}\n'
    assert [found.key for found in problems(text)] == [
        "effects.allow.mail.owner",
        "effects.allow.mail.hosts (item 1)",
        "effects.allow.mail.reason",
        "effects.allow.mail.until",
    ]
    empty = MINIMAL + '[effects.allow]\nmail = { hosts = [], reason = "r", owner = "o", until = 2027-01-31 }\n'
    assert problem(empty).found == "found an empty array"


@pytest.mark.parametrize(
    "line", ["[coupling]\nentities = ['email']", "[coupling]\nignore = ['a..b']", "[gate]\nx = [1]", "[gate]\nx = nan", "[confirm]\nalpha = nan"]
)
def test_policies_are_checked(folder: Path, line: str) -> None:
    assert problem(f"{MINIMAL}{line}\n").line == 10


def test_variables_are_read_when_they_are_needed(folder: Path) -> None:
    text = MINIMAL.replace('"s"', '"x${A}"') + 'settings = { P = "${B}" }\ndatabase = "postgresql://u:${PW}@h/d"\n'
    shadow = loaded(text).environments.shadow
    assert shadow.resolved_data({"A": "1"}) == {"DB": "x1"}
    assert shadow.resolved_settings({"B": "2"}) == {"P": "2"}
    assert shadow.database_url({"PW": "p"}) == "postgresql://u:p@h/d"
    with pytest.raises(ConfigurationError, match="variable PW is not set") as caught:
        shadow.database_url({"A": SECRET})
    assert caught.value.where == "shadow.toml:10:1: environments.shadow.database"
    with pytest.raises(ConfigurationError) as caught:
        shadow.resolved_settings({})
    assert caught.value.where == "shadow.toml:9:14: environments.shadow.settings.P"


def test_variables_must_not_lead_both_sides_to_one_dataset(folder: Path) -> None:
    sides = loaded(MINIMAL.replace('"l"', '"${L}"').replace('"s"', '"${S}"') + 'database = "sqlite:///${S}"\n').environments
    sides.check_apart({"L": "1", "S": "2"})
    with pytest.raises(ConfigurationError, match="`data` is the same") as caught:
        sides.check_apart({"L": SECRET, "S": SECRET})
    assert caught.value.where == "shadow.toml:7:1: environments.shadow.data"
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("value", ["", SECRET])
def test_what_variables_give_must_be_a_url(folder: Path, value: str) -> None:
    shadow = loaded(MINIMAL + 'database = "${URL}"\n').environments.shadow
    with pytest.raises(ConfigurationError) as caught:
        shadow.database_url({"URL": value})
    assert "URL" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///data/x.sqlite", "sqlite:///{base}/data/x.sqlite"),
        ("sqlite+pysqlite:///x.sqlite?timeout=5", "sqlite+pysqlite:///{base}/x.sqlite?timeout=5"),
        ("sqlite:////abs/x.sqlite", "sqlite:////abs/x.sqlite"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite:///file:x?uri=true", "sqlite:///file:x?uri=true"),
        ("sqlite://", "sqlite://"),
        ("postgresql:///name", "postgresql:///name"),
    ],
)
def test_the_path_of_an_sqlite_file_is_relative_to_the_configuration(folder: Path, url: str, expected: str) -> None:
    assert loaded(f'{MINIMAL}database = "{url}"\n').environments.shadow.database_url({}) == expected.format(base=folder)


def test_the_nearest_file_is_found(folder: Path) -> None:
    deep = folder / "a" / "b"
    deep.mkdir(parents=True)
    (folder / "shadow.toml").write_text(MINIMAL)
    assert load(start=deep).path == folder / "shadow.toml"
    (folder / "a" / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert load(start=deep).path == folder / "shadow.toml"
    (folder / "a" / "pyproject.toml").write_text(MINIMAL.replace("[", "[tool.shadow."))
    config = load(start=deep)
    assert (config.path, config.suite.root) == (folder / "a" / "pyproject.toml", folder / "a")
    assert config.where("suite", "name") == "a/pyproject.toml:2:1: tool.shadow.suite.name"
    (folder / "a" / "shadow.toml").write_text(MINIMAL)
    assert load(start=deep).path == folder / "a" / "shadow.toml"


@pytest.mark.parametrize(("content", "found"), [("[tool.shadow]\nx =", True), ("[tool.other]\nx =", False), ("[tool]\nshadow = 1", True)])
def test_a_broken_pyproject_counts_where_it_is_ours(folder: Path, content: str, *, found: bool) -> None:
    (folder / "pyproject.toml").write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        load()
    assert (caught.value.found == "no configuration was found") is not found


def test_keys_in_a_pyproject_are_named_in_full(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(MINIMAL.replace("[", "[tool.shadow.") + "[tool.shadow.confrim]\n")
    with pytest.raises(FaultyConfigurationError) as caught:
        load()
    (only,) = caught.value.problems
    assert (only.key, only.nearest, only.line) == ("tool.shadow.confrim", "tool.shadow.confirm", 9)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "empty"),
        (b"# only a comment\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        ("[suite]".encode("utf-16"), "UTF-16"),
        (b'[suite]\nname = "\xff"\n', "not UTF-8"),
    ],
)
def test_files_that_hold_no_configuration(folder: Path, content: bytes, found: str) -> None:
    (folder / "shadow.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=found) as caught:
        load()
    assert str(caught.value).startswith("shadow.toml")
    assert caught.value.hint


def test_a_byte_that_is_not_utf8_has_its_place(folder: Path) -> None:
    (folder / "shadow.toml").write_bytes('[suite]\nname = "é'.encode() + b'\xff"\n')
    with pytest.raises(ConfigurationError) as caught:
        load()
    assert caught.value.where == "shadow.toml:2:10"


def test_a_byte_order_mark_and_windows_line_ends_are_fine(folder: Path) -> None:
    (folder / "shadow.toml").write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert load().where("suite", "name") == "shadow.toml:2:1: suite.name"


def test_files_that_are_not_there(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="no configuration was found") as caught:
        load()
    assert caught.value.where == str(folder)
    assert "shadow init" in str(caught.value)
    with pytest.raises(ConfigurationError, match="no such file") as caught:
        load(Path("other.toml"))
    assert "shadow init" in str(caught.value)
    with pytest.raises(ConfigurationError, match="directory"):
        load(folder)
    (folder / "pyproject.toml").write_text("[tool.other]\n")
    with pytest.raises(ConfigurationError, match=r"no table \[tool.shadow\]"):
        load(Path("pyproject.toml"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(Path("a\0b"))


def test_a_file_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    (folder / "shadow.toml").touch()
    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(ConfigurationError, match="cannot be read: Permission denied"):
        load()


def test_a_configuration_behind_a_link_is_relative_to_the_link(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "real" / "x.toml").write_text(MINIMAL)
    (folder / "shadow.toml").symlink_to(folder / "real" / "x.toml")
    assert load().suite.root == folder


KEY = st.sampled_from(
    [
        "suite",
        "name",
        "root",
        "command",
        "environments",
        "legacy",
        "shadow",
        "data",
        "settings",
        "dataset",
        "kind",
        "runner",
        "confirm",
        "gate",
        "effects",
        "allow",
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
JSON = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.floats() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(table=st.dictionaries(KEY, JSON, max_size=5))
def test_any_other_toml_is_refused_with_keys(folder: Path, table: dict[str, object]) -> None:
    text = "\n".join(f"{key_text((key,))} = {value_text(value)}" for key, value in table.items())
    with pytest.raises(ConfigurationError) as caught:
        loaded(text)
    refused = caught.value
    if isinstance(refused, FaultyConfigurationError):
        assert all(entry.key and entry.found for entry in refused.problems)
    else:
        assert "empty" in refused.found
