"""What one checkpoint can do: held-out bits per byte, arithmetic, cloze, and samples with what they copy."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from modelworks.k2.measures import Measure, table
from modelworks.lm import cloze, grams
from modelworks.lm.arithmetic import is_correct
from modelworks.lm.device import deterministic_device
from modelworks.lm.generation import Sampler, complete, greedy
from modelworks.lm.model import load_checkpoint
from modelworks.lm.packing import load_shard
from modelworks.lm.sample import sample
from modelworks.lm.scoring import score
from modelworks.lm.shares import clustered_share, rate
from modelworks.lm.stable import write_json, write_parquet
from modelworks.lm.tokenizer import END_OF_TEXT_ID, load
from modelworks.stage import Stage

COPIED_WORDS = 8
_ROWS_TOGETHER = 128
_LONGER_THAN_REFERENCE = 16


@dataclass(frozen=True)
class _Run:
    """What every measure needs. `whole`: everything is asked, not only the declared sample."""

    stage: Stage
    model: LlamaForCausalLM
    tokenizer: Tokenizer
    context: int
    whole: bool

    @property
    def settings(self) -> dict[str, Any]:
        found: dict[str, Any] = self.stage.params["k2"]["evaluate"]
        return found

    def some(self, sizes: Sequence[int], most: int, *salt: str) -> list[int]:
        """The places of what is asked: all, or a seeded sample, the same for every checkpoint, of at least `most`."""
        if self.whole or not most:
            return list(range(len(sizes)))
        return sample(sizes, most, self.stage.seed(*salt))

    def tokens(self, text: str) -> list[int]:
        """The start of a document: end-of-text, then `text`."""
        return [END_OF_TEXT_ID, *self.tokenizer.encode(text, add_special_tokens=False).ids]


def main(stage: Stage) -> None:
    """Inputs: checkpoint, tokenizer, tokens and indexes (validation), cases, cloze, grams. Outputs: table, gallery.

    The arg `whole` is yes for the checkpoint that is asked everything. Texts are read in the context of the phase in
    which the checkpoint was trained.
    """
    params = stage.params["k2"]
    progress = json.loads((stage.input("checkpoint") / "progress.json").read_text(encoding="utf-8"))
    model = load_checkpoint(stage.input("checkpoint"), deterministic_device(params["evaluate"]["threads"]))
    context = params["order"][progress["phase"]]["context"]
    run = _Run(stage, model, load(stage.input("tokenizer")), context, stage.args["whole"] == "yes")
    samples = _samples(run)
    measures = [*_bits_per_byte(run), *_arithmetic(run), *_cloze(run), _copied(run, samples)]
    write_parquet(stage.output("table"), table(progress, measures))
    shown = {key: progress[key] for key in ("segment", "step", "training_tokens")}
    write_json(stage.output("gallery"), {**shown, "samples": samples})


def _bits_per_byte(run: _Run) -> list[Measure]:
    """Of each source; of a large one, whole documents of at least `most_bytes` together."""
    shards = [load_shard(path) for path in run.stage.inputs["tokens"]]
    columns = ["source", "document", "bytes"]
    indexes = [polars.read_parquet(path, columns=columns) for path in run.stage.inputs["indexes"]]
    index = polars.concat(table.with_columns(shard=polars.lit(number)) for number, table in enumerate(indexes))
    stride = max(1, round(run.context * run.settings["stride_share"]))
    measures = []
    for (source,), documents in (
        index.filter(polars.col("bytes") > 0).sort("source").group_by("source", maintain_order=True)
    ):
        places = run.some(documents["bytes"].to_list(), run.settings["most_bytes"], "bits per byte", str(source))
        chosen = documents[places]
        texts = (shards[shard].document(document) for shard, document in chosen.select("shard", "document").iter_rows())
        found = score(run.model, texts, END_OF_TEXT_ID, run.context, stride, run.settings["batch_rows"])
        bits = rate(found.nats / math.log(2), chosen["bytes"].to_numpy())
        nats, tokens = float(found.nats.sum()), int(found.tokens.sum())
        measures.append(Measure("bits_per_byte", str(source), tokens, bits, int(chosen["bytes"].sum()), nats))
    return measures


def _arithmetic(run: _Run) -> list[Measure]:
    """Exact match of greedy answers, by level."""
    cases = polars.read_parquet(run.stage.input("cases"))
    lengths = polars.concat(polars.read_parquet(path, columns=["id", "tokens"]) for path in run.stage.inputs["indexes"])
    levels = [
        _asked(run, level, str(name))
        for (name,), level in cases.join(lengths, on="id", how="left", maintain_order="left").group_by(
            "level", maintain_order=True
        )
    ]
    asked = polars.concat(levels)
    prompts = [run.tokens(prompt) for prompt in asked["prompt"]]
    found = complete(run.model, prompts, asked["most"].to_list(), END_OF_TEXT_ID, greedy, _ROWS_TOGETHER)
    texts = run.tokenizer.decode_batch(found)
    correct = [is_correct(text, answer) for text, answer in zip(texts, asked["answer"], strict=True)]
    asked = asked.with_columns(correct=polars.Series(correct, dtype=polars.Boolean))
    measures = []
    for (name,), level in asked.group_by("level", maintain_order=True):
        clusters = [tuple(operands) for operands in level["operands"]]
        share = clustered_share(level["correct"].to_list(), clusters)
        measures.append(Measure("arithmetic", str(name), len(level), share))
    return measures


def _asked(run: _Run, level: polars.DataFrame, name: str) -> polars.DataFrame:
    """The cases of a level that are asked, with the `most` tokens of an answer: a few more than the longest true one.

    The true one is known where the case is also a held-out document; without any, the context is the limit.
    """
    true = [
        tokens - len(run.tokens(prompt)) for prompt, tokens in level.select("prompt", "tokens").iter_rows() if tokens
    ]
    chosen = run.some([1] * len(level), run.settings["cases"], "arithmetic", name)
    most = max(true) + _LONGER_THAN_REFERENCE if true else run.context
    return level[chosen].with_columns(most=polars.lit(most, dtype=polars.Int64))


def _cloze(run: _Run) -> list[Measure]:
    rows = polars.read_parquet(run.stage.input("cloze"))
    if not len(rows):
        return []
    items = [cloze.Item(*row) for row in rows.select("prompt", "choices", "answer").iter_rows()]
    chosen = cloze.choose(run.model, run.tokenizer, items, END_OF_TEXT_ID, run.context, run.settings["batch_rows"])
    correct = [choice == item.answer for choice, item in zip(chosen, items, strict=True)]
    source = run.stage.params["k2"]["questions"]["source"]
    return [Measure("cloze", source, len(items), clustered_share(correct, rows["document"].to_list()))]


def _samples(run: _Run) -> list[dict[str, Any]]:
    """The samples of each prompt, the start of a document first: from the same seeds for every checkpoint."""
    settings = run.stage.params["k2"]["samples"]
    drawn = [(prompt, number) for prompt in ("", *settings["prompts"]) for number in range(1, settings["count"] + 1)]
    seeds = [run.stage.seed("sample", prompt, number) for prompt, number in drawn]
    sampler = Sampler(seeds, settings["temperature"], settings["top_k"])
    prompts = [run.tokens(prompt) for prompt, _ in drawn]
    most = [settings["most_tokens"]] * len(prompts)
    found = complete(run.model, prompts, most, END_OF_TEXT_ID, sampler, _ROWS_TOGETHER)
    return [
        {
            "prompt": prompt,
            "number": number,
            "seed": seed,
            "tokens": len(tokens),
            "text": run.tokenizer.decode(tokens),
        }
        for (prompt, number), seed, tokens in zip(drawn, seeds, found, strict=True)
    ]


def _copied(run: _Run, samples: list[dict[str, Any]]) -> Measure:
    """The share of the samples' runs of words that the training text has too; the prompt is no part of a sample."""
    trained = grams.read_table(run.stage.input("grams"))
    found = [(number, grams.grams(sample["text"], COPIED_WORDS)) for number, sample in enumerate(samples)]
    known = [hit for _, hashes in found for hit in grams.known(trained, hashes).tolist()]
    owners = [number for number, hashes in found for _ in range(len(hashes))]
    return Measure("copied", f"{COPIED_WORDS}-word", len(known), clustered_share(known, owners) if known else None)
