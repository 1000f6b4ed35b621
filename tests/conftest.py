"""What holds for every tier: no variable of this machine reaches a test, and tests that need an engine, a browser or PostgreSQL say so.

Such a test is skipped with its reason where the thing is missing, and fails where SHADOW_TEST_REQUIRE (docker,browser,postgres) names it.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

NEEDS = ("docker", "browser", "postgres")
REQUIRED = frozenset(filter(None, os.environ.get("SHADOW_TEST_REQUIRE", "").split(",")))
_CLEARED = ("SHADOW_", "PYTEST_", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM", "DATABASE_URL", "PYTHONHASHSEED", "TZ")
_KEPT = frozenset({"PYTEST_CURRENT_TEST", "PYTEST_VERSION", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"})
_ENGINE_SECONDS = 20


def pytest_configure(config: pytest.Config) -> None:
    unknown = REQUIRED - set(NEEDS)
    if unknown:
        raise pytest.UsageError(f"SHADOW_TEST_REQUIRE names {', '.join(sorted(unknown))}; allowed: {', '.join(NEEDS)}")
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return  # the controller runs no test, and its workers are still to read the variables
    for name in list(os.environ):
        if name.startswith(_CLEARED) and name not in _KEPT and not name.startswith("SHADOW_TEST_"):
            del os.environ[name]


def pytest_runtest_setup(item: pytest.Item) -> None:
    for need in NEEDS:
        if item.get_closest_marker(need) is None or (reason := _missing(need)) is None:
            continue
        if need in REQUIRED:
            pytest.fail(f"SHADOW_TEST_REQUIRE asks for {need}, but {reason}", pytrace=False)
        pytest.skip(f"needs {need}: {reason}")


@functools.cache
def _missing(need: str) -> str | None:
    """Why a thing is not there; None where it is."""
    return {"docker": _no_docker, "browser": _no_browser, "postgres": _no_postgres}[need]()


def _no_docker() -> str | None:
    if shutil.which("docker") is None and not Path("/var/run/docker.sock").exists():
        return "no Docker engine is installed"
    try:
        import docker

        client = docker.from_env(timeout=_ENGINE_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever keeps the engine from answering is the reason to tell
        return f"no Docker engine answers ({type(error).__name__})"
    with_images = {tag for image in client.images.list() for tag in image.tags}
    client.close()
    missing = sorted({"python:3.11-slim", "postgres:15"} - with_images)
    if missing and not _pulled(missing):
        return f"the images {', '.join(missing)} are not there and cannot be pulled"
    return None


def _pulled(images: list[str]) -> bool:
    return all(subprocess.run(["docker", "pull", "-q", image], capture_output=True, check=False).returncode == 0 for image in images)


def _no_browser() -> str | None:
    return None if Path("/usr/bin/chromium").exists() else "/usr/bin/chromium is not installed"


def _no_postgres() -> str | None:
    return None if list(Path("/usr/lib/postgresql").glob("*/bin/initdb")) else "PostgreSQL's server programs are not installed"
