"""Counts the lines of the suite's own files that run: a companion of shadow_harness_deep (docs/deep.md).

It runs in the user's test process: Python 3.8 or newer and the standard library alone. PYTEST_DONT_REWRITE
"""

# Frames and code objects are the interpreter's, hence Any.
# ruff: noqa: ANN401

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Set, Tuple

if TYPE_CHECKING:
    from runners.probe.shadow_harness_deep_source import Files, Outlines

_gettrace, _settrace = sys.gettrace, sys.settrace  # as they are now: a test may exchange them

Hits = Dict[str, Dict[int, int]]
"""File -> first line of a statement -> how often it ran."""

_NO_END = 1 << 62
_OVER = 0  # nothing is left of what a test may cost


class Tracer:
    """Counts the lines of the suite's own files that run, by sys.settrace: for versions of Python before 3.12.

    Every call of a function costs, wherever it lies, so that `most` bounds what a test may cost: calls, and lines of the suite's own files.
    """

    def __init__(self, files: Files, outlines: Outlines, most: int) -> None:
        self._files = files
        self._outlines = outlines
        self._most = most
        self._left = [_OVER]
        self._too_much = False
        self._local: Dict[int, Tuple[Any, Callable[..., Any], List[int]]] = {}
        self._hits: Hits = {}
        self._depth = 0
        self._disturbed = False
        self._trace = self._make()

    def start(self) -> bool:
        """Begin to count anew; False where another tracer is at work."""
        self._hits.clear()
        self._local.clear()
        self._left[0] = self._most
        self._too_much = False
        self._depth = 0
        self._disturbed = _gettrace() is not None
        return not self._disturbed

    @property
    def unknown(self) -> str:
        """Why it is not known what ran."""
        return "budget" if self._too_much else "another tracer is at work"

    def resume(self) -> None:
        """The suite's own code runs now. In between it does not, and what pytest does itself would only cost."""
        self._depth += 1
        if self._depth > 1 or self._disturbed:
            return
        if _gettrace() is not None:
            self._disturbed = True
            return
        if getattr(threading, "_trace_hook", None) is None:
            threading.settrace(self._trace)
        _settrace(self._trace)

    def pause(self) -> None:
        """It does not any more. What somebody else has set meanwhile is left alone."""
        self._depth -= 1
        if self._depth or self._disturbed:
            return
        if _gettrace() is not self._trace:
            self._disturbed = True
        else:
            _settrace(None)
        if getattr(threading, "_trace_hook", None) is self._trace:
            threading.settrace(None)  # as it was

    def hold(self) -> int:
        """Something runs that is not to be counted; what is returned is for `release`."""
        depth = self._depth
        if depth:
            self._depth = 1
            self.pause()
        return depth

    def release(self, held: int) -> None:
        """It has ended."""
        if held:
            self.resume()
            self._depth = held

    def stop(self) -> Hits | None:
        """End, and return what ran; None where somebody else has set a tracer meanwhile, or where it was too much.

        A thread that goes on is let go at its next call.
        """
        self._too_much = self._left[0] < 0
        self._left[0] = _OVER
        return None if self._disturbed or self._too_much else self._hits

    def rest(self) -> None:
        """Tests follow that are not counted: nothing is left in place between two that are."""

    def close(self) -> None:
        """Nothing is kept."""

    def _make(self) -> Callable[..., Any]:
        of_code, local, left, give_up = self._files.of_code, self._local, self._left, self._give_up
        others: Set[str] = set()  # files that are not the suite's own: most calls are theirs

        def trace(frame: Any, _event: str, _arg: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                return give_up()
            code = frame.f_code
            if code.co_filename in others:
                return None
            found = of_code(code.co_filename)
            if found is None or not found[1]:
                others.add(code.co_filename)
                return None
            entry = local.get(id(code))
            if entry is None:
                entry = local[id(code)] = (code, *self._counting(found[0]))
            entry[2][0] = 0
            return entry[1]

        trace.shadow_harness = True  # type: ignore[attr-defined]  # so that the recorder knows it
        return trace

    def _counting(self, path: str) -> Tuple[Callable[..., Any], List[int]]:
        whole, hits, last = self._outlines.of(path).whole, self._hits.setdefault(path, {}), [0]
        left, give_up = self._left, self._give_up

        def count(frame: Any, event: str, _arg: Any) -> Any:
            if event == "line":
                left[0] -= 1
                if left[0] < 0:
                    return give_up()
                line = frame.f_lineno
                if line in whole:
                    line = whole[line][0]
                    if last[0] == line:
                        return count
                    last[0] = line
                else:
                    last[0] = 0
                hits[line] = hits.get(line, 0) + 1
            return count

        return count, last

    def _give_up(self) -> None:
        """Trace nothing any more in this thread: it was too much, or the test is over."""
        if getattr(_gettrace(), "shadow_harness", False):
            _settrace(None)


class Monitor:
    """The same by sys.monitoring, which others do not notice: from Python 3.12 on. Calls elsewhere cost nothing, and `most` bounds lines alone."""

    def __init__(self, files: Files, outlines: Outlines, most: int) -> None:
        self._files = files
        self._outlines = outlines
        self._most = most
        self._left = most
        self._codes: Dict[int, Tuple[Any, str, Dict[int, Tuple[int, int]], List[int]]] = {}
        self._hits: Hits | None = None
        self._tool: int | None = None
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined]  # from Python 3.12 on
        self._monitoring = monitoring
        for tool in (4, 3):
            with suppress(ValueError):
                monitoring.use_tool_id(tool, "shadow-harness")
                self._tool = tool
                break
        if self._tool is not None:
            monitoring.register_callback(self._tool, monitoring.events.PY_START, self._entered)
            monitoring.register_callback(self._tool, monitoring.events.LINE, self._ran)

    def start(self) -> bool:
        """Begin to count anew; False where it cannot be done."""
        self._hits = {}
        self._left = self._most
        if self._tool is None:
            return False
        self._monitoring.set_events(self._tool, self._monitoring.events.PY_START)
        return True

    @property
    def unknown(self) -> str:
        """Why it is not known what ran."""
        return "no tool number of sys.monitoring is free" if self._tool is None else "budget"

    def resume(self) -> None:
        """Nothing is to be done: other code than the suite's own is let go at its first call."""

    def pause(self) -> None:
        """The same."""

    def hold(self) -> Hits | None:
        """Something runs that is not to be counted; what is returned is for `release`."""
        held, self._hits = self._hits, None
        return held

    def release(self, held: Hits | None) -> None:
        """It has ended."""
        self._hits = held

    def stop(self) -> Hits | None:
        """End, and return what ran."""
        hits, self._hits = self._hits, None
        if self._tool is None:
            return None
        self._monitoring.set_events(self._tool, 0)
        return None if self._left < 0 else hits

    def rest(self) -> None:
        """Tests follow that are not counted: their lines are let be."""
        for code, *_ in self._codes.values():
            self._monitoring.set_local_events(self._tool, code, 0)
        self._codes.clear()

    def close(self) -> None:
        """Give the tool number back."""
        if self._tool is not None:
            self.rest()
            self._monitoring.free_tool_id(self._tool)
            self._tool = None

    def _entered(self, code: Any, _offset: int) -> Any:
        entry = self._codes.get(id(code))
        if entry is None:
            found = self._files.of_code(code.co_filename)
            if found is None or not found[1]:
                return self._monitoring.DISABLE
            entry = self._codes[id(code)] = (code, found[0], self._outlines.of(found[0]).whole, [0])
            self._monitoring.set_local_events(self._tool, code, self._monitoring.events.LINE | self._monitoring.events.PY_START)
        entry[3][0] = 0
        return None

    def _ran(self, code: Any, line: int) -> None:
        entry, hits = self._codes.get(id(code)), self._hits
        if entry is None or hits is None:
            return
        self._left -= 1
        if self._left < 0:
            self._monitoring.set_events(self._tool, 0)
            self.rest()
            return
        _, path, whole, last = entry
        if line in whole:
            line = whole[line][0]
            if last[0] == line:
                return
            last[0] = line
        else:
            last[0] = 0
        of_file = hits.get(path)
        if of_file is None:
            of_file = hits[path] = {}
        of_file[line] = of_file.get(line, 0) + 1


