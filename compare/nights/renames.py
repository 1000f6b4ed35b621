"""Tests that go on under another id: the same body somewhere else, or a file that git knows under another name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from harness.model import Rename, RenameReason

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyDigests:
    """Digests of test functions' bodies by function (a test id without its parameters), of the night before and of now."""

    before: Mapping[str, str] = field(default_factory=dict)
    now: Mapping[str, str] = field(default_factory=dict)


def rename_candidates(
    old: Collection[str], new: Collection[str], bodies: BodyDigests, *, moved_files: Mapping[str, str] | None = None
) -> tuple[Rename, ...]:
    """Which of the ids that are gone go on under which that are new, sorted by old id; each stands in it once at most.

    `old` and `new` are all ids of the night before and of now: whole test ids, or functions. `moved_files` are old and new paths of renamed files.
    Parameters are kept: they have to be the same on both sides. The first rule that finds exactly one old and one new id decides:

    1. the file was renamed and the rest of the id is the same;
    2. the same body under the same name (classes included) in another place;
    3. the same body under the same last name;
    4. the same body.
    """
    gone, come = set(old) - set(new), set(new) - set(old)
    files = moved_files or {}
    found: list[Rename] = []

    def match(reason: RenameReason, key_of_old: Callable[[str], _Key | None], key_of_new: Callable[[str], _Key | None]) -> None:
        olds, news = _by_key(gone, key_of_old), _by_key(come, key_of_new)
        for key in olds.keys() & news.keys():
            if len(olds[key]) == len(news[key]) == 1:
                found.append(Rename(old=olds[key][0], new=news[key][0], reason=reason))
                gone.discard(olds[key][0])
                come.discard(news[key][0])

    match(RenameReason.MOVED_FILE, lambda name: _moved(name, files), _split)
    for part in (_qualified_name, _last_name, lambda _: ""):
        match(RenameReason.SAME_BODY, _body_key(bodies.before, part), _body_key(bodies.now, part))
    return tuple(sorted(found, key=lambda rename: rename.old))


def followed_ids(functions: Iterable[Rename], moved_files: Mapping[str, str], ids: Iterable[str]) -> tuple[Rename, ...]:
    """The renames of whole test ids that follow from renames of functions, and for other ids from renamed files; sorted by new id.

    `ids` are the test ids of now. The old ids that come out need not have existed.
    """
    by_new = {rename.new: rename for rename in functions}
    before = {now: path for path, now in moved_files.items()}
    found: dict[str, Rename] = {}
    for test_id in ids if by_new or before else ():
        function = function_of(test_id)
        path, rest = _split(test_id)
        if known := by_new.get(function):
            renamed = Rename(old=known.old + test_id[len(function) :], new=test_id, reason=known.reason)
        elif path in before and not path.endswith(".py"):  # functions of Python files are known one by one
            renamed = Rename(old=before[path] + rest, new=test_id, reason=RenameReason.MOVED_FILE)
        else:
            continue
        found[renamed.old] = renamed
    return tuple(sorted(found.values(), key=lambda rename: rename.new))


def function_of(test_id: str) -> str:
    """A test id without its parameters and its subtest's key: up to the first bracket behind the file."""
    path, rest = _split(test_id)
    return path + rest.partition("[")[0].rstrip(" ")


def _split(test_id: str) -> tuple[str, str]:
    """The file and the rest, which begins with its separator."""
    path, separator, rest = test_id.partition("::")
    return path, separator + rest


def _moved(name: str, files: Mapping[str, str]) -> _Key | None:
    path, rest = _split(name)
    return (files[path], rest) if path in files else None


def _body_key(digests: Mapping[str, str], part: Callable[[str], str]) -> Callable[[str], _Key | None]:
    def key(name: str) -> _Key | None:
        function = function_of(name)
        digest = digests.get(function)
        return None if digest is None else (digest, part(function), name[len(function) :])

    return key


def _qualified_name(function: str) -> str:
    return _split(function)[1]


def _last_name(function: str) -> str:
    return function.rpartition("::")[2]


def _by_key(names: Iterable[str], key_of: Callable[[str], _Key | None]) -> Mapping[_Key, list[str]]:
    found: dict[_Key, list[str]] = defaultdict(list)
    for name in names:
        key = key_of(name)
        if key is not None:
            found[key].append(name)
    return found
