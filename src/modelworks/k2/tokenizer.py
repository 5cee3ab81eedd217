"""Train the byte-level BPE tokenizer on the training text."""

import polars

from modelworks.lm.tokenizer import train
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Input: corpus (training part). Output: tokenizer (JSON of `tokenizers`)."""
    params = stage.params["k2"]["tokenizer"]
    texts = polars.read_parquet(stage.input("corpus"), columns=["text"])["text"]
    tokenizer = train(texts.to_list(), params["vocab_size"], params["min_frequency"])
    tokenizer.save(str(stage.output("tokenizer")))
