"""The lines of a file that may be anything: compressed, broken off, huge, in the wrong encoding."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from feeds.items import DamagedFile, InvalidEncoding, LineTooLong, Refused, refuse

LONGEST = 1 << 20
"""The longest line that is read, in bytes (1 MiB)."""

_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


def numbered_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes] | Refused]:
    """The lines that are not blank, each with its number from 1, without its line end.

    Reads gzip as well, known by its first two bytes. A line over 1 MiB is refused with its
    length, and no more than that is ever held. A file in UTF-16 or UTF-32 is refused as a whole;
    of one that breaks off, all whole lines before the break are given. The stream stays open.
    """
    plain = io.BufferedReader(cast(io.RawIOBase, stream), 1 << 16)
    try:
        yield from _lines(plain)
    finally:
        if not stream.closed:
            plain.detach()  # or else it would close the stream with itself


def _lines(plain: io.BufferedReader[io.RawIOBase]) -> Iterator[tuple[int, bytes] | Refused]:
    source: io.BufferedIOBase = plain
    if plain.peek(2)[:2] == _GZIP:
        source = gzip.GzipFile(fileobj=plain)
    number = 0
    while True:
        number += 1
        try:
            line = source.readline(LONGEST + 1)
            length = len(line)
            too_long = length > LONGEST and not line.endswith(b"\n")
            if too_long:
                length += _skip_line(source)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            damage = DamagedFile(f"the compressed file cannot be read from here on: {error}")
            yield refuse(number, b"", damage)
            return
        if not line:
            return
        if number == 1:
            wide = next((name for mark, name in _WIDE_MARKS.items() if line.startswith(mark)), None)
            if wide is not None:
                yield refuse(1, line, InvalidEncoding(f"the file is {wide}; save it as UTF-8"))
                return
            line = line.removeprefix(_UTF8_MARK)
        if too_long:
            reason = f"the line has {length:,} bytes; {LONGEST:,} is the longest that is read"
            yield refuse(number, line, LineTooLong(reason))
        elif stripped := line.strip(b" \t\r\n"):
            yield number, stripped


def _skip_line(source: io.BufferedIOBase) -> int:
    skipped = 0
    while chunk := source.readline(LONGEST):
        skipped += len(chunk)
        if chunk.endswith(b"\n"):
            break
    return skipped
