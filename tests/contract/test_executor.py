"""What every executor keeps."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from runners.executor import ThreadExecutor

if TYPE_CHECKING:
    from harness import ports


@pytest.fixture(params=[ThreadExecutor])
def executor(request: pytest.FixtureRequest) -> ports.Executor:
    made: ports.Executor = request.param()
    return made


def test_results_come_in_the_order_of_the_calls(executor: ports.Executor) -> None:
    gate = threading.Event()

    def first() -> str:
        gate.wait(30)
        return "first"

    def second() -> str:
        gate.set()
        return "second"

    assert list(executor.map([first, second])) == ["first", "second"]


def test_no_calls_no_results(executor: ports.Executor) -> None:
    assert list(executor.map([])) == []


def test_the_first_exception_is_raised_after_all_have_ended(executor: ports.Executor) -> None:
    failed = threading.Event()
    ended: list[str] = []

    def fails() -> None:
        failed.set()
        raise LookupError("first")

    def ends_later() -> None:
        failed.wait(30)
        ended.append("later")

    def fails_too() -> None:
        raise ValueError("second")

    with pytest.raises(LookupError, match="first"):
        executor.map([fails, ends_later, fails_too])
    assert ended == ["later"]
