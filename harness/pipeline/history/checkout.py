"""What git knows of a suite. Where git, or a checkout, is missing, it knows nothing."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

_PATIENCE = 30  # seconds
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def suite_commit(root: Path) -> str | None:
    """The commit that the suite's checkout stands at; None outside a checkout."""
    said = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    commit = (said or "").strip()
    return commit if _COMMIT.fullmatch(commit) else None


def moved_files(root: Path, before: str | None, now: str | None) -> Mapping[str, str]:
    """Files under a suite's root that were renamed between two commits, old path to new, relative to the root; empty where it cannot be told."""
    if before is None or now is None or before == now or not (_COMMIT.fullmatch(before) and _COMMIT.fullmatch(now)):
        return {}
    plain = ("--no-ext-diff", "--no-textconv", "--no-color", "--relative", "-z")
    said = _git(root, "diff", "--name-status", "-M", "--diff-filter=R", *plain, before, now, "--", ".")
    parts = iter((said or "").split("\0"))
    renames = iter(lambda: tuple(islice(parts, 3)), ())
    return {rename[1]: rename[2] for rename in renames if len(rename) == 3}


def _git(root: Path, *arguments: str) -> str | None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        ended = subprocess.run(
            ("git", *arguments),
            cwd=root,
            env={**environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return os.fsdecode(ended.stdout) if ended.returncode == 0 else None
