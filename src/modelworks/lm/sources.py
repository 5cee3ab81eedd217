"""Read documents from text, JSONL and Parquet files or from a Hugging Face data set, all through `datasets`."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMATS = {".txt": "text", ".md": "text", ".rst": "text", ".json": "json", ".jsonl": "json", ".parquet": "parquet"}


@dataclass(frozen=True)
class Document:
    """One text with a name that is unique in its corpus."""

    id: str
    text: str


@dataclass(frozen=True)
class HubDataset:
    """A data set on the Hugging Face hub, or a local directory in a layout that `datasets` knows.

    `revision` is a commit or a tag, so that the same params always mean the same text.
    """

    name: str
    revision: str | None
    configuration: str | None
    split: str


def read_files(paths: Sequence[Path], text_column: str, id_column: str | None) -> list[Document]:
    """The documents of `paths` in order: a text file is one document, a JSONL or Parquet row is one.

    Without `id_column` a document is called `<file name>:<row>`. Raises ValueError naming the file if its format is
    unknown, if it lacks the column or if a row holds no text.
    """
    documents: list[Document] = []
    for path in paths:
        if path.suffix not in FORMATS:
            raise ValueError(f"{path}: unknown format {path.suffix!r}; known are {', '.join(sorted(FORMATS))}")
        kind = FORMATS[path.suffix]
        options: dict[str, Any] = {"sample_by": "document", "keep_linebreaks": True} if kind == "text" else {}
        column = "text" if kind == "text" else text_column
        with _loaded(kind, data_files=str(path), split="train", **options) as rows:
            documents += _documents(rows, str(path), path.name, column, None if kind == "text" else id_column)
    return documents


def read_hub(dataset: HubDataset, text_column: str, id_column: str | None) -> list[Document]:
    """The documents of one split of a Hugging Face data set. Raises ValueError if it lacks the column."""
    options = {"name": dataset.configuration, "revision": dataset.revision, "split": dataset.split}
    with _loaded(dataset.name, **options) as rows:
        return _documents(rows, dataset.name, dataset.name, text_column, id_column)


@contextmanager
def _loaded(builder: str, **options: Any) -> Iterator[Any]:
    """The rows that `datasets` loads, with every cache in a temporary directory that goes when the rows were read."""
    os.environ.setdefault("HF_HOME", str(Path(tempfile.gettempdir()) / "huggingface"))
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import datasets  # after HF_HOME is set: it is read when the package is imported

    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory(prefix="datasets-") as cache:
        try:
            rows = datasets.load_dataset(builder, cache_dir=cache, **options)
        except datasets.exceptions.DatasetGenerationError as error:
            source = options.get("data_files", builder)
            reason = error.__cause__ or error.__context__ or error
            raise ValueError(f"{source}: cannot be read as {builder}: {reason}") from None
        yield rows


def _documents(rows: Any, source: str, label: str, text_column: str, id_column: str | None) -> list[Document]:
    for column in filter(None, (text_column, id_column)):
        if column not in rows.column_names:
            raise ValueError(f"{source}: no column {column!r}; it has {', '.join(map(repr, rows.column_names))}")
    texts = rows[text_column]
    names = rows[id_column] if id_column else (f"{label}:{row}" for row in range(len(texts)))
    documents = []
    for row, (name, text) in enumerate(zip(names, texts, strict=True)):
        if not isinstance(text, str):
            raise ValueError(f"{source}: row {row}: column {text_column!r} holds {type(text).__name__}, not text")
        documents.append(Document(str(name), text))
    return documents
