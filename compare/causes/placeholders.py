"""What a placeholder of a statement is there for: by the operator, the list or the clause that it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compare.causes.outlines import Column, Placeholder, Role

if TYPE_CHECKING:
    from compare.causes.clauses import Clauses

_COMPARING = frozenset({"=", "<", ">", "<=", ">=", "<>", "!=", "==", "<=>", "like", "ilike", "in", "is", "regexp", "rlike", "glob", "match", "~"})


def placeholder(statement: Clauses, place: int) -> Placeholder:
    """What the placeholder at a place is there for."""
    clause, left = statement.clauses[place], place - 1
    if clause in {"limit", "offset", "fetch"}:
        return Placeholder(Role.LIMITING, operator=clause)
    if clause == "values":
        return _of_values(statement, place)
    if (
        clause == "select"
        and statement.at(left) in {"select", "distinct", ","}
        and statement.depths[place] == statement.depths[_clause_of(statement, place)]
    ):
        return Placeholder(Role.FIGURE)
    while (
        statement.at(left) == "("
        or (statement.is_name(left) and statement.at(left + 1) == "(")
        or statement.at(left) in {"not", "any", "all", "cast"}
    ):
        left -= 1
    while statement.at(left) == "||" and statement.at(left - 1)[:1] in {"?", ":"}:  # LIKE ? || ?
        left -= 2
    if statement.at(left) in {",", "and"}:
        left = _opening(statement, left)
    operator = statement.at(left)
    if operator in _COMPARING or operator[:1] in tuple("<>=!~") or operator == "between":
        column = statement.left_of(left)
        if column is not None:
            return Placeholder(Role.WRITTEN if clause == "set" and operator == "=" else Role.COMPARED, column, operator, chooses=clause != "select")
        if statement.at(left - 1) == ")" and {"count", "*"} & set(statement.words[max(0, left - 4) : left]):
            return Placeholder(Role.FIGURE)
    return _reversed(statement, place)


def _clause_of(statement: Clauses, place: int) -> int:
    """The word that opens the select list in which a place stands."""
    return next((at for at in range(place, -1, -1) if statement.words[at] == "select" and statement.depths[at] <= statement.depths[place]), place)


def _reversed(statement: Clauses, place: int) -> Placeholder:
    right = place + 1
    while statement.at(right) == ")":
        right += 1
    operator = statement.at(right)
    if operator != "is" and (operator in _COMPARING or operator[:1] in tuple("<>=!~")):
        for at in range(right + 1, min(right + 6, len(statement.words))):
            if statement.clauses[at] != statement.clauses[place] or statement.at(at) in {"and", "or"}:
                break  # `1 = 1 ORDER BY id`
            if statement.is_name(at) and statement.at(at + 1) not in {".", "("}:
                return Placeholder(Role.COMPARED, statement.column(at), operator)
    return Placeholder(Role.OTHER)


def _opening(statement: Clauses, left: int) -> int:
    """From a later value of IN (...) or BETWEEN ... AND ... back to the operator."""
    depth, word = statement.depths[left], statement.at(left)
    for at in range(left - 1, -1, -1):
        if word == "and" and statement.at(at) == "between" and statement.depths[at] == depth:
            return at
        if word == "," and statement.depths[at] < depth:
            return at
        if statement.depths[at] < depth or (word == "and" and statement.at(at) in {"and", "or", "where"} and statement.depths[at] == depth):
            return left
    return left


def _of_values(statement: Clauses, place: int) -> Placeholder:
    if "into" in statement.words[:place]:
        return Placeholder(Role.WRITTEN, _inserted(statement, place))
    column = _joined(statement, place)
    return Placeholder(Role.OTHER) if column is None else Placeholder(Role.COMPARED, column, "=")


def _joined(statement: Clauses, place: int) -> Column | None:
    """JOIN (VALUES (?), (?)) AS w (id) ON w.id = t.id: what the column of the list is joined on."""
    listed = max(at for at in range(place) if statement.words[at] == "values")
    begin = next(at for at in range(place - 1, listed - 1, -1) if statement.words[at] in {"(", "values"})
    number = statement.words[begin:place].count(",")
    end = next((at for at in range(place, len(statement.words)) if statement.depths[at] < statement.depths[listed]), len(statement.words))
    alias = end + 2 if statement.at(end + 1) == "as" else end + 1
    names = [statement.words[at] for at in range(alias + 2, len(statement.words)) if statement.words[at] != ","]
    if statement.at(alias + 1) != "(" or number >= len(names) or ")" in names[: number + 1]:
        return None
    for at in range(alias + 2, len(statement.words) - 2):
        if statement.words[at : at + 3] == [statement.at(alias), ".", names[number]]:
            after = at + 6 if statement.at(at + 5) == "." else at + 4
            return statement.column(after) if statement.at(at + 3) == "=" else statement.column(at - 2) if statement.at(at - 1) == "=" else None
    return None


def _inserted(statement: Clauses, place: int) -> Column | None:
    """INSERT INTO t (a, b) VALUES (?, ?): the column by its number."""
    values = max(at for at in range(place) if statement.clauses[at] == "values" and statement.words[at] == "values")
    depth, number = statement.depths[values] + 1, 0
    for at in range(place - 1, values, -1):
        if statement.words[at] == "(" and statement.depths[at] == depth:
            break
        number += statement.words[at] == "," and statement.depths[at] == depth
    if "into" not in statement.words or "(" not in statement.words:
        return None
    begin, names = statement.words.index("("), []
    for at in range(begin + 1, len(statement.words)):
        if statement.words[at] == ")":
            break
        if statement.is_name(at):
            names.append(statement.name(at))
    return Column(statement.tables[0] if statement.tables else None, names[number]) if number < len(names) else None
