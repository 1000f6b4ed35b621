"""The tree of errors. Each says what was found, where, what was expected and what to do; its slug names its page in docs/errors.md."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What a command's exit status means (a contract: scripts rely on it)."""

    OK = 0
    DIVERGENT = 1
    USAGE = 2
    INFRASTRUCTURE = 3
    UNSAFE = 4
    INTERRUPTED = 130


class ShadowError(Exception):
    """A fault that a person can act on.

    `found` says what is wrong; `where` names the file, line or key; `expected` what would have been right; `hint` what to do next.
    No argument may hold a value of the production copy.
    """

    slug: ClassVar[str] = "error"
    exit_code: ClassVar[ExitCode] = ExitCode.USAGE

    def __init__(self, found: str, *, where: str | None = None, expected: str | None = None, hint: str | None = None) -> None:
        super().__init__(found)
        self.found = found
        self.where = where
        self.expected = expected
        self.hint = hint

    def __str__(self) -> str:
        """All parts, a line each, as the terminal prints them without colour."""
        head = f"{self.where}: {self.found}" if self.where else self.found
        lines = [head]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.hint:
            lines.append(f"  do: {self.hint}")
        lines.append(f"  [{self.slug}]")
        return "\n".join(lines)


class UsageError(ShadowError):
    """A command line that cannot be carried out."""

    slug = "usage"


class ConfigurationError(ShadowError):
    """A configuration that cannot be read or does not hold together."""

    slug = "configuration"


class InstallationError(ShadowError):
    """The four top-level packages do not lie side by side: another distribution shadows one of them."""

    slug = "installation"


class InputError(ShadowError):
    """A file given by the user (JUnit XML, a bundle) that cannot be read."""

    slug = "input"


class DuplicateTestIdError(ShadowError):
    """Two tests carry one test id, so no pair can be told."""

    slug = "duplicate-test-id"


class EmptySuiteError(ShadowError):
    """A suite or a side that collected no test."""

    slug = "empty-suite"


class BundleError(ShadowError):
    """A bundle that is missing, foreign or damaged."""

    slug = "bundle"


class StoreError(ShadowError):
    """A store that cannot be opened, or whose schema is of another version."""

    slug = "store"
    exit_code = ExitCode.INFRASTRUCTURE


class InfrastructureError(ShadowError):
    """A fault of an environment or of the harness itself; never an outcome of a test. `kind` is a value of `harness.model.InfrastructureKind`."""

    slug = "infrastructure"
    exit_code = ExitCode.INFRASTRUCTURE

    def __init__(
        self,
        found: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
        kind: str = "harness",
    ) -> None:
        super().__init__(found, where=where, expected=expected, hint=hint)
        self.kind = kind


class UnsafeError(ShadowError):
    """Refused, because going on could leak real data or reach the outside world."""

    slug = "unsafe"
    exit_code = ExitCode.UNSAFE
