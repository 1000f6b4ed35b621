"""Hearing the interrupt: Ctrl-C, and the SIGTERM of a CI system that gives a job up."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts_to(heard: Callable[[], None]) -> Iterator[None]:
    """Call `heard` for either signal instead of raising anywhere: a run ends in order, whatever line it is on. Outside the main thread, where
    Python hears no signal, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: heard()) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
