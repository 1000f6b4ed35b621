"""The e-BH procedure: which of many candidates are confirmed, with a bound on the false discovery rate.

Source: Wang and Ramdas, "False discovery rate control with e-values", JRSS B 84(3), 2022, section 4: reject the r largest e-values, r the
largest number with e_(r) >= K / (r alpha). The false discovery rate is at most alpha under any dependence between the e-values.
"""

from __future__ import annotations

from collections.abc import Sequence


def threshold(e_values: Sequence[float], *, alpha: float, hypotheses: int | None = None) -> float | None:
    """The least e-value that is rejected, None where nothing is.

    `hypotheses` is K, the number of all candidates, and is at least the number of e-values (those left out count as 0). Raises ValueError for
    an alpha outside (0, 1) or a smaller K.
    """
    total = len(e_values) if hypotheses is None else hypotheses
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    if total < len(e_values):
        raise ValueError(f"{len(e_values)} e-values for {total} hypotheses")
    ranked = sorted(e_values, reverse=True)
    for rejected in range(len(ranked), 0, -1):
        if ranked[rejected - 1] * rejected * alpha >= total:
            return ranked[rejected - 1]
    return None


def rejected(e_values: Sequence[float], *, alpha: float, hypotheses: int | None = None) -> tuple[bool, ...]:
    """For each e-value whether e-BH rejects its hypothesis. Does not depend on the order of the e-values; equal values share one answer."""
    least = threshold(e_values, alpha=alpha, hypotheses=hypotheses)
    return tuple(least is not None and value >= least for value in e_values)
