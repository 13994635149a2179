"""Log files as an erasure meets them: read line by line, packed again, and held so that nobody compresses them."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self, cast

import zstandard

from pipelines.load.reader import HEAD_BYTES, open_source

_BROKEN = (OSError, EOFError, zlib.error, zstandard.ZstdError)
_LEVEL = 6
_BLOCK = 1 << 20


class Lines:
    """The lines of a file, unpacked; of a damaged one those up to where its compression breaks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_broken = False

    def __enter__(self) -> Self:
        """Open it. Raises FileNotFoundError."""
        self._path.stat()
        self._source = open_source(str(self._path))
        self._first = self._block()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._source.file.close()

    def head(self) -> bytes:
        """Look at the beginning."""
        return self._first[:HEAD_BYTES]

    def __iter__(self) -> Iterator[bytes]:
        """Give the lines, each with its end."""
        rest, block = b"", self._first
        while block:
            *whole, rest = (rest + block).split(b"\n")
            yield from (line + b"\n" for line in whole)
            block = self._block()
        if rest:
            yield rest

    def _block(self) -> bytes:
        """Read on, in pieces that a break leaves whole."""
        try:
            return cast("io.BufferedReader", self._source.stream).read1(_BLOCK)
        except _BROKEN:
            self.is_broken = True
            return b""


@contextmanager
def packed(path: Path, target: IO[bytes]) -> Iterator[IO[bytes]]:
    """Write into a file what is to be compressed as its name says."""
    stream: Any = (
        zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).stream_writer(target, closefd=False)
        if path.suffix == ".zst"
        else gzip.GzipFile(fileobj=target, mode="wb", mtime=0)
    )
    with stream:
        yield stream
