"""The project key: what makes fingerprints of values useless to whoever does not hold it."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLE = "SHADOW_KEY"
_BYTES = 32


class ProjectKey:
    """Fingerprints values with HMAC-SHA-256. The key itself is never shown, not even by repr."""

    def __init__(self, key: bytes) -> None:
        self._begun = hmac.new(key, digestmod=hashlib.sha256)
        self._probe = hmac.digest(key, b"probe", "sha256")

    def fingerprint(self, value: str) -> str:
        """12 hexadecimal digits: equal for equal values under one key."""
        keyed = self._begun.copy()  # the key's own part is worked out once
        keyed.update(value.encode("utf-8", "surrogatepass"))
        return keyed.hexdigest()[:12]

    def of_probe(self) -> ProjectKey:
        """The key by which values are fingerprinted in test processes and in the identity index: theirs meet, and tell nothing of this key."""
        return ProjectKey(self._probe)

    def write_for_probe(self, folder: Path) -> Path:
        """Write the probe's key to the file `probe.key` (mode 0600) of a folder and return it; a test process reads it."""
        path, draft = folder / "probe.key", folder / f".probe-{secrets.token_hex(4)}.tmp"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(self._probe.hex() + "\n")
        draft.replace(path)
        return path


def project_key(workdir: Path, environ: Mapping[str, str] = os.environ) -> ProjectKey:
    """The key from the variable SHADOW_KEY (at least 64 hexadecimal digits), or else from the file `key` of the work directory (mode 0600), made
    at first use.

    Raises ConfigurationError for a key that is too short, or a file that others can read.
    """
    text = environ.get(VARIABLE)
    if text is not None:
        return ProjectKey(_decoded(text, where=f"variable {VARIABLE}"))
    path = workdir / "key"
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(
            "the project key can be read by others",
            where=str(path),
            expected="mode 0600",
            hint=f"chmod 600 {path}; if somebody may have read it, delete it (fingerprints of earlier runs then no longer match).",
        )
    return ProjectKey(_decoded(path.read_text(encoding="ascii", errors="replace").strip(), where=str(path)))


def _make(path: Path) -> None:
    """Write a new key. Of several processes that do so at the same time one wins, and none reads half a key."""
    draft = path.with_name(f".key-{secrets.token_hex(4)}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_bytes(_BYTES).hex() + "\n")
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()


def _decoded(text: str, *, where: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) < _BYTES:
        raise ConfigurationError("this is no project key", where=where, expected=f"at least {_BYTES * 2} hexadecimal digits")
    return key
