"""Which files to read, in which order, and their bytes."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from harness.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CHUNK = 1 << 16

_ENCODING = re.compile(rb"""^(?:\xef\xbb\xbf)?<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_READ_BY_EXPAT = frozenset({"utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso8859-1", "ascii"})


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read. One that was `found` in a directory may turn out to be some other XML; one that was named may not."""

    path: Path
    found: bool


def listing(sources: Iterable[Path]) -> list[Source]:
    """The files of `sources` in their order, those of a directory (`*.xml`, `*.xml.gz`, also in folders below) by path; each file once.

    Raises InputError for a path that does not exist and for a directory without such a file.
    """
    files: dict[Path, Source] = {}
    for path in sources:
        if path.is_dir():
            inside = sorted(entry for pattern in ("*.xml", "*.xml.gz") for entry in path.rglob(pattern) if entry.is_file())
            if not inside:
                raise InputError(
                    "no XML file in this directory", where=str(path), hint="name the directory that the test tool writes its JUnit XML into"
                )
            for entry in inside:
                files.setdefault(entry.resolve(), Source(entry, found=True))
        elif path.exists():
            files.setdefault(path.resolve(), Source(path, found=False))
        else:
            raise InputError(
                "no such file or directory", where=str(path), hint="check the path, and that the test command got as far as writing its report"
            )
    return list(files.values())


def chunks_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file, unpacked if they are gzip, in pieces of at most 64 KiB; in an encoding that expat reads, which is UTF-8
    where the file declares one that it does not read.

    Raises InputError where the file cannot be opened, unpacked or decoded.
    """
    try:
        with path.open("rb") as plain:
            packed = plain.peek(2)[:2] == b"\x1f\x8b"
            stream = cast("BinaryIO", gzip.GzipFile(fileobj=plain)) if packed else plain
            first = stream.read(CHUNK)
            encoding = _foreign_encoding(path, first)
            yield from _decoded(first, stream, encoding) if encoding else _raw(first, stream)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError("the gzip data is cut off or damaged", where=str(path), hint="write or copy the report again") from error
    except UnicodeError as error:
        raise InputError("bytes that are not of the encoding the file declares", where=str(path), hint="have the test tool write UTF-8") from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or type(error).__name__}", where=str(path), hint="check its permissions") from error


def _raw(first: bytes, stream: BinaryIO) -> Iterator[bytes]:
    while first:
        yield first
        first = stream.read(CHUNK)


def _decoded(first: bytes, stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    declaration = re.compile(r"(encoding\s*=\s*)([\"'])[^\"']*\2")
    text = declaration.sub(r"\1\2utf-8\2", decoder.decode(first), count=1)
    while first:
        yield text.encode()
        first = stream.read(CHUNK)
        text = decoder.decode(first)
    yield decoder.decode(b"", final=True).encode()


def _foreign_encoding(path: Path, first: bytes) -> str | None:
    declared = _ENCODING.match(first)
    if declared is None:
        return None
    name = declared[1].decode("ascii")
    try:
        codec = codecs.lookup(name)
        "".encode(name)  # refuses codecs that are no text encodings, such as rot13
    except LookupError as error:
        raise InputError(f"the declared encoding {name!r} is not known", where=f"{path}:1", hint="have the test tool write UTF-8") from error
    return None if codec.name in _READ_BY_EXPAT else codec.name
