"""The e-process of a test over the nights, fed by the nightly pair alone (docs/divergences.md).

The formula of `compare.evalue` is made for reruns of a candidate, which should differ every time: an agreement multiplies it by .078. Fed with
nights, it would never grow for a test that differs one night in five. Over the nights only discordant pairs count, those whose sides differ: where
both sides fail at one rate p, independently, (fail, pass) and (pass, fail) are equally likely, p (1 - p) each, whatever p is and however it changes
from night to night. So given that a night is discordant, the side that did worse is a fair coin, and nights that agree tell nothing of it
(the conditional test of McNemar, Psychometrika 12, 1947).

The bet on the coin is the mixture of Krichevsky and Trofimov (IEEE Trans. Inf. Theory 27(2), 1981): after n discordant nights, in k of which this
side did worse, its doing worse again multiplies the e-process by

    2 (k + 1/2) / (n + 1).

Both sides' factors sum to 2, so under the fair coin the factor's expectation is exactly 1 after any past: the product is a test martingale, and
its value on any night, chosen by any rule, an e-value (Ville's inequality; Shafer, "Testing by betting", JRSS A 2021). It is the mean of the
likelihood ratios over all rates q of the coin under the prior Beta(1/2, 1/2), so both directions have their half of it and no rate has to be guessed:
it stays within a factor of about sqrt(pi n) of the best q in hindsight. Its value depends on the two counts alone.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, inf, lgamma, log, pi

_LARGEST = 709.0  # exp of more is no float


def night_factor(worse: int, nights: int) -> float:
    """What one more discordant night multiplies the e-process by, after `nights` of them, in `worse` of which the same side did worse."""
    return 2 * (worse + 0.5) / (nights + 1)


@lru_cache(maxsize=4096)  # tests of a suite share few pairs of counts
def night_e_value(legacy_worse: int, shadow_worse: int) -> float:
    """The e-process after so many discordant nights: 1 after none, the same for both orders of the counts. inf beyond what a float holds."""
    nights = legacy_worse + shadow_worse
    logarithm = nights * log(2) + lgamma(legacy_worse + 0.5) + lgamma(shadow_worse + 0.5) - log(pi) - lgamma(nights + 1)
    return exp(logarithm) if logarithm < _LARGEST else inf
