"""The expression of `--select`, looked at before anything is started."""

from __future__ import annotations

from harness.errors import UsageError


def refuse_broken_expression(expression: str) -> None:
    """Raise UsageError for what `pytest -k` would refuse. pytest's own grammar decides; an error of it says at which column."""
    from _pytest.mark.expression import Expression  # noqa: PLC0415 - slow to import, and pytest offers it nowhere else

    try:
        Expression.compile(expression)
    except Exception as error:  # noqa: BLE001 - its own ParseError before pytest 9, SyntaxError since
        reason = getattr(error, "msg", None) or getattr(error, "message", None) or type(error).__name__
        column = getattr(error, "offset", None) or getattr(error, "column", None)
        at = f" (column {column})" if column else ""
        raise UsageError(
            f"this is no expression that pytest can read{at}: {reason}",
            where="--select",
            expected='names or parts of names with `and`, `or`, `not` and parentheses, such as "customer and not slow"',
            hint="Quote the whole expression for the shell.",
        ) from None
