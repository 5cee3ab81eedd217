"""The rows of one file in each format that a corpus may have, streamed. Files are not trusted."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow
from pyarrow import parquet

FORMATS = {".txt": "text", ".md": "text", ".rst": "text", ".json": "json", ".jsonl": "json", ".parquet": "parquet"}

Row = tuple[int, dict[str, Any]]
Holds = Callable[[int], bool]

_BATCH_ROWS = 256
_BLOCK = 1 << 16
_MARK = b"\xef\xbb\xbf"


class SourceError(ValueError):
    """What is wrong with a row, without the file's name."""


def rows_of(path: Path, columns: Sequence[str], holds: Holds, shares: int) -> Iterator[Row]:
    """(number, row) of the rows of `path` in the units for which `holds(unit)`; of a Parquet file only `columns`.

    A unit is a block of 64 KiB of a file of lines, a row group of a Parquet file that has at least `shares` of them, a
    row of any other. Raises ValueError naming the file, and the row where there is one.
    """
    readers = {"text": _text_rows, "json": _json_rows}
    kind = FORMATS[path.suffix]
    if kind == "parquet":
        return _parquet_rows(path, columns, holds, shares)
    return readers[kind](path, holds)


def _text_rows(path: Path, holds: Holds) -> Iterator[Row]:
    if holds(0):
        yield 0, {"text": _decoded(path.read_bytes().removeprefix(_MARK), f"{path}")}


def _json_rows(path: Path, holds: Holds) -> Iterator[Row]:
    with path.open("rb") as file:
        if path.suffix == ".json" and file.read(4).removeprefix(_MARK).lstrip()[:1] in (b"[", b""):
            file.seek(0)
            yield from _array_rows(path, file.read(), holds)
            return
        file.seek(0)
        for number, line in _lines(file, holds):
            content = line.removeprefix(_MARK) if number == 0 else line
            if content.strip():
                place = f"{path}: row {number}"
                yield number, _object(_parsed(_decoded(content, place), place), place)


def _lines(file: BinaryIO, holds: Holds) -> Iterator[tuple[int, bytes]]:
    """(number, line) of the lines that start in a block of 64 KiB for which `holds(block)`; the others are counted."""
    number, block, inside = 0, 0, False
    while data := file.read(_BLOCK):
        if inside:  # of a line that started in an earlier block
            _, end, data = data.partition(b"\n")
            inside = not end
        if data:
            inside = not data.endswith(b"\n")
            lines = data.count(b"\n") + inside
            if holds(block):
                if inside:
                    data += file.readline()
                    file.seek((block + 1) * _BLOCK)
                yield from enumerate(data.split(b"\n")[:lines], number)
            number += lines
        block += 1


def _array_rows(path: Path, content: bytes, holds: Holds) -> Iterator[Row]:
    rows = _parsed(_decoded(content.removeprefix(_MARK), f"{path}"), f"{path}")
    for number, row in enumerate(rows if isinstance(rows, list) else [rows]):
        if holds(number):
            yield number, _object(row, f"{path}: row {number}")


def _object(row: Any, place: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ValueError(f"{place}: holds {type(row).__name__}, not an object with columns")
    return row


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{place}: cannot be read as JSON: {error}") from None


def _decoded(content: bytes, place: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{place}: byte {error.start} is not UTF-8") from None


def _parquet_rows(path: Path, columns: Sequence[str], holds: Holds, shares: int) -> Iterator[Row]:
    try:
        with parquet.ParquetFile(path) as file:
            _check_columns(path, file.schema_arrow, columns)
            whole_groups = file.num_row_groups >= shares
            first = 0
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if not whole_groups or holds(group):
                    for number, row in _group_rows(file, group, columns, first):
                        if whole_groups or holds(number):
                            yield number, row
                first += rows
    except (OSError, pyarrow.ArrowException) as error:
        raise ValueError(f"{path}: cannot be read as Parquet: {' '.join(str(error).split())}") from None


def _group_rows(file: parquet.ParquetFile, group: int, columns: Sequence[str], first: int) -> Iterator[Row]:
    for batch in file.iter_batches(_BATCH_ROWS, row_groups=[group], columns=list(columns)):
        values = [batch.column(name).to_pylist() for name in columns]
        for row in zip(*values, strict=True):
            yield first, dict(zip(columns, row, strict=True))
            first += 1


def _check_columns(path: Path, schema: pyarrow.Schema, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in schema.names:
            raise ValueError(f"{path}: no column {column!r}; it has {', '.join(map(repr, schema.names[:20]))}")
