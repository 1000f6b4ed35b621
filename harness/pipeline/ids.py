"""Test ids that a run cannot go on with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.errors import DuplicateTestIdError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.model import Side

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def refuse_control_characters(side: Side, ids: Iterable[str]) -> None:
    """Raise InputError for a test id that holds a line break or another control character: it would break lists, logs and command lines."""
    broken = [test_id for test_id in ids if _CONTROL.search(test_id)]
    if broken:
        raise InputError(
            f"{side.value}: {_several(broken, 'holds a control character', 'hold control characters')}",
            expected="test ids of printable characters, on one line",
            hint="Give these parameters ids of their own (pytest.param(..., id=...)), or rename the tests; pytest escapes such characters unless its "
            "escaping is turned off.",
        )


def refuse_duplicates(side: Side, ids: Sequence[str]) -> None:
    """Raise DuplicateTestIdError where several tests carry one id, so that no pair can be told."""
    if ids:
        raise DuplicateTestIdError(
            f"{side.value}: {_several(ids, 'is carried by more than one test', 'are carried by more than one test')}",
            expected="every test has a test id of its own",
            hint="Give the parameters distinct ids, and name no file twice in [suite] args.",
        )


def _several(ids: Sequence[str], one: str, many: str) -> str:
    shown = ", ".join(ascii(test_id) for test_id in ids[:5])
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return f"the test id {shown} {one}" if len(ids) == 1 else f"the test ids {shown}{more} {many}"
