"""What stands for a value of the data wherever something is written."""

from __future__ import annotations

_DIGITS = 6


def token(content: str, fingerprint: str) -> str:
    """The token of a value, such as `email:7f3a91`: what kind of content it is, and the first digits of its fingerprint under the probe's key.

    Equal for equal values under one key, however they are spelled; it tells nothing of the value.
    """
    return f"{content}:{fingerprint[:_DIGITS]}"
