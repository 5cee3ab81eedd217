"""Encode both parts of the corpus and pack each into one stream of tokens."""

import polars

from modelworks.lm import packing
from modelworks.lm.stable import write_json
from modelworks.lm.tokenizer import END_OF_TEXT_ID, load
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: tokenizer, train, validation. Outputs: train, validation (safetensors of `packing`), sizes (JSON)."""
    tokenizer = load(stage.input("tokenizer"))
    report: dict[str, int] = {}
    for part in ("train", "validation"):
        texts = polars.read_parquet(stage.input(part), columns=["text"])["text"].to_list()
        documents = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
        sizes = [len(text.encode()) for text in texts]
        packed = packing.pack(documents, sizes, END_OF_TEXT_ID)
        packing.save(packed, stage.output(part))
        report |= {f"{part}_tokens": len(packed.tokens), f"{part}_bytes": packed.size}
    write_json(stage.output("sizes"), report)
