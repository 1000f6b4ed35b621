"""Redacts what other programs wrote (JUnit XML, logs, last lines) under the key that test processes use, so that equal values show as equal."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from harness.errors import InfrastructureError
from runners.probe.shadow_harness_redact import MAY_HOLD_A_VALUE, TOKEN_IN_ID, Redactor

if TYPE_CHECKING:
    from pathlib import Path

    from harness.evidence import ProjectKey


MOST_MESSAGES = 2_000
"""Messages of failures of a report that get tokens: nobody compares the values of more, and 25,000 would take longer than all the rest."""


class Redaction:
    """Redacts texts of one run. `raw` maps test ids that were redacted here to what they were: for who has to ask for such a test; never written."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self.raw: dict[str, str] = {}
        self._messages = 0

    @classmethod
    def under(cls, key: ProjectKey) -> Redaction:
        """Under a project's key: that of its test processes and its identity index."""
        return cls(Redactor(key.of_probe().fingerprint))

    @classmethod
    def of_file(cls, path: Path | None) -> Redaction:
        """Under the key of the file that test processes get (`probe.key`); without one, under a new one that ends with the process."""
        return cls.of_key(key_of_file(path))

    @classmethod
    def of_key(cls, key: bytes) -> Redaction:
        """Under a key itself."""
        return cls(Redactor.of_key(key))

    def raw_id(self, test_id: str) -> str:
        """What the tool itself calls a test. Raises InfrastructureError where it was redacted in an earlier process, which alone knew."""
        known = self.raw.get(test_id)
        if known is None and TOKEN_IN_ID.search(test_id) is not None:
            raise InfrastructureError(
                "a test whose name holds a value cannot be rerun: only the process that began this run knew the name",
                where=test_id,
                hint="Start a new run instead of resuming this one, or give the test a name without the value.",
            )
        return known or test_id

    def line(self, text: str) -> str:
        """A line of a log, as a message with tokens."""
        return self._redactor.message(text)[0]

    def message(self, text: str) -> tuple[str, tuple[str, ...]] | None:
        """A failure's message with tokens, and the fingerprints that these begin; None behind the first `MOST_MESSAGES`: they keep their template.
        Of the messages of a report many differ in their digits alone.
        """
        self._messages += 1
        return self._redactor.message(text, alike=True) if self._messages <= MOST_MESSAGES else None

    def name(self, text: str) -> str:
        """A part of a test id, recognisable values in it as tokens."""
        return text if MAY_HOLD_A_VALUE.search(text) is None else self._redactor.name(text)

    def test_id(self, text: str) -> str:
        """What a test is recorded under, of the id that a person knows it by. What holds a token already is a recorded id."""
        return text if TOKEN_IN_ID.search(text) or not MAY_HOLD_A_VALUE.search(text) else self._redactor.test_id(text)


def key_of_file(path: Path | None) -> bytes:
    """The key that test processes get; without a file a new one. Raises OSError and ValueError for a file that holds none."""
    return secrets.token_bytes(32) if path is None else bytes.fromhex(path.read_text(encoding="ascii").strip())


def last_lines(text: str, redaction: Redaction, *, lines: int) -> str:
    """The last lines of what a program printed, redacted; empty where it printed nothing."""
    kept = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(redaction.line(line) for line in kept[-lines:])
