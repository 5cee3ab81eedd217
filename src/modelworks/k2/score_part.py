"""The last checkpoint on one half of the held-out text: `validation` to tune on, `test` for what was chosen by it.

The halves hold about equally many bytes of each source and have no document in common; problems with the same operands
are one document, and so are a page of the reference and the questions about it. They depend on the text and on `seed`
alone: two runs with other tokenizers or models are scored on the same half.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy
import polars
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from modelworks.lm import corpus
from modelworks.lm.arithmetic import is_correct
from modelworks.lm.device import deterministic_device
from modelworks.lm.generation import complete, greedy
from modelworks.lm.model import load_checkpoint
from modelworks.lm.packing import load_shard
from modelworks.lm.scoring import score
from modelworks.lm.shares import Estimate, clustered_share, rate
from modelworks.lm.stable import write_json
from modelworks.lm.tokenizer import END_OF_TEXT_ID, load
from modelworks.stage import Stage

_ROWS_TOGETHER = 128
_LONGER_THAN_REFERENCE = 16


def main(stage: Stage) -> None:
    """Inputs: checkpoint, tokenizer, texts, tokens and indexes (held out), cases. Arg: part. Output: scores (JSON).

    `bits_per_byte` is of all documents of the half together; `exact_match`, of the greedy answers to the half's cases,
    is measured of the test half only.
    """
    settings, part = stage.params["k2"]["evaluate"], stage.args["part"]
    progress = json.loads((stage.input("checkpoint") / "progress.json").read_text(encoding="utf-8"))
    context = stage.params["k2"]["order"][progress["phase"]]["context"]
    model = load_checkpoint(stage.input("checkpoint"), deterministic_device(settings["threads"]))
    documents = halves(_documents(stage), stage.seed("halves"))
    own = documents.filter(polars.col("half") == part)
    if not len(own):
        raise ValueError(
            f"params.yaml: k2.corpus.validation_fraction: the held-out text is too little for a {part} half: raise it"
        )
    scored = _scored(model, stage.inputs["tokens"], own, context, settings)
    found = {
        "checkpoint": progress["segment"],
        "step": progress["step"],
        "half": part,
        **_bits(scored),
        "sources": {str(name): _bits(rows) for (name,), rows in scored.group_by("source", maintain_order=True)},
    }
    if part == "test":
        tokenizer = load(stage.input("tokenizer"))
        found |= _exact_match(model, tokenizer, polars.read_parquet(stage.input("cases")), documents, context)
    write_json(stage.output("scores"), found)


def halves(documents: polars.DataFrame, seed: int) -> polars.DataFrame:
    """The rows (id, source, document, bytes and more) with their `half`, validation or test.

    A source that is one document alone is halved by its sections.
    """
    sources = documents["source"].rank("dense").to_numpy().astype(numpy.int16) - 1
    sizes = documents["bytes"].to_numpy().astype(numpy.int64)

    def parts(names: polars.Series, rows: numpy.ndarray) -> numpy.ndarray:
        hashes = numpy.array([corpus.name_hash(name) for name in names.filter(rows)], dtype=numpy.uint64)
        return corpus.split(hashes, sources[rows], sizes[rows], 0.5, seed)

    found = parts(documents["document"], numpy.ones(len(documents), dtype=bool))
    lone = found == corpus.BOTH
    if lone.any():
        found[lone] = parts(documents["id"], lone)
    named = numpy.where(found == corpus.VALIDATION, "validation", "test")
    return documents.with_columns(half=polars.Series(named, dtype=polars.String))


def _documents(stage: Stage) -> polars.DataFrame:
    """Every held-out row that has text: shard (number of the file), place (in the shard), id, source, document, bytes.

    In the order of source, document and id, which does not depend on how the text is cut into files.
    """
    found = []
    paths = zip(stage.inputs["texts"], stage.inputs["indexes"], strict=True)
    for number, (text, index) in enumerate(paths):
        names = polars.read_parquet(text, columns=["id", "document"])
        rows = polars.read_parquet(index, columns=["id", "source", "document", "tokens", "bytes"])
        rows = rows.rename({"document": "place"}).with_columns(shard=polars.lit(number, dtype=polars.Int64))
        found.append(rows.join(names, on="id", how="left", maintain_order="left", validate="1:1"))
    return polars.concat(found).filter(polars.col("bytes") > 0).sort("source", "document", "id")


def _scored(
    model: LlamaForCausalLM, tokens: list[Path], rows: polars.DataFrame, context: int, settings: Mapping[str, Any]
) -> polars.DataFrame:
    """The rows with their `nats`."""
    shards = [load_shard(path) for path in tokens]
    texts = (shards[shard].document(place) for shard, place in rows.select("shard", "place").iter_rows())
    stride = max(1, round(context * settings["stride_share"]))
    found = score(model, texts, END_OF_TEXT_ID, context, stride, settings["batch_rows"])
    return rows.with_columns(nats=polars.Series(found.nats))


def _bits(scored: polars.DataFrame) -> dict[str, Any]:
    """All bits over all bytes, with the interval from the scatter over documents."""
    whole = scored.group_by("document", maintain_order=True).agg(polars.col("nats", "bytes").sum())
    found = rate(whole["nats"] / math.log(2), whole["bytes"])
    return {
        "bits_per_byte": round(found.value, 6),
        "interval": _interval(found),
        "documents": len(whole),
        "bytes": int(whole["bytes"].sum()),
    }


def _exact_match(
    model: LlamaForCausalLM, tokenizer: Tokenizer, cases: polars.DataFrame, documents: polars.DataFrame, context: int
) -> dict[str, Any]:
    """The share of right greedy answers, over all levels and for each, on cases whose operands are not of validation.

    An answer ends some tokens beyond the longest true one of its level, where the level's cases are held-out text too.
    """
    other = documents.filter(polars.col("half") == "validation")["document"].unique().to_list()
    operands = [",".join(map(str, sorted(one))) for one in cases["operands"]]
    prompts = [
        [END_OF_TEXT_ID, *tokenizer.encode(text, add_special_tokens=False).ids] for text in cases["prompt"].to_list()
    ]
    asked = (
        cases.with_columns(document=polars.Series(operands), given=polars.Series([len(one) for one in prompts]))
        .with_row_index("row")
        .join(documents.select("id", "tokens"), on="id", how="left", maintain_order="left")
        .with_columns(
            most=((polars.col("tokens") - polars.col("given")).max() + _LONGER_THAN_REFERENCE)
            .over("level")
            .fill_null(context)
        )
        .filter(~polars.col("document").is_in(other))
    )
    given = [prompts[row] for row in asked["row"]]
    found = complete(model, given, asked["most"].to_list(), END_OF_TEXT_ID, greedy, _ROWS_TOGETHER)
    texts = tokenizer.decode_batch(found)
    correct = [is_correct(text, answer) for text, answer in zip(texts, asked["answer"], strict=True)]
    asked = asked.with_columns(correct=polars.Series(correct, dtype=polars.Boolean))
    levels = {str(name): _share(rows) for (name,), rows in asked.group_by("level", maintain_order=True)}
    return {"exact_match": _share(asked), "levels": levels}


def _share(asked: polars.DataFrame) -> dict[str, Any]:
    found = clustered_share(asked["correct"].to_list(), asked["document"].to_list())
    return {"value": round(found.value, 6), "interval": _interval(found), "cases": len(asked)}


def _interval(found: Estimate) -> list[float]:
    return [round(found.low, 6), round(found.high, 6)]
