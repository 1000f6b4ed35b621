"""Text of a test process on its way into a report: nothing in it may hide, reorder, break a line or end a document."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape as xml_escape

# Joins and selects glyphs inside emoji and some scripts: reorders nothing, and hiding it would break the writing.
_JOINERS = "\u200d"


def visible(text: str) -> str:
    r"""The text with every character that does not show (controls, bidi marks, lone surrogates, odd spaces) as its Python escape:
    `\n`, `\x1b`, `\u202e`. What remains is legal in XML 1.0 and encodes in UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in _JOINERS else _spell(char) for char in text)


def visible_block(text: str) -> str:
    """The same for a text of several lines: line breaks and tabs stay."""
    return "\n".join("\t".join(visible(cell) for cell in line.split("\t")) for line in text.split("\n"))


def scalar(text: str) -> str:
    r"""The text with lone surrogates as their escape (`\udc80`), for JSON, which carries every other character: strict readers refuse them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis where something was left out."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def markdown(text: str) -> str:
    """One line of GitHub-flavoured Markdown, also inside a table, that shows the text and does nothing: no markup, link or mention."""
    return _escaped(visible(text)).replace("@", "&#64;\u200b")  # an entity alone still notifies a person whose name it is


def markdown_code(text: str) -> str:
    """The same as code. A code span, which needs no escapes, where the text allows for one; otherwise `<code>` with everything escaped."""
    shown = visible(text)
    if shown and shown.strip() == shown and not _UNFIT_FOR_SPAN & set(shown):
        return f"`{shown}`"
    return f"<code>{_escaped(shown).replace('@', '&#64;')}</code>"


def _escaped(text: str) -> str:
    return _ADDRESS.sub(r"\\\g<0>", xml_escape(text).translate(_MARKDOWN))


def _spell(char: str) -> str:
    return repr(char)[1:-1]


# What GitHub makes a link of although nothing marks it as one.
_ADDRESS = re.compile(r"(?<=www)\.|:(?=//)", re.IGNORECASE)
# A pipe or a backslash inside a code span would be read by the table around it.
_UNFIT_FOR_SPAN = frozenset("`|\\")
_MARKDOWN = {ord(char): f"\\{char}" for char in "\\*_[]~!#"} | {ord("|"): "&#124;", ord("`"): "&#96;"}