class Lines:
    """Counts the lines of one test after the other, once `ready` has said whose; those before are not counted."""

    def __init__(self) -> None:
        self._counter: Any = None
        self._at_work = False

    def ready(self, files: Files, outlines: Outlines, *, most: int = _NO_END) -> None:
        """Count as this version of Python can. A test in which more than `most` lines go by (with calls, where they cost) is given up."""
        self._counter = (Monitor if hasattr(sys, "monitoring") else Tracer)(files, outlines, most)

    def start(self) -> None:
        """A test begins."""
        self._at_work = self._counter is not None and self._counter.start()

    def resume(self) -> None:
        """The suite's own code runs now."""
        if self._at_work:
            self._counter.resume()

    def pause(self) -> None:
        """It does not any more."""
        if self._at_work:
            self._counter.pause()

    def hold(self) -> Any:
        """Something runs that is not to be counted; what is returned is for `release`."""
        return self._counter.hold() if self._at_work else None

    def release(self, held: Any) -> None:
        """It has ended."""
        if self._at_work:
            self._counter.release(held)

    def stop(self) -> Tuple[Hits | None, str | None]:
        """The test has ended: what ran, or why that is not known."""
        hits = self._counter.stop() if self._at_work else None
        self._at_work = False
        return hits, None if hits is not None or self._counter is None else self._counter.unknown

    def rest(self) -> None:
        """Tests follow that are not counted."""
        if self._counter is not None:
            self._counter.rest()

    def close(self) -> None:
        """Let go of what the interpreter holds."""
        if self._counter is not None:
            self._counter.close()


class Ran(NamedTuple):
    """What of the suite's own files ran. `lines` are ranges by file, `loops` say of a place (file and line of the header) how often its body began;
    `assertions` are lines of them, `assertion_runs` how often those ran.
    """

    lines: Dict[str, List[List[int]]]
    loops: List[List[Any]]
    assertions: int
    assertion_runs: int


def what_ran(hits: Hits, outlines: Outlines) -> Ran:
    """What the lines that ran come to."""
    lines: Dict[str, List[List[int]]] = {}
    loops: List[List[Any]] = []
    assertions = assertion_runs = 0
    for path, of_file in sorted(hits.items()):
        outline = outlines.of(path)
        for line in of_file.keys() & outline.assertions:
            assertions += 1
            assertion_runs += of_file[line]
        loops += [[path, head, of_file.get(outline.whole.get(body, (body, 0))[0], 0)] for head, body in sorted(outline.loops) if head in of_file]
        ran: Set[int] = set()
        for line in of_file:
            if line not in outline.idle:
                first, last = outline.whole.get(line, (line, line))
                ran.update(range(first, last + 1))
        if ran:
            lines[path] = _ranges(ran)
    return Ran(lines, loops, assertions, assertion_runs)


def _ranges(lines: Set[int]) -> List[List[int]]:
    ranges: List[List[int]] = []
    for line in sorted(lines):
        if ranges and ranges[-1][1] == line - 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    return ranges
