"""Bits per byte of each source's held-out text without a language model: counting and general-purpose compressors."""

from collections.abc import Sequence
from pathlib import Path

import numpy
import polars
from numpy.typing import NDArray

from modelworks.lm.baselines import lzma_bits, unigram_bits, zlib_bits
from modelworks.lm.kneser_ney import KneserNey
from modelworks.lm.stable import write_json
from modelworks.stage import Stage

ORDER = 5


def main(stage: Stage) -> None:
    """Inputs: train, validation (Parquet files of texts). Output: scores (JSON).

    Counts and primers are of the training text of the same source; with the suffix `_all`, of all sources, which for
    lzma only the source that k2.questions names is compared with, for its price, the text of the own source last.
    None of the baselines is charged for the ends of the texts, as the language model is.
    """
    headline = stage.params["k2"]["questions"]["source"]
    train = _texts(stage.inputs["train"])
    held_out = _texts(stage.inputs["validation"])
    everything = KneserNey((text for texts in train.values() for text in texts), ORDER)
    scores = {}
    for number, (source, texts) in enumerate(held_out.items()):
        own = train.get(source, [])
        whole, own_whole = b"".join(texts), b"".join(own)
        bits = {
            "unigram": unigram_bits(_array(own_whole), _array(whole), 256),
            "zlib": zlib_bits(whole),
            "lzma": lzma_bits(whole),
            "lzma_primed": lzma_bits(whole, own_whole),
            "kneser_ney": KneserNey(own, ORDER).bits(texts),
            "kneser_ney_all": everything.bits(texts),
        }
        if source == headline:
            others = b"".join(text for name, texts in train.items() if name != source for text in texts)
            bits["lzma_primed_all"] = lzma_bits(whole, others + own_whole)
        scores[source] = {"bytes": len(whole), **{name: round(value / len(whole), 6) for name, value in bits.items()}}
        stage.progress(number + 1, len(held_out))
    write_json(stage.output("scores"), {"split": "validation", "kneser_ney_order": ORDER, "sources": scores})


def _texts(paths: Sequence[Path]) -> dict[str, list[bytes]]:
    """Source -> its texts; sources by name, without those that have no text."""
    table = polars.concat(polars.read_parquet(path, columns=["source", "text"]) for path in paths)
    found: dict[str, list[bytes]] = {}
    for source, text in table.sort("source", maintain_order=True).filter(polars.col("text") != "").iter_rows():
        found.setdefault(source, []).append(text.encode())
    return found


def _array(text: bytes) -> NDArray[numpy.uint8]:
    return numpy.frombuffer(text, dtype=numpy.uint8)
