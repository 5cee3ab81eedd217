"""Tokens packed in memory-mapped safetensors: shards of documents, and the rows of a chunk of training."""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy
from numpy.typing import NDArray
from safetensors.numpy import save_file

from modelworks.lm.mapped import map_file

Tokens = NDArray[Any]


@dataclass(frozen=True)
class Shard:
    """`tokens` uint16 or uint32 [n]: end-of-text, document, end-of-text, ...; `starts` int64 [documents + 1]."""

    tokens: Tokens
    starts: NDArray[numpy.int64]

    def __len__(self) -> int:
        """How many documents there are."""
        return len(self.starts) - 1

    def document(self, index: int) -> Tokens:
        """The tokens of one document with the end-of-text before it, without one after it."""
        return self.tokens[self.starts[index] : self.starts[index + 1]]

    def documents(self) -> Iterator[Tokens]:
        """All documents in order."""
        return (self.document(index) for index in range(len(self)))


def token_type(vocab_size: int) -> type[numpy.uint16] | type[numpy.uint32]:
    """The narrower of the two types that holds every token."""
    return numpy.uint16 if vocab_size <= 1 << 16 else numpy.uint32


def write_shard(path: Path, documents: Iterable[Sequence[int]], end_of_text: int, vocab_size: int) -> NDArray[Any]:
    """Write documents (token ids); the lengths int64 [documents] with the leading end-of-text.

    One document at a time is in memory. The file is what `safetensors` writes: the length of the header, the header in
    JSON, the arrays.
    """
    kind = token_type(vocab_size)
    lengths: list[int] = []
    with TemporaryFile(dir=path.parent) as tokens, path.open("wb") as file:
        for document in documents:
            tokens.write(numpy.asarray([end_of_text, *document], dtype=kind).tobytes())
            lengths.append(len(document) + 1)
        starts = numpy.concatenate([numpy.zeros(1, numpy.int64), numpy.cumsum(lengths, dtype=numpy.int64)])
        name = {numpy.uint16: "U16", numpy.uint32: "U32"}[kind]
        header = {
            "starts": {"dtype": "I64", "shape": [len(starts)], "data_offsets": [0, starts.nbytes]},
            "tokens": {
                "dtype": name,
                "shape": [int(starts[-1])],
                "data_offsets": [starts.nbytes, starts.nbytes + tokens.tell()],
            },
        }
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        file.write(len(text).to_bytes(8, "little") + text + starts.tobytes())
        tokens.seek(0)
        shutil.copyfileobj(tokens, file, 1 << 20)
    return numpy.asarray(lengths, dtype=numpy.int64)


def load_shard(path: Path) -> Shard:
    """Map what `write_shard` wrote; nothing is read before it is asked for."""
    arrays = map_file(path)
    return Shard(arrays["tokens"], arrays["starts"])


def write_rows(path: Path, rows: Tokens) -> None:
    """Write the rows of a chunk, [rows, context + 1]: row[:-1] predicts row[1:]."""
    save_file({"rows": rows}, path)


def load_rows(path: Path) -> Tokens:
    """Map what `write_rows` wrote."""
    return map_file(path)["rows"]
