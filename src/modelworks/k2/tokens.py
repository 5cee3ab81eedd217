"""Encode one text of the corpus and pack it into one stream of tokens, with an index of its documents."""

from collections.abc import Iterator

import numpy
import polars
import pyarrow.parquet

from modelworks.lm.packing import write_shard
from modelworks.lm.stable import write_parquet
from modelworks.lm.tokenizer import END_OF_TEXT_ID, load
from modelworks.stage import Stage

_BATCH = 512


def main(stage: Stage) -> None:
    """Inputs: tokenizer, text (Parquet). Argument: text. Outputs: tokens (safetensors of `packing`), index (Parquet).

    The index: shard (the text's name), document (from 0), id, source, tokens (with the end-of-text before it), bytes.
    """
    tokenizer = load(stage.input("tokenizer"))
    ids: list[str] = []
    sources: list[str] = []
    sizes: list[int] = []

    def encoded() -> Iterator[list[int]]:
        file = pyarrow.parquet.ParquetFile(stage.input("text"))
        for batch in file.iter_batches(_BATCH, columns=["id", "source", "text"]):
            columns = batch.to_pydict()
            ids.extend(columns["id"])
            sources.extend(columns["source"])
            sizes.extend(len(text.encode()) for text in columns["text"])
            stage.progress(len(ids), file.metadata.num_rows)
            for encoding in tokenizer.encode_batch(columns["text"], add_special_tokens=False):
                yield encoding.ids

    lengths = write_shard(stage.output("tokens"), encoded(), END_OF_TEXT_ID, tokenizer.get_vocab_size())
    index = polars.DataFrame(
        {
            "shard": [stage.args["text"]] * len(ids),
            "document": numpy.arange(len(ids), dtype=numpy.int64),
            "id": ids,
            "source": sources,
            "tokens": lengths,
            "bytes": sizes,
        },
        schema={
            "shard": polars.String,
            "document": polars.Int64,
            "id": polars.String,
            "source": polars.String,
            "tokens": polars.Int64,
            "bytes": polars.Int64,
        },
    )
    write_parquet(stage.output("index"), index)
