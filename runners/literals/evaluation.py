"""Works out expressions of literals and constants: sums, joined texts, f-strings, paths, items of lists."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from runners.literals.facts import Expression

Place = tuple[str, int, int]
"""Path, line and 0-based column of a literal."""
UNKNOWN = "\x00"
"""Stands in a text for what is not known before the test runs."""
_MOST = 64
_MOST_ORIGINS = 32
_LONGEST_TEXT = 2000
_LARGEST_NUMBER = 10**40
_DEEPEST = 40
_PADDING = frozenset({"zfill", "rjust", "ljust"})
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "/": operator.truediv,
    "%": operator.mod,
    "<<": operator.lshift,
    "**": operator.pow,
}


class Known(NamedTuple):
    """One value that an expression can have, and the literals it was made of. Lists and dictionaries hold alternatives (`_Several`, `_Mapping`)."""

    value: Any
    origins: tuple[Place, ...]


Arguments = Sequence[tuple[Known, ...]]
Calls = Callable[[str, Arguments, Mapping[str, tuple[Known, ...]], int], Iterable[Known]]
"""What a function of the suite comes to, by its name, its arguments and those by name; and how deep the work is."""


class _Several(NamedTuple):
    items: tuple[tuple[Known, ...], ...]


class _Mapping(NamedTuple):
    items: tuple[tuple[object, tuple[Known, ...]], ...]


class Evaluator:
    """Evaluates expressions of one scope. `resolve` gives the values of a dotted name, as seen from the scope, `calls` what a function of the suite
    comes to; `path` is the scope's file.
    """

    def __init__(self, path: str, resolve: Callable[[str, int], Sequence[Known]], calls: Calls | None = None) -> None:
        self._path = path
        self._resolve = resolve
        self._calls = calls

    def values(self, expression: Expression, depth: int = 0) -> tuple[Known, ...]:
        """All values that an expression can have, () where none is known; never more than 64."""
        if expression is None or depth > _DEEPEST:
            return ()
        kind = expression[0]
        if kind == "k":
            return (Known(expression[1], ((self._path, expression[2], expression[3]),) if expression[2] else ()),)
        if kind == "n":
            return tuple(self._resolve(expression[1], depth + 1))[:_MOST]
        return tuple(itertools.islice(self._handlers[kind](self, expression, depth + 1), _MOST))

    def _operation(self, expression: tuple[Any, ...], depth: int) -> Iterable[Known]:
        _, sign, left, right = expression
        lefts, rights = self.values(left, depth), self.values(right, depth)
        if sign == "%" and any(isinstance(one.value, str) for one in lefts):
            return [Known(text, one.origins) for one in lefts if (text := _formatted(one.value)) is not None]
        if (not lefts or not rights) and sign == "+":
            known = lefts or rights
            texts = [one for one in known if isinstance(one.value, str)]
            return [Known(one.value + UNKNOWN if lefts else UNKNOWN + one.value, one.origins) for one in texts]
        return [
            Known(value, a.origins + b.origins)
            for a, b in itertools.product(lefts, rights)
            if (value := _applied(sign, a.value, b.value)) is not None
        ]

    def _joined(self, expression: tuple[Any, ...], depth: int) -> Iterable[Known]:
        options = [_plain(self.values(part, depth)) or (Known(UNKNOWN, ()),) for part in expression[1]]
        return (Known("".join(str(one.value) for one in chosen)[:_LONGEST_TEXT], _origins(chosen)) for chosen in itertools.product(*options))

    def _function(self, expression: tuple[Any, ...], depth: int) -> Iterable[Known]:
        _, name, base, arguments = expression
        known = [self.values(one, depth) for one in arguments]
        if name in {"int", "float", "str", "UUID", "Decimal"}:
            return [one for value in _plain(known[0]) if (one := _converted(name, value)) is not None]
        if name in {"list", "tuple", "set", "sorted"}:
            return known[0]
        if name == "range":
            return [Known(found, ())] if (found := _range(known)) is not None else []
        if name in {"Path", "joinpath"}:
            pieces = ([self.values(base, depth)] if base is not None else []) + known
            options = [_plain(one) or (Known(UNKNOWN, ()),) for one in pieces]
            return (Known("/".join(str(one.value) for one in chosen)[:_LONGEST_TEXT], _origins(chosen)) for chosen in itertools.product(*options))
        return self._method(name, _plain(self.values(base, depth)), known)

    def _method(self, name: str, bases: Sequence[Known], known: Sequence[tuple[Known, ...]]) -> Iterable[Known]:
        if name in {"lower", "upper", "strip", "encode", "title", "swapcase"} or (name in _PADDING | {"replace"} and known and all(known)):
            arguments = [one[0].value for one in known] if name in _PADDING | {"replace"} else []
            return [Known(text, one.origins) for one in bases if (text := _written(one.value, name, arguments)) is not None]
        if name == "__format__" and known and known[0]:
            return [Known(text, one.origins) for one in bases if (text := _spelled(one.value, known[0][0].value)) is not None]
        if name == "join" and bases and known:
            lists = [one.value for one in known[0] if isinstance(one.value, _Several)]
            return [found for one in bases for several in lists if (found := _joined_by(one, several)) is not None]
        if name == "split":
            by = next((one.value for one in known[0] if isinstance(one.value, str)), None) if known else None
            return [
                Known(_Several(tuple((Known(piece, ()),) for piece in one.value.split(by or None)[:_MOST])), ())
                for one in bases
                if isinstance(one.value, str)
            ]
        if name == "format":
            return [Known(text, one.origins) for one in bases if (text := _formatted(one.value)) is not None]
        return []

    def _call(self, expression: tuple[Any, ...], depth: int) -> Iterable[Known]:
        _, name, arguments, named = expression
        if self._calls is None:
            return ()
        return self._calls(name, [self.values(one, depth) for one in arguments], {word: self.values(one, depth) for word, one in named}, depth)

    def _list(self, expression: tuple[Any, ...], depth: int) -> Iterable[Known]:
        return [Known(_Several(tuple(self.values(one, depth) for one in expression[1])), ())]

    def _mapping(self, expression: tuple[Any, ...], depth: int) -> Iterable[Known]:
        keys = [next((one.value for one in self.values(key, depth)), None) for key in expression[1]]
        return [Known(_Mapping(tuple(zip(keys, (self.values(one, depth) for one in expression[2]), strict=True))), ())]

    def _subscript(self, expression: tuple[Any, ...], depth: int) -> Iterable[Known]:
        keys = self.values(expression[2], depth)
        for base in self.values(expression[1], depth):
            for key in keys:
                yield from _at(base.value, key.value)

    def _each(self, expression: tuple[Any, ...], depth: int) -> Iterable[Known]:
        for one in self.values(expression[1], depth):
            if isinstance(one.value, _Several):
                yield from itertools.chain.from_iterable(one.value.items)
            elif isinstance(one.value, _Mapping):
                yield from (Known(key, ()) for key, _ in one.value.items if key is not None)

    _handlers: ClassVar[dict[str, Callable[[Evaluator, tuple[Any, ...], int], Iterable[Known]]]] = {
        "b": _operation,
        "j": _joined,
        "f": _function,
        "c": _call,
        "l": _list,
        "d": _mapping,
        "s": _subscript,
        "i": _each,
    }


def _origins(values: Iterable[Known]) -> tuple[Place, ...]:
    return tuple(itertools.islice(itertools.chain.from_iterable(one.origins for one in values), _MOST_ORIGINS))


def _plain(values: Sequence[Known]) -> tuple[Known, ...]:
    return tuple(one for one in values if isinstance(one.value, str | int | float | bytes))


def _applied(sign: str, left: object, right: object) -> object | None:
    if isinstance(left, _Several) and isinstance(right, _Several) and sign == "+":
        return _Several(left.items + right.items)
    if sign == "/" and isinstance(left, str) and isinstance(right, str):  # pieces of a path
        return f"{left}/{right}"
    if sign in {"**", "<<", "*"} and not (
        isinstance(left, int | float) and isinstance(right, int | float) and abs(right) < 1000 and abs(left) < 10**12
    ):
        return None
    try:
        value = _ARITHMETIC[sign](left, right)
    except (TypeError, ValueError, ArithmeticError):
        return None
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST_NUMBER else None


def _converted(name: str, known: Known) -> Known | None:
    try:
        value = {"int": int, "float": float}.get(name, str)(known.value)
    except (TypeError, ValueError, OverflowError):
        return None
    return Known(value, known.origins)


def _range(known: Sequence[Sequence[Known]]) -> _Several | None:
    bounds = [one[0].value for one in known if one and isinstance(one[0].value, int)]
    if len(bounds) != len(known) or not 1 <= len(bounds) <= 3 or (len(bounds) == 3 and not bounds[2]):
        return None
    return _Several(tuple((Known(number, ()),) for number in itertools.islice(range(*bounds), _MOST)))


def _joined_by(separator: Known, several: _Several) -> Known | None:
    if not all(several.items) or not isinstance(separator.value, str):
        return None
    first = [one[0] for one in several.items]
    origins = separator.origins + _origins(first)
    return Known(separator.value.join(str(one.value) for one in first), origins)


def _formatted(template: object) -> str | None:
    """A template with its places left open: what is written around them still counts."""
    return str(template).replace("{}", UNKNOWN).replace("%s", UNKNOWN).replace("%d", UNKNOWN) if isinstance(template, str) else None


def _written(text: object, method: str, arguments: Sequence[Any]) -> str | bytes | None:
    """A text in another way of writing; None where it cannot be written so."""
    if not isinstance(text, str) or (method in _PADDING and not (isinstance(arguments[0], int) and arguments[0] < _LONGEST_TEXT)):
        return None
    try:
        written: str | bytes = getattr(text, method)(*arguments)
    except (TypeError, ValueError):
        return None
    return written


def _spelled(value: Any, spec: object) -> str | None:  # noqa: ANN401  # whatever was worked out
    try:
        return format(value, str(spec))
    except (TypeError, ValueError):
        return None


def _at(base: object, key: object) -> Iterable[Known]:
    if isinstance(base, _Several) and isinstance(key, int) and -len(base.items) <= key < len(base.items):
        return base.items[key]
    if isinstance(base, _Mapping):
        return next((values for name, values in base.items if name == key), ())
    return ()
