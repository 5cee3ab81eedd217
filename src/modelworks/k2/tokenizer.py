"""Train the byte-level BPE tokenizer on a seeded share of the training text."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy
import pyarrow.compute

from modelworks.lm.corpus import byte_count, name_hash
from modelworks.lm.tables import row_groups
from modelworks.lm.tokenizer import train
from modelworks.lm.words import mix
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: corpus (all training texts). Output: tokenizer (JSON of `tokenizers`)."""
    params = stage.params["k2"]["tokenizer"]
    texts = share_of(stage.inputs["corpus"], params["most_bytes"], stage.seed("share"))
    tokenizer = train(texts, params["vocab_size"], params["min_frequency"])
    tokenizer.save(str(stage.output("tokenizer")))


def share_of(paths: Sequence[Path], most_bytes: int, seed: int) -> Iterator[str]:
    """All texts if they have at most `most_bytes`, else about that much: those whose id, hashed with `seed`, is low.

    A text that would go beyond `most_bytes` is left out.
    """
    size = sum(
        pyarrow.compute.sum(pyarrow.compute.binary_length(rows.column("text"))).as_py()
        for path in paths
        for rows in row_groups(path, ["text"])
    )
    limit = min(1.0, most_bytes / max(1, size))
    left = most_bytes
    for rows in (rows for path in paths for rows in row_groups(path, ["id", "text"])):
        hashes = numpy.array([name_hash(name) for name in rows.column("id").to_pylist()], dtype=numpy.uint64)
        chosen = mix(hashes ^ mix(numpy.array([seed], dtype=numpy.uint64))) / 2.0**64 <= limit
        for text in rows.column("text").filter(chosen).to_pylist():
            length = byte_count(text)
            if length <= left:
                left -= length
                yield text
