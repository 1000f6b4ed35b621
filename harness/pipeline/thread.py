"""A step in a thread of its own, so that the main thread hands on events and hears the interrupt."""

from __future__ import annotations

import threading
from collections.abc import Callable


class InThread:
    """A call in a thread of its own; its error is raised where it is asked for."""

    def __init__(self, call: Callable[[], None], *, done: Callable[[], None]) -> None:
        self._error: BaseException | None = None
        self._call = call
        self._done = done
        self._thread = threading.Thread(target=self._run, name=call.__name__)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asks
            self._error = error
        finally:
            self._done()

    def wait(self) -> None:
        """Return once the call is over."""
        self._thread.join()

    def raise_its_error(self) -> None:
        """Return once the call is over, or raise what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
