"""The data of the spike experiment: rows of the main run's chunks, cut shorter, and some of the validation text."""

import numpy
import polars
from safetensors.numpy import save_file

from modelworks.lm.packing import Tokens, load_rows, load_shard
from modelworks.lm.sample import sample
from modelworks.stage import Stage


def main(stage: Stage) -> None:
    """Inputs: chunks, and of the validation part tokens and index, one a text in the same order. Output: data.

    data (safetensors): `rows` [rows, context + 1]; `tokens` [n] and `starts` int64 [documents + 1] of the held-out
    documents, each with an end-of-text before it; `sizes` int64 [documents], their UTF-8 bytes.
    """
    params = stage.params["k2"]["spikes"]
    rows = numpy.concatenate([cut(load_rows(path), params["train"]["context"]) for path in stage.inputs["chunks"]])
    documents: list[Tokens] = []
    sizes: list[int] = []
    for tokens, index in zip(stage.inputs["tokens"], stage.inputs["index"], strict=True):
        shard = load_shard(tokens)
        table = polars.read_parquet(index, columns=["document", "bytes"])
        documents += [shard.document(number) for number in table["document"].to_list()]
        sizes += table["bytes"].to_list()
    kept = sample([len(document) for document in documents], params["held_out_tokens"], stage.seed("held-out"))
    starts = numpy.cumsum([0, *(len(documents[place]) for place in kept)])
    save_file(
        {
            "rows": rows,
            "tokens": numpy.concatenate([documents[place] for place in kept]).astype(rows.dtype),
            "starts": starts.astype(numpy.int64),
            "sizes": numpy.asarray([sizes[place] for place in kept], dtype=numpy.int64),
        },
        stage.output("data"),
    )


def cut(rows: Tokens, context: int) -> Tokens:
    """Rows [n, longer + 1] as rows [n * (longer // context), context + 1] that overlap by one token, as those do.

    Raises ValueError if they are shorter.
    """
    pieces = (rows.shape[1] - 1) // context
    if pieces < 1:
        raise ValueError(
            f"params.yaml: k2.spikes.train.context must be at most k2.order.base.context, which is {rows.shape[1] - 1}"
        )
    starts = context * numpy.arange(pieces)[:, None] + numpy.arange(context + 1)
    return numpy.ascontiguousarray(rows[:, starts].reshape(-1, context + 1))
