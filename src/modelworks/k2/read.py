"""Read one share of the documents of all sources, and write for each what finds its copies in other shares."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pyarrow

from modelworks.k2.sources import HUB_SOURCE, sources
from modelworks.lm import minhash
from modelworks.lm.corpus import byte_count, name_hash, paragraphs
from modelworks.lm.layout import Layout
from modelworks.lm.sources import HubDataset, Numbered, Share, read_file, read_hub
from modelworks.lm.tables import BucketWriter, TableWriter
from modelworks.lm.words import Hashes, fold
from modelworks.stage import Stage

_BATCH_BYTES, _BATCH_DOCUMENTS = 1 << 20, 4096

TEXT = pyarrow.schema(
    [
        ("number", pyarrow.int64()),
        ("source", pyarrow.string()),
        ("document", pyarrow.string()),
        ("text", pyarrow.string()),
    ]
)
DOCUMENTS = pyarrow.schema(
    [
        ("number", pyarrow.int64()),
        ("source", pyarrow.int16()),
        ("name", pyarrow.uint64()),
        ("hash", pyarrow.uint64()),
        ("read_bytes", pyarrow.int64()),
        ("bytes", pyarrow.int64()),
    ]
)
PARAGRAPHS = pyarrow.schema(
    [
        ("hash", pyarrow.uint64()),
        ("number", pyarrow.int64()),
        ("paragraph", pyarrow.int32()),
        ("bytes", pyarrow.int32()),
    ]
)
BANDS = pyarrow.schema([("key", pyarrow.uint64()), ("number", pyarrow.int64())])


def main(stage: Stage) -> None:
    """Inputs: data (the files of all sources, sources in the order of their names). Arg: shard.

    Outputs, all Parquet: text (number, source, document, text: paragraphs with one blank line between them), documents
    (number, source, name, hash, read_bytes, bytes, signature: a row for each document read), paragraphs (hash, number,
    paragraph, bytes) and bands (key, number), both by bucket. Numbers rise with the order of files and rows.
    """
    params = stage.params["k2"]["corpus"]
    near, shards = params["near"], params["shards"]
    signature = pyarrow.field("signature", pyarrow.binary(2 * near["permutations"]))
    with (
        TableWriter(stage.output("text"), TEXT) as text,
        TableWriter(
            stage.output("documents"), DOCUMENTS.append(signature), raw=["name", "hash", "signature"]
        ) as documents,
        BucketWriter(stage.output("paragraphs"), PARAGRAPHS, shards, raw=["hash"]) as found,
        BucketWriter(stage.output("bands"), BANDS, shards, raw=["key"]) as bands,
    ):
        share = Share(int(stage.args["shard"]), shards)
        for batch in _batches(_documents(stage.inputs.get("data", []), params, share)):
            full = [document for document in batch if document.paragraphs]
            layout = Layout([document.paragraphs for document in full])
            hashes = fold(layout.words, layout.first_words)
            signatures = minhash.signatures(
                layout.words, layout.text_words, near["shingle_words"], near["permutations"]
            )
            text.write(_texts(full))
            documents.write(_facts(batch, layout, hashes, minhash.shorten(signatures)))
            found.add(hashes, _places(full, layout, hashes))
            band = minhash.band_keys(signatures, near["bands"])
            numbers = numpy.array([document.number for document in full], dtype=numpy.int64)
            bands.add(band.ravel(), {"key": band.ravel(), "number": numpy.repeat(numbers, near["bands"])})


def check_is_remote(name: str) -> None:
    """Raise ValueError if the working directory holds something called like the data set: `datasets` prefers that."""
    if (Path.cwd() / name).exists() and not Path(name).is_absolute():
        raise ValueError(
            f"params.yaml: k2.corpus.dataset.name: {name} is a folder here, and `datasets` would read that one, whose "
            "content is in no key; name its files in k2.corpus.files"
        )


@dataclass(frozen=True)
class _Document:
    number: int
    source: int
    source_name: str
    name: str
    read_bytes: int
    paragraphs: list[str]

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs)


def _texts(batch: Sequence[_Document]) -> dict[str, Any]:
    return {
        "number": [document.number for document in batch],
        "source": [document.source_name for document in batch],
        "document": [document.name for document in batch],
        "text": [document.text for document in batch],
    }


def _facts(
    batch: Sequence[_Document], layout: Layout, paragraph_hashes: Hashes, signatures: minhash.Signatures
) -> dict[str, Any]:
    """A row for each document; an empty one has hash 0, no bytes and a signature of zeros."""
    full = numpy.array([bool(document.paragraphs) for document in batch], dtype=numpy.bool_)
    hashes, sizes = numpy.zeros(len(batch), numpy.uint64), numpy.zeros(len(batch), numpy.int64)
    hashes[full] = fold(paragraph_hashes, layout.first_paragraphs)
    if full.any():
        sizes[full] = numpy.add.reduceat(layout.sizes + 2, layout.first_paragraphs) - 2
    shown = numpy.zeros((len(batch), signatures.shape[1]), dtype="<u2")
    shown[full] = signatures
    return {
        "number": [document.number for document in batch],
        "source": [document.source for document in batch],
        "name": numpy.array([name_hash(document.name) for document in batch], dtype=numpy.uint64),
        "hash": hashes,
        "read_bytes": [document.read_bytes for document in batch],
        "bytes": sizes,
        "signature": [row.tobytes() for row in shown],
    }


def _places(batch: Sequence[_Document], layout: Layout, hashes: Hashes) -> dict[str, Any]:
    numbers = numpy.array([document.number for document in batch], dtype=numpy.int64)
    places = numpy.arange(len(hashes)) - numpy.repeat(layout.first_paragraphs, layout.counts)
    return {
        "hash": hashes,
        "number": numpy.repeat(numbers, layout.counts),
        "paragraph": places.astype(numpy.int32),
        "bytes": layout.sizes.astype(numpy.int32),
    }


def _documents(data: Sequence[Path], params: dict[str, Any], share: Share) -> Iterator[_Document]:
    waiting = list(data)
    place = 0
    for source, (name, files) in enumerate(sources(params)):
        for path in waiting[: len(files)]:
            for row in read_file(path, place, params["text_column"], params["id_column"], share):
                yield _document(row, source, name)
            place += 1
        waiting = waiting[len(files) :]
    if params["dataset"]:
        named = params["dataset"]
        check_is_remote(named["name"])
        hub = HubDataset(named["name"], named["revision"], named["configuration"], named["split"])
        for row in read_hub(hub, place, params["text_column"], params["id_column"], share):
            yield _document(row, len(sources(params)) - 1, HUB_SOURCE)


def _document(row: Numbered, source: int, source_name: str) -> _Document:
    return _Document(row.number, source, source_name, row.name, byte_count(row.text), paragraphs(row.text))


def _batches(documents: Iterator[_Document]) -> Iterator[list[_Document]]:
    """Lists of documents with about a megabyte of text, or one large document."""
    batch: list[_Document] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += document.read_bytes
        if size >= _BATCH_BYTES or len(batch) == _BATCH_DOCUMENTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
