"""Programs that a test starts, with what it hands them: a companion of shadow_harness_deep (docs/deep.md).

It runs in the user's test process: Python 3.8 or newer and the standard library alone. A program is recorded like a request: its arguments are the
path, its exit code the status. PYTEST_DONT_REWRITE
"""

# Arguments are anything at all, hence Any.
# ruff: noqa: ANN401

from __future__ import annotations

import contextlib
import os
import re
from typing import Any, Dict, List

if __package__:  # within the harness
    from runners.probe.shadow_harness_deep_http import LOW, Request, exchange
else:  # in the process of a test
    from shadow_harness_deep_http import LOW, Request, exchange  # type: ignore[import-not-found,no-redef]  # it lies beside this file

MOST_ARGUMENTS = 40
_OPTION = re.compile(r"--?[A-Za-z][A-Za-z-]{0,40}")
_NAMES_FILE = re.compile(r"[./\\:]")
_PYTHON = re.compile(r"python[\d.]*(?:\.exe)?")
_STATE = "_shadow_request"
_basename = os.path.basename


def trace_subprocess(module: Any) -> None:
    """Trace `subprocess.Popen`, on which all of that module and asyncio's processes stand."""

    def begun(plain: Any) -> Any:
        def traced(self: Any, args: Any, *more: Any, **options: Any) -> None:
            request = Request(LOW)
            if isinstance(args, (list, tuple)) and not options.get("shell"):
                request.begin(lambda recording: told(recording, [os.fspath(one) for one in args if isinstance(one, (str, bytes, os.PathLike))]))
            with contextlib.suppress(AttributeError):
                self.__dict__[_STATE] = request
            plain(self, args, *more, **options)

        return traced

    def ended(plain: Any) -> Any:
        def traced(self: Any, *args: Any, **options: Any) -> Any:
            code = plain(self, *args, **options)
            request = self.__dict__.get(_STATE)
            if request is not None and code is not None:
                request.end(code)
            return code

        return traced

    exchange(module.Popen, "__init__", begun)
    exchange(module.Popen, "wait", ended)
    exchange(module.Popen, "poll", ended)


def told(recording: Any, arguments: List[Any]) -> Dict[str, Any]:
    """What is written of a program and its arguments; `--customer=17` counts as two."""
    parts: List[str] = []
    segments: List[Dict[str, Any]] = []
    texts = [one.decode("utf-8", "replace") if isinstance(one, bytes) else one for one in arguments[:MOST_ARGUMENTS]]
    for number, text in enumerate(texts):
        option, joined, value = text.partition("=")
        if number == 0 and _PYTHON.fullmatch(_basename(text)):
            parts.append("python")
        elif _OPTION.fullmatch(option):
            parts.append(option)
            if joined:
                parts.append("{}")
                segments.append(recording.values.described(value))
        elif number == 0 or texts[number - 1] == "-m" or not _NAMES_FILE.search(text):
            word = _basename(text) if number == 0 else text
            parts.append(word if recording.knows_all(word) else "{}")
            if parts[-1] == "{}":
                segments.append(recording.values.described(text))
        else:
            parts.append("{}")
            segments.append(recording.values.described(text))
    record: Dict[str, Any] = {"method": "RUN", "host": "loopback", "path": "/".join(parts), "client": "subprocess"}
    if segments:
        record["segments"] = segments
    return record
