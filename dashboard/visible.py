"""Text from a test process, made safe to look at: characters that hide, reorder or break a line are shown by their escape."""

from __future__ import annotations

import unicodedata
from itertools import groupby

from markupsafe import Markup, escape

# Control, format (bidi, zero width), surrogate, private, unassigned, line and paragraph separators, spaces that are not the space.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})


def visible_text(text: str, *, keep: str = "") -> str:
    r"""The text with every hidden character replaced by its Python escape (`\n`, `\x1b`, `\u202e`); those in `keep` stay."""
    return "".join(_spell(char) if _hides(char, keep) else char for char in text)


def visible(text: str) -> Markup:
    """The same as HTML: escaped, and each replaced character marked, so that a line break and a written backslash-n differ."""
    return _marked(text)


def visible_block(text: str) -> Markup:
    """HTML of a text of several lines, for `<pre>`: line breaks and tabs stay what they are."""
    return _marked(text, keep="\n\t")


def visible_test(test_id: str) -> Markup:
    """HTML of a test id: the file dimmed, the rest strong; its text is the id. A long one may wrap after a slash or a double colon."""
    path, colons, name = test_id.partition("::")
    if not colons:
        return _marked(test_id, wrap=True)
    return _TEST.format(_marked(path, wrap=True), _marked(name, wrap=True))


def _hides(char: str, keep: str) -> bool:
    if " " <= char <= "~" or char in keep:
        return False
    return unicodedata.category(char) in _HIDDEN


def _spell(char: str) -> str:
    return repr(char)[1:-1] if not char.isprintable() else f"\\u{ord(char):04x}"


def _marked(text: str, *, keep: str = "", wrap: bool = False) -> Markup:
    pieces: list[Markup] = []
    for hidden, run in groupby(text, key=lambda char: _hides(char, keep)):
        if hidden:
            pieces.extend(_MARKED.format(_spell(char)) for char in run)
        else:
            plain = escape("".join(run))
            pieces.append(plain.replace("/", _SLASH).replace("::", _COLONS) if wrap else plain)
    return Markup().join(pieces)


_MARKED = Markup('<span class="hidden-char" title="a character that does not show">{}</span>')
_TEST = Markup('<span class="test-path">{}<wbr>::</span><span class="test-name">{}</span>')
_SLASH = Markup("/<wbr>")
_COLONS = Markup("::<wbr>")
