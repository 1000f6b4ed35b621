"""Words that messages keep because they are words of exceptions, and that name a record of the production copy all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evidence import hide, phrases, token
from harness.model.canonical import canonical
from harness.model.coupling import Presence

if TYPE_CHECKING:
    from harness.evidence import Bundle, ProjectKey
    from runners.identity.index import IdentityIndex


def hide_known_words(bundle: Bundle, index: IdentityIndex, key: ProjectKey) -> None:
    """Replace them in all messages of a bundle by tokens: somebody may be called Page or Service. What both datasets hold is reference data and
    stays. Raises OSError.
    """
    asked = sorted(phrases(bundle))
    names: dict[str, str] = {}
    for phrase, matches in zip(asked, index.lookup(asked), strict=True):
        spelled = canonical(phrase)
        if spelled is not None and matches and all(match.presence is Presence.LEGACY for match in matches):
            names[phrase] = token(matches[0].content, key.fingerprint(spelled))
    hide(bundle, names)
