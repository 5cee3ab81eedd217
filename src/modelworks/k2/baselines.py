"""Bits per byte of the validation text without a language model."""

import numpy
import polars

from modelworks.lm.baselines import joined, lzma_bits, unigram_bits, zlib_bits
from modelworks.lm.packing import load
from modelworks.lm.stable import write_json
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: train, validation (Parquet), train_tokens, validation_tokens. Output: scores (JSON)."""
    train, held_out = (
        joined(polars.read_parquet(stage.input(part), columns=["text"])["text"]) for part in ("train", "validation")
    )
    train_bytes, held_out_bytes = (numpy.frombuffer(text, dtype=numpy.uint8) for text in (train, held_out))
    train_tokens = load(stage.input("train_tokens")).tokens
    # Each document's end-of-text is charged, the stream's first is not: the same targets as for the model.
    held_out_tokens = load(stage.input("validation_tokens")).tokens[1:]
    vocab_size = stage.params["k2"]["tokenizer"]["vocab_size"]
    bits = {
        "unigram_bytes": unigram_bits(train_bytes, held_out_bytes, 256),
        "unigram_tokens": unigram_bits(train_tokens, held_out_tokens, vocab_size),
        "zlib": zlib_bits(held_out),
        "lzma": lzma_bits(held_out),
        "lzma_primed": lzma_bits(held_out, train),
    }
    per_byte = {name: round(value / len(held_out), 6) for name, value in bits.items()}
    write_json(stage.output("scores"), {"split": "validation", "bytes": len(held_out), "bits_per_byte": per_byte})
