"""A patch as it grows: edits, parameters, definitions and imports, kept apart until they are written together."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runners.patching.project import parameters
from runners.patching.source import Edit, Source, UnpatchableError, changed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runners.patching.places import Constant
    from runners.patching.project import Project
    from runners.patching.source import FunctionNode, StringToken


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Definition:
    """Code that is added to a file: at its `end`, behind the `imports`, before the first `function`, or inside the class of that name."""

    path: str
    where: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Part:
    """Characters of a string that become an expression (`is_code`), or other characters."""

    start: int
    end: int
    new: str
    is_code: bool


@dataclass(slots=True, kw_only=True)
class Draft:
    """What changes. Drafts of several tests can be put together."""

    edits: set[Edit] = field(default_factory=set)
    imports: dict[str, set[str]] = field(default_factory=dict)
    definitions: dict[tuple[str, str], Definition] = field(default_factory=dict)
    parameters: dict[tuple[str, int], tuple[FunctionNode, dict[str, str]]] = field(default_factory=dict)
    parts: dict[tuple[str, StringToken], set[Part]] = field(default_factory=dict)
    constants: set[Constant] = field(default_factory=set)
    exchanged: set[tuple[str, int, int]] = field(default_factory=set)
    """Places whose value is gone."""
    secret: set[tuple[str, int, int]] = field(default_factory=set)
    """Those of them that hold something of the production copy."""
    notes: tuple[str, ...] = ()
    """What a person has to know of it, in words that disclose nothing."""
    files: dict[str, str] | None = field(default=None, repr=False)
    """The files that change, with their new text, once nothing is added any more."""

    def places(self) -> frozenset[tuple[str, int, int]]:
        """The places that it changes: path, start, end."""
        changed = {(edit.path, edit.start, edit.end) for edit in self.edits}
        return frozenset(changed | {(path, part.start, part.end) for (path, _), parts in self.parts.items() for part in parts})

    def meets(self, other: Draft) -> bool:
        """Whether another changes one of its places to something else."""
        mine = {(edit.path, edit.start, edit.end): edit.new for edit in self.edits if edit.end > edit.start}
        mine |= {(path, part.start, part.end): part.new for (path, _), parts in self.parts.items() for part in parts}
        theirs = {(edit.path, edit.start, edit.end): edit.new for edit in other.edits if edit.end > edit.start}
        theirs |= {(path, part.start, part.end): part.new for (path, _), parts in other.parts.items() for part in parts}
        return any(mine.get(place, new) != new for place, new in theirs.items())

    def joined(self, other: Draft) -> Draft:
        """Both together."""
        parts = {key: set(value) for key, value in self.parts.items()}
        for key, value in other.parts.items():
            parts.setdefault(key, set()).update(value)
        asked = {key: (node, dict(names)) for key, (node, names) in self.parameters.items()}
        for place, (node, names) in other.parameters.items():
            asked.setdefault(place, (node, {}))[1].update(names)
        imports = {path: set(lines) for path, lines in self.imports.items()}
        for path, lines in other.imports.items():
            imports.setdefault(path, set()).update(lines)
        return Draft(
            edits=self.edits | other.edits,
            imports=imports,
            definitions={**self.definitions, **other.definitions},
            parameters=asked,
            parts=parts,
            constants=self.constants | other.constants,
            exchanged=self.exchanged | other.exchanged,
            secret=self.secret | other.secret,
        )

    def written(self, project: Project) -> dict[str, str]:
        """The files that change, by path, with their new text. Raises UnpatchableError where that would not parse."""
        if self.files is not None:
            return self.files
        edits = set(self.edits)
        edits |= {self._string(project, path, token, parts) for (path, token), parts in self.parts.items()}
        edits |= {_parameters(_source(project, path), node, names) for (path, _), (node, names) in self.parameters.items()}
        edits |= {_definition(_source(project, path), one) for (path, _), one in self.definitions.items()}
        edits |= {edit for path, lines in self.imports.items() for edit in _imports(_source(project, path), lines)}
        old = {edit.path: _source(project, edit.path) for edit in edits}
        return {path: source.text for path, source in self._without_constants(project, changed(old, edits)).items()}

    def _string(self, project: Project, path: str, token: StringToken, parts: set[Part]) -> Edit:
        """A string with some of its characters exchanged; it becomes an f-string where an expression comes in."""
        text = _source(project, path).text
        formats = any(part.is_code for part in parts) and not token.is_formatted
        pieces, done = [], token.inner
        for part in sorted(parts):
            if part.start < done:
                raise UnpatchableError("two changes meet in one text")
            pieces += [
                _braced(text[done : part.start], formats=formats),
                part.new if part.is_code else part.new.replace(token.quote, "\\" + token.quote),
            ]
            done = part.end
        pieces.append(_braced(text[done : token.inner_end], formats=formats))
        prefix = token.prefix.replace("u", "").replace("U", "") + ("f" if formats else "")
        return Edit(path=path, start=token.start, end=token.end, new=f"{prefix}{token.quote}{''.join(pieces)}{token.quote}")

    def _without_constants(self, project: Project, sources: dict[str, Source]) -> dict[str, Source]:
        """The files that change without constants that nothing uses any more, and without their imports."""
        for one in sorted(self.constants, key=lambda constant: (constant.path, constant.name)):
            named = project.naming(one.name, sources)
            if one.path not in named or any(_is_used(source, one.name) for path in named if (source := project.source(path, sources)) is not None):
                continue
            left = {path: source for path in named if (source := project.source(path, sources)) is not None}
            edits = [edit for source in left.values() for edit in _removed(source, one, project)]
            try:
                sources = {**sources, **changed(left, edits)}
            except UnpatchableError:
                continue
        return sources


def _source(project: Project, path: str) -> Source:
    found = project.source(path)
    if found is None:
        raise UnpatchableError(f"{path} cannot be read as Python")
    return found


def _braced(text: str, *, formats: bool) -> str:
    return text.replace("{", "{{").replace("}", "}}") if formats else text


def _parameters(source: Source, function: FunctionNode, names: dict[str, str]) -> Edit:
    """More parameters for a function, each with its annotation where the others have one."""
    known = parameters(function)
    positional = [*function.args.posonlyargs, *function.args.args]
    bare = positional[: len(positional) - len(function.args.defaults)]
    annotated = [one for one in known if one.arg not in {"self", "cls"}]
    has_annotations = bool(annotated) and all(one.annotation is not None for one in annotated)
    added = [f"{name}: {kind}" if has_annotations and kind else name for name, kind in sorted(names.items())]
    if bare:
        return source.inserted(source.end(bare[-1]), "".join(f", {one}" for one in added))
    opening = source.text.index(
        "(", source.text.index(function.name, source.start(function) if not function.decorator_list else source.line_start(function.lineno))
    )
    rest = ", " if known or function.args.vararg or function.args.kwarg else ""
    return source.inserted(opening + 1, ", ".join(added) + rest)


def _definition(source: Source, one: Definition) -> Edit:
    body = source.tree.body
    if one.where == "end":
        return source.inserted(len(source.text), f"{'' if source.text.endswith(chr(10)) else chr(10)}\n\n{one.code}")
    if one.where == "imports":
        last = max((node.end_lineno or node.lineno for node in body if _is_import(node)), default=_docstring_end(body))
        return source.inserted(source.line_start(last + 1), f"\n\n{one.code}")
    if one.where == "function":
        first = next((node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)), None)
        if first is None:
            return source.inserted(len(source.text), f"\n\n{one.code}")
        line = min([first.lineno, *(decorator.lineno for decorator in first.decorator_list)])
        return source.inserted(source.line_start(line), f"{one.code}\n\n")
    owner = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == one.where)
    return source.inserted(source.line_start((owner.end_lineno or owner.lineno) + 1), f"\n{one.code}")


def _is_import(node: ast.stmt) -> bool:
    """Whether a statement imports, perhaps only for annotations or where it can."""
    if isinstance(node, ast.If | ast.Try):
        return any(_is_import(one) for one in node.body)
    return isinstance(node, ast.Import | ast.ImportFrom)


def _docstring_end(body: list[ast.stmt]) -> int:
    first = body[0] if body else None
    return (first.end_lineno or 0) if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else 0


def _imports(source: Source, lines: set[str]) -> set[Edit]:
    """Imports that a file lacks: one more name where it imports from the module, else a line behind those that it has."""
    missing = [line for line in sorted(lines, key=lambda one: (one.startswith("from"), one)) if not _has(source, line)]
    plain = [
        node for node in source.tree.body if isinstance(node, ast.Import | ast.ImportFrom) and not (isinstance(node, ast.ImportFrom) and node.level)
    ]
    own = [node for node in plain if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")]
    edits, new = set(), []
    for line in missing:
        wanted = ast.parse(line).body[0]
        module = wanted.module if isinstance(wanted, ast.ImportFrom) else None
        beside = next(
            (one for one in own if module and isinstance(one, ast.ImportFrom) and one.module == module and one.lineno == one.end_lineno), None
        )
        if beside is not None and not source.of(beside).endswith(")"):
            edits.add(source.inserted(source.end(beside), f", {line.rpartition(' ')[2]}"))
        else:
            new.append(line)
    for line in new:
        edits.add(source.inserted(_import_place(source, line, own, plain), f"{line}\n"))
    return edits


def _import_place(source: Source, line: str, own: Sequence[ast.stmt], plain: Sequence[ast.stmt]) -> int:
    """Where a new import stands: among those of the same kind, in their order; behind all where there is none of its kind."""
    name, is_standard = line.split()[1], line.split()[1].partition(".")[0] in sys.stdlib_module_names
    alike = [one for one in own if (_module_name(one).partition(".")[0] in sys.stdlib_module_names) == is_standard]
    blocks = [one for one in alike if not is_standard and _module_name(one).partition(".")[0] == "pytest"]
    if blocks:  # third-party imports stand with pytest's, those of the project may stand in a block of their own
        first = blocks[0].lineno
        alike = [
            one for one in alike if not any(not text.strip() for text in source.text.split("\n")[min(first, one.lineno) - 1 : max(first, one.lineno)])
        ]
    before = [one for one in alike if (isinstance(one, ast.ImportFrom), _module_name(one)) <= (line.startswith("from"), name)]
    if before:
        return source.line_start((before[-1].end_lineno or before[-1].lineno) + 1)
    if alike:
        return source.line_start(alike[0].lineno)
    behind = own or plain
    return source.line_start(max((one.end_lineno or one.lineno for one in behind), default=_docstring_end(source.tree.body)) + 1)


def _module_name(node: ast.stmt) -> str:
    if isinstance(node, ast.ImportFrom):
        return node.module or ""
    return node.names[0].name if isinstance(node, ast.Import) else ""


def _has(source: Source, line: str) -> bool:
    wanted = ast.parse(line).body[0]
    for node in source.tree.body:
        if isinstance(wanted, ast.ImportFrom) and isinstance(node, ast.ImportFrom) and node.module == wanted.module:
            if any(alias.name == wanted.names[0].name and alias.asname is None for alias in node.names):
                return True
        elif (
            isinstance(wanted, ast.Import)
            and isinstance(node, ast.Import)
            and any(alias.name == wanted.names[0].name and not alias.asname for alias in node.names)
        ):
            return True
    return False


def _is_used(source: Source, name: str) -> bool:
    """Whether a file uses a name. Where the word stands nowhere but in its definition and in imports, that is known without a look at every node."""
    plain = 0
    for node in source.statements:
        if isinstance(node, ast.ImportFrom):
            plain += sum(alias.name == name for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            plain += sum(isinstance(target, ast.Name) and target.id == name for target in targets)
    return len(re.findall(rf"\b{name}\b", source.text)) != plain and name in source.used


def _removed(source: Source, one: Constant, project: Project) -> list[Edit]:
    """What takes a constant, or the import of it, out of a file."""
    found = []
    for node in source.statements:
        if source.path == one.path and isinstance(node, ast.Assign) and len(node.targets) == 1:
            if isinstance(node.targets[0], ast.Name) and node.targets[0].id == one.name:
                found.append(_without_line(source, node))
        elif source.path == one.path and isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == one.name:
            found.append(_without_line(source, node))
        elif source.path != one.path and isinstance(node, ast.ImportFrom) and any(alias.name == one.name for alias in node.names):
            there = project.module(source, node.module, node.level)
            if there is None or there.path != one.path:
                continue
            kept = [alias for alias in node.names if alias.name != one.name]
            names = ", ".join(alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in kept)
            head = re.match(r"from\s+\S+\s+import\s", source.of(node))
            found.append(source.replaced(node, f"{head.group() if head else ''}{names}") if kept else _without_line(source, node))
    return found


def _without_line(source: Source, node: ast.stmt) -> Edit:
    """The lines of a statement taken out, with the blank lines behind it where there are some before it, too."""
    start, end = source.line_start(node.lineno), source.line_start((node.end_lineno or node.lineno) + 1)
    if source.text[:start].endswith(("\n\n", ":\n")):
        while source.text[end : end + 1] == "\n":
            end += 1
    before = len(source.text[:start]) - len(source.text[:start].rstrip("\n")) - 1
    following = source.text[end : end + 4]
    wanted = 2 if following.startswith(("def ", "clas", "@", "asyn")) and before < 2 else 0
    return Edit(path=source.path, start=start, end=end, new="\n" * max(0, wanted - before) if wanted else "")
