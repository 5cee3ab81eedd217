"""Parquet tables written piece by piece and read back piece by piece, so that neither side holds one whole."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy
import pyarrow
from numpy.typing import NDArray
from pyarrow import parquet

Columns = Mapping[str, Any]

_BUCKET = "bucket"
_FLUSH_ROWS = 1 << 18


class TableWriter:
    """Writes one row group for each call of `write`: Zstandard, without dictionaries."""

    def __init__(self, path: Path, schema: pyarrow.Schema, level: int = 1) -> None:
        self.schema = schema
        self._writer = parquet.ParquetWriter(
            path, schema, compression="zstd", compression_level=level, use_dictionary=False, store_schema=False
        )

    def write(self, columns: Columns) -> None:
        """Append rows, given as a numpy array or a list for each column of the schema."""
        arrays = [pyarrow.array(columns[field.name], type=field.type) for field in self.schema]
        if len(arrays[0]):
            self._writer.write_table(pyarrow.Table.from_arrays(arrays, schema=self.schema), row_group_size=1 << 30)

    def note(self, key: str, value: int) -> None:
        """Put a number into the file's metadata; `noted` reads it."""
        self._writer.add_key_value_metadata({key: str(value)})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()


class BucketWriter(TableWriter):
    """Writes rows apart by bucket, `keys % buckets`: each row group holds rows of one bucket in the order added."""

    def __init__(self, path: Path, schema: pyarrow.Schema, buckets: int) -> None:
        super().__init__(path, schema.append(pyarrow.field(_BUCKET, pyarrow.int32())))
        self._buckets = buckets
        self._waiting: list[tuple[NDArray[numpy.uint64], dict[str, NDArray[Any]]]] = []
        self._rows = 0

    def add(self, keys: NDArray[numpy.uint64], columns: Mapping[str, NDArray[Any]]) -> None:
        """Append rows, each to the bucket of its key."""
        self._waiting.append((keys, dict(columns)))
        self._rows += len(keys)
        if self._rows >= _FLUSH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if not self._rows:
            return
        keys = numpy.concatenate([keys for keys, _ in self._waiting]) % numpy.uint64(self._buckets)
        names = list(self._waiting[0][1])
        columns = {name: numpy.concatenate([columns[name] for _, columns in self._waiting]) for name in names}
        order = numpy.argsort(keys, kind="stable")
        ends = numpy.searchsorted(keys[order], numpy.arange(self._buckets), side="right")
        for bucket, rows in enumerate(numpy.split(order, ends[:-1])):
            filled = {name: column[rows] for name, column in columns.items()}
            self.write({**filled, _BUCKET: numpy.full(len(rows), bucket, dtype=numpy.int32)})
        self._waiting, self._rows = [], 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.flush()
        super().__exit__(kind, error, trace)


def noted(path: Path, key: str) -> int:
    """The number that `TableWriter.note` put into the metadata."""
    return int(parquet.read_metadata(path).metadata[key.encode()])


def row_groups(path: Path, columns: Sequence[str]) -> Iterator[pyarrow.Table]:
    """One row group after another, only those columns."""
    with parquet.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=list(columns), use_threads=False)


def read(paths: Sequence[Path], columns: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Whole columns of numbers of all tables, one after the other."""
    return _joined([table for path in paths for table in row_groups(path, columns)], paths[0], columns)


def read_bucket(path: Path, bucket: int, columns: Sequence[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """The rows of one bucket of what a `BucketWriter` wrote, one row group after another; others are not read."""
    with parquet.ParquetFile(path) as file:
        place = file.schema_arrow.get_field_index(_BUCKET)
        for group in range(file.num_row_groups):
            statistics = file.metadata.row_group(group).column(place).statistics
            if statistics.min == bucket:
                table = file.read_row_group(group, columns=list(columns), use_threads=False)
                yield {name: table.column(name).to_numpy() for name in columns}


def bucket_rows(paths: Sequence[Path], bucket: int) -> int:
    """How many rows one bucket holds."""
    rows = 0
    for path in paths:
        with parquet.ParquetFile(path) as file:
            place = file.schema_arrow.get_field_index(_BUCKET)
            groups = (file.metadata.row_group(group) for group in range(file.num_row_groups))
            rows += sum(group.num_rows for group in groups if group.column(place).statistics.min == bucket)
    return rows


def _joined(tables: Sequence[pyarrow.Table], path: Path, columns: Sequence[str]) -> dict[str, NDArray[Any]]:
    if not tables:
        with parquet.ParquetFile(path) as file:
            tables = [file.schema_arrow.empty_table().select(list(columns))]
    table = pyarrow.concat_tables(tables)
    return {name: table.column(name).to_numpy() for name in columns}
