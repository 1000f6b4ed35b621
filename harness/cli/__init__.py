"""The command `shadow`: a thin line over the use cases of `harness.pipeline`."""

from __future__ import annotations

import sys

from harness.errors import ExitCode, ShadowError


def main() -> None:
    """Run the command line and end the process with its exit code."""
    from harness.cli.faults import tell_no_values  # noqa: PLC0415 - it imports nothing of ours

    tell_no_values()
    sys.exit(invoke(sys.argv[1:]))


def invoke(arguments: list[str]) -> int:
    """Run one command line and return its exit code. Nothing a test process said reaches the terminal unredacted, not even by a traceback."""
    from harness.cli.faults import show_error, show_internal_error  # noqa: PLC0415 - after the packages are known to be ours
    from harness.cli.installation import refuse_intruders  # noqa: PLC0415 - the same

    try:
        refuse_intruders()
        from harness.cli.app import app  # noqa: PLC0415 - it imports all four packages

        return app(arguments)
    except ShadowError as error:
        show_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return _closed_output()
    except Exception as error:  # noqa: BLE001 - the last resort: a message without values
        show_internal_error(error)
        return ExitCode.INFRASTRUCTURE


def _closed_output() -> int:
    """Whoever read our output went away (`| head`): no fault, and nothing more can be written."""
    sys.stdout = None  # keeps the interpreter from flushing into the closed pipe at exit
    return ExitCode.OK
