"""A real PostgreSQL server for tests: Debian's programs, and a folder of its own that no other pytest locks away, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
PLAIN = ("--encoding=UTF8", "--locale=C.UTF-8")
"""Texts sort by bytes."""
ENGLISH = (*PLAIN, "--locale-provider=icu", "--icu-locale=en")
"""Texts sort by the rules of English."""


@contextmanager
def postgresql(*, superuser: str = "shadow", port: int | None = None, locale: tuple[str, ...] = PLAIN) -> Iterator[Path]:
    """A running server; the folder of its socket. It listens on loopback, too, where a port is given. Nobody needs a password."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="shadow-pg-", dir="/tmp"))
    user = _user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    listens = ("listen_addresses=",) if port is None else ("listen_addresses=127.0.0.1", f"port={port}")
    try:
        _call(user, programs / "initdb", "-D", data, "-U", superuser, "--auth=trust", "--no-sync", *locale)
        options = " ".join(f"-c {setting}" for setting in (*listens, *_SETTINGS, f"unix_socket_directories={folder}"))
        _call(user, programs / "pg_ctl", "start", "-w", "-D", data, "-l", folder / "log", "-o", options)
        try:
            yield folder
        finally:
            _call(user, programs / "pg_ctl", "stop", "-D", data, "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Where initdb and pg_ctl are: the newest version that Debian installed, or on PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(installed[-1]) if installed else shutil.which("initdb")
    if found is None:
        reason = "PostgreSQL's server programs are missing: apt-get install postgresql"
        if "postgres" in os.environ.get("SHADOW_TEST_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found).parent


def _user() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses root; None is oneself."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _call(user: pwd.struct_passwd | None, *command: str | Path) -> None:
    ended = subprocess.run(
        command,
        cwd="/",
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        user=None if user is None else user.pw_uid,
        group=None if user is None else user.pw_gid,
        extra_groups=None if user is None else [],
    )
    if ended.returncode:
        pytest.fail(f"{Path(command[0]).name} failed: {ended.stderr}")
