"""Read documents one by one from text, JSON, JSONL and Parquet files or from a Hugging Face data set.

No more than one block of rows is held at a time (all of a .json file that holds one array, and one text file). Readers
take a `Share`: the same rows have the same numbers whatever the number of shares, and each row is in one of them.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelworks.lm.formats import FORMATS, Row, SourceError, rows_of

_ROW_BITS = 40


@dataclass(frozen=True)
class HubDataset:
    """A data set on the Hugging Face hub, or a local directory in a layout that `datasets` knows.

    `revision` is a commit or a tag, so that the same params always mean the same text.
    """

    name: str
    revision: str | None
    configuration: str | None
    split: str


@dataclass(frozen=True)
class Share:
    """Share `index` of `count` of the rows of a corpus."""

    index: int = 0
    count: int = 1

    def holds(self, number: int) -> bool:
        """Whether thing `number` of a sequence is in this share."""
        return number % self.count == self.index


ALL = Share()


@dataclass(frozen=True)
class Numbered:
    """A document of a corpus: `number` gives its place in the order of files and rows."""

    number: int
    name: str
    text: str


def read_file(
    path: Path, place: int, text_column: str, id_column: str | None, share: Share = ALL
) -> Iterator[Numbered]:
    """The documents of file `place` of a corpus: a text file is one, a row of another format is one.

    Without `id_column` a document is called `<file name>:<row>`, and so is a text file. Raises ValueError naming file,
    row and column of what cannot be read.
    """
    if path.suffix not in FORMATS:
        raise ValueError(f"{path}: unknown format {path.suffix!r}; known are {', '.join(sorted(FORMATS))}")
    if FORMATS[path.suffix] == "text":
        text_column, id_column = "text", None
    found = rows_of(
        path, [text_column, *filter(None, [id_column])], lambda unit: share.holds(place + unit), share.count
    )
    yield from _numbered(found, str(path), path.name, place, text_column, id_column)


def read_hub(
    dataset: HubDataset, place: int, text_column: str, id_column: str | None, share: Share = ALL
) -> Iterator[Numbered]:
    """The documents of one split of a Hugging Face data set, streamed; its files take the places from `place` on.

    Where it has at least as many files as there are shares, a share reads only its own files. Raises ValueError naming
    the data set, row and column of what cannot be read.
    """
    rows = _stream(dataset)
    files = rows.num_shards
    whole_files = files >= share.count
    for file in range(files):
        if whole_files and not share.holds(place + file):
            continue
        found = _hub_rows(dataset, rows.shard(files, file), None if whole_files else share, place + file)
        label = dataset.name if files == 1 else f"{dataset.name}:{file}"
        yield from _numbered(found, label, label, place + file, text_column, id_column)


def _stream(dataset: HubDataset) -> Any:
    """The rows of the split as `datasets` streams them. Its caches lie in the temporary directory of the stage."""
    os.environ.setdefault("HF_HOME", str(Path(tempfile.gettempdir()) / "huggingface"))
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import datasets  # after HF_HOME is set: it is read when the package is imported

    datasets.disable_progress_bars()
    options = {"name": dataset.configuration, "revision": dataset.revision, "split": dataset.split}
    try:
        return datasets.load_dataset(dataset.name, streaming=True, **options)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise ValueError(f"{dataset.name}: cannot be loaded: {_one_line(error)}") from None


def _hub_rows(dataset: HubDataset, rows: Any, share: Share | None, place: int) -> Iterator[Row]:
    import datasets
    import pyarrow

    try:
        for number, row in enumerate(rows):
            if share is None or share.holds(place + number):
                yield number, row
    except (OSError, pyarrow.ArrowException, datasets.exceptions.DatasetsError) as error:
        raise ValueError(f"{dataset.name}: cannot be read: {_one_line(error)}") from None


def _numbered(
    rows: Iterator[Row], source: str, label: str, place: int, text_column: str, id_column: str | None
) -> Iterator[Numbered]:
    for number, row in rows:
        try:
            text = _text(row, text_column)
            name = f"{label}:{number}" if id_column is None else _name(row, id_column)
        except SourceError as error:
            raise ValueError(f"{source}: row {number}: {error}") from None
        yield Numbered((place << _ROW_BITS) + number, name, text)


def _text(row: dict[str, Any], column: str) -> str:
    text = _value(row, column)
    if not isinstance(text, str):
        raise SourceError(f"column {column!r} holds {type(text).__name__}, not text")
    return _encodable(text, column)


def _name(row: dict[str, Any], column: str) -> str:
    name = _value(row, column)
    if name is None or isinstance(name, dict | list | bytes):
        raise SourceError(f"column {column!r} holds {type(name).__name__}, not a name")
    return _encodable(str(name), column)


def _value(row: dict[str, Any], column: str) -> Any:
    if column not in row:
        raise SourceError(f"no column {column!r}; it has {', '.join(map(repr, list(row)[:20]))}")
    return row[column]


def _encodable(text: str, column: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise SourceError(
                f"column {column!r} holds half a character (a lone surrogate) at place {error.start}"
            ) from None
    return text


def _one_line(error: BaseException) -> str:
    return " ".join(str(error.__cause__ or error).split())[:300]
