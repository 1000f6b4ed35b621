"""What expressions are found to ask, and the columns that a piece of source may read."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compare.causes.assertion import Ask
from compare.causes.frames import columns_named
from compare.causes.syntax import called, handed_over, is_collection, results
from compare.causes.unpacking import difference
from compare.causes.words import plain

if TYPE_CHECKING:
    from collections.abc import Mapping


_OF_RESULTS = frozenset({Ask.THRESHOLD, Ask.NUMBER, Ask.TEXT})
"""What is asked of what comes of rows, and not of what they were chosen by."""


@dataclass(slots=True)
class Noted:
    """Notes what is asked. `known` are the columns by their plain spelling: what is no column is not kept. `several` are names in the function
    at hand that plainly hold several values, `constants` names of constants with what they are, None where that is not known, `compared` texts of
    the source that something is compared with.
    """

    known: Mapping[str, tuple[str, ...]]
    several: frozenset[str] = frozenset()
    constants: Mapping[str, ast.expr | None] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    asks: set[Ask] = field(default_factory=set)
    asked_of: list[tuple[Ask, str]] = field(default_factory=list)
    values: set[str] = field(default_factory=set)
    compared: set[str] = field(default_factory=set)
    durations: set[ast.AST] = field(default_factory=set)
    postponed: list[ast.expr] = field(default_factory=list)

    def _add(self, ask: Ask, *about: ast.AST) -> None:
        self.asks.add(ask)
        nodes = (
            node
            for part in about
            for node in (results(part) if ask in _OF_RESULTS else ast.walk(part))
            if ask is not Ask.THRESHOLD or node not in self.durations
        )
        self.asked_of.extend((ask, column) for node in nodes for column in self._read(node))

    def _mark_durations(self, expression: ast.expr) -> None:
        """Of dates that a duration is worked out of nothing is asked by themselves."""
        for node in ast.walk(expression):
            span = difference(node)
            if span is not None and self._is_span(span):
                self.durations.update(ast.walk(node))

    def _is_several(self, expression: ast.expr) -> bool:
        return is_collection(expression) or (isinstance(expression, ast.Name) and expression.id in self.several)

    def _is_span(self, side: ast.expr) -> bool:
        """Whether it may be how long something took, and is not how long ago it was: of a difference, both parts are read of rows."""
        if not isinstance(side, ast.BinOp):
            return True
        of_rows = (
            (self._read(node) or (isinstance(node, ast.Name) and node.id in self.values) for node in ast.walk(part))
            for part in (side.left, side.right)
        )
        return all(map(any, of_rows))

    def _read(self, node: ast.AST) -> tuple[str, ...]:
        """The columns that a node may read: several results may have one of this name."""
        text = None
        if isinstance(node, ast.Attribute):
            text = node.attr
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            text = node.slice.value
        elif isinstance(node, ast.Call) and called(node) in {"get", "itemgetter", "attrgetter", "getattr", "pop"}:
            text = next((one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)), None)
        elif isinstance(node, ast.Call):
            return tuple(column for named in (*columns_named(node), *handed_over(node)) for column in self._columns(named))
        return () if text is None else self._columns(text)

    def _columns(self, text: str) -> tuple[str, ...]:
        return self.known.get(plain(text), ())
