"""Test ids as the suite knows them: what of an id is a token is put back, as far as the suite's source holds the value. They are never written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runners.probe.shadow_harness_redact import MAY_HOLD_A_VALUE, TOKEN_IN_ID, Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.evidence import ProjectKey
    from harness.model.coupling import Value


class RawIds:
    """Learns the values of a suite's literals. `key` is that of the test processes."""

    def __init__(self, key: ProjectKey) -> None:
        self._redactor = Redactor(key.fingerprint)
        self._values: dict[str, str] = {}
        self.complete = False

    def learn(self, values: Iterable[Value]) -> None:
        """Remember the tokens that the literals of a suite, all of them, give in an id."""
        for value in values:
            self._learn(value)
        self.complete = True

    def _learn(self, value: Value) -> None:
        text = value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
        if MAY_HOLD_A_VALUE.search(text) is not None:
            self._values.update(self._redactor.tokens_of(text))
            if not text.isascii():  # pytest escapes it in ids
                self._values.update(self._redactor.tokens_of(text.encode("unicode_escape").decode("ascii")))

    def holds_tokens(self, test_id: str) -> bool:
        """Whether there is anything to put back."""
        return TOKEN_IN_ID.search(test_id) is not None

    def raw(self, test_id: str) -> str:
        """The id that pytest gives the test, as far as it can be told."""
        return TOKEN_IN_ID.sub(lambda found: self._values.get(found.group(), found.group()), test_id)
