"""A tiny run in the formats of k2, written by hand with random models, and what is measured of it."""

import importlib
import random
from pathlib import Path
from typing import Any

import numpy
import polars
import torch

from modelworks.lm import tokenizer as bpe
from modelworks.lm.arithmetic import Problems
from modelworks.lm.model import initialise
from modelworks.lm.packing import load_shard, write_rows, write_shard
from modelworks.lm.stable import write_json
from modelworks.stage import Stage

CHECKPOINTS = ("001", "002", "003-of-003")
CHUNKS = ("001", "002", "003")
TRAINED = ("001", "003", "002")
TEXTS = ("000", "arithmetic")
LEVELS: dict[str, dict[str, Any]] = {
    "easy": {"terms": 3, "digits": 1, "operations": "+-", "words": False, "examples": 30, "cases": 12},
    "sums": {"terms": 2, "digits": 2, "operations": "+", "words": False, "examples": 30, "cases": 9},
}
MODEL = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "initializer_range": 0.3,
    "rope_theta": 10000.0,
    "attention_dropout": 0.0,
    "tie_word_embeddings": True,
}


def params() -> dict[str, Any]:
    """What the stages read."""
    return {
        "seed": 7,
        "k2": {
            "evaluate": {
                "stride_share": 0.5,
                "batch_rows": 8,
                "most_bytes": 400,
                "cases": 5,
                "chunk_rows": 3,
                "threads": 1,
            },
            "samples": {
                "count": 2,
                "most_tokens": 40,
                "temperature": 1.0,
                "top_k": 0,
                "prompts": ["The <b>", "ab"],
                "threads": 1,
            },
            "questions": {"source": "reference"},
            "order": {"base": {"context": 32}, "long": {"context": 64}},
        },
    }


def sentences(seed: int, count: int) -> list[str]:
    """Texts of 40 words each."""
    generator = random.Random(seed)
    words = ["the", "statement", "of", "a", "value", "is", "né", "name", "scope", "for", "in", "object"]
    return [" ".join(generator.choices(words, k=40)) for _ in range(count)]


def write(folder: Path) -> None:
    """Everything that the stages read, as the stages before them would write it."""
    problems = Problems(LEVELS, 0.3, 7)
    texts = {
        ("train", "000"): [("reference", text) for text in sentences(1, 12)]
        + [("docs", text) for text in sentences(2, 6)],
        ("validation", "000"): [("reference", text) for text in sentences(3, 6)]
        + [("docs", text) for text in [*sentences(4, 5), ""]],
        ("train", "arithmetic"): [("arithmetic", problems.example(i).text) for i in range(len(problems))],
        ("validation", "arithmetic"): [("arithmetic", case.text) for case in problems.cases()],
    }
    for name in ("corpus/train", "corpus/validation", "tokens/validation", "checkpoints", "chunks", "order"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    tokenizer = bpe.train([text for rows in texts.values() for _, text in rows], 300, 2)
    tokenizer.save(str(folder / "tokenizer.json"))
    for (part, name), rows in texts.items():
        cases = [case.id for case in problems.cases()] if (part, name) == ("validation", "arithmetic") else None
        ids = cases or [f"{part}/{name}/{number}" for number in range(len(rows))]
        operands = [",".join(map(str, sorted(case.operands))) for case in problems.cases()]
        table = polars.DataFrame(
            {
                "id": ids,
                "source": [s for s, _ in rows],
                "document": operands if cases else ids,
                "text": [t for _, t in rows],
            }
        )
        table.write_parquet(folder / f"corpus/{part}/{name}.parquet")
        if part == "validation":
            _tokens(folder / f"tokens/validation/{name}", table, tokenizer)
    _cases(folder, problems)
    _run(folder)


def _tokens(stem: Path, table: polars.DataFrame, tokenizer: Any) -> None:
    documents = [tokenizer.encode(text).ids for text in table["text"]]
    lengths = write_shard(stem.with_suffix(".safetensors"), documents, 0, 300)
    index = (
        table.select("id", "source")
        .with_row_index("document")
        .with_columns(
            polars.col("document").cast(polars.Int64),
            shard=polars.lit(stem.name),
            tokens=polars.Series(lengths),
            bytes=polars.Series([len(text.encode()) for text in table["text"]]),
        )
    )
    index.write_parquet(stem.with_suffix(".parquet"))


def _cases(folder: Path, problems: Problems) -> None:
    cases = [
        {"id": c.id, "level": c.level, "prompt": c.prompt, "answer": c.answer, "operands": sorted(c.operands)}
        for c in problems.cases()
    ]
    polars.DataFrame(cases).write_parquet(folder / "corpus/cases.parquet")
    cloze = [
        {
            "id": f"{n}",
            "document": f"{n % 3}",
            "prompt": f"{text} ",
            "choices": ["a", "né", "scope", "of a"],
            "answer": n % 4,
        }
        for n, text in enumerate(sentences(9, 8))
    ]
    polars.DataFrame(cloze).write_parquet(folder / "corpus/cloze.parquet")


def _run(folder: Path) -> None:
    generator = numpy.random.default_rng(5)
    for number, (name, chunk) in enumerate(zip(CHECKPOINTS, TRAINED, strict=True), 1):
        model = initialise(MODEL, 300, number, torch.device("cpu"))
        model.save_pretrained(folder / f"checkpoints/{name}")
        progress = {"step": 10 * number, "training_tokens": 320 * number, "chunk": chunk, "segment": name}
        write_json(
            folder / f"checkpoints/{name}/progress.json", {**progress, "phase": "long" if number == 3 else "base"}
        )
    for chunk in CHUNKS:
        width = 65 if chunk == "003" else 33
        write_rows(folder / f"chunks/{chunk}.safetensors", generator.integers(1, 300, (5, width)).astype(numpy.uint16))
        order = {"row": [0, 0], "source": ["reference", "arithmetic"], "begin": [0, 0], "end": [30, 10]}
        polars.DataFrame(order).write_parquet(folder / f"order/{chunk}.parquet")
    steps = list(range(1, 31))
    log = {"step": steps, "tokens": [32 * s for s in steps], "loss": [5 - s / 10 for s in steps]}
    polars.DataFrame(log).write_parquet(folder / "training_log.parquet")


def run_stage(
    name: str, folder: Path, inputs: dict[str, list[str]], outputs: dict[str, str], args: dict[str, str] | None = None
) -> None:
    """Run one stage module in `folder`."""
    made = {key: [folder / path] for key, path in outputs.items()}
    for [path] in made.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    read = {key: [folder / path for path in paths] for key, paths in inputs.items()}
    module = importlib.import_module(f"modelworks.k2.{name}")
    module.main(Stage(f"modelworks.k2.{name}", f"k2_{name}", read, made, params(), args or {}))


def evaluate(folder: Path, checkpoint: str, whole: bool, out: str = "") -> None:
    """Run the evaluation of one checkpoint."""
    inputs = {
        "checkpoint": [f"checkpoints/{checkpoint}"],
        "tokenizer": ["tokenizer.json"],
        "tokens": [f"tokens/validation/{text}.safetensors" for text in TEXTS],
        "indexes": [f"tokens/validation/{text}.parquet" for text in TEXTS],
        "cases": ["corpus/cases.parquet"],
        "cloze": ["corpus/cloze.parquet"],
        "grams": ["grams.u64"],
    }
    outputs = {"table": f"{out}evaluation/{checkpoint}.parquet", "gallery": f"{out}gallery/{checkpoint}.json"}
    run_stage("evaluate", folder, inputs, outputs, {"whole": "yes" if whole else "no"})


def measure(folder: Path) -> None:
    """Run every stage that measures."""
    train = [f"corpus/train/{text}.parquet" for text in TEXTS]
    validation = [f"corpus/validation/{text}.parquet" for text in TEXTS]
    run_stage("baselines", folder, {"train": train, "validation": validation}, {"scores": "baselines.json"})
    run_stage("training_grams", folder, {"texts": train}, {"table": "grams.u64"}, {"words": "8"})
    for checkpoint in CHECKPOINTS:
        evaluate(folder, checkpoint, checkpoint == CHECKPOINTS[-1])
    paths = [f"checkpoints/{checkpoint}" for checkpoint in CHECKPOINTS]
    chunks = [f"chunks/{chunk}.safetensors" for chunk in CHUNKS]
    run_stage("chunk_losses", folder, {"checkpoints": paths, "chunks": chunks}, {"table": "chunk_losses.parquet"})
    inputs = {
        "tables": [f"evaluation/{checkpoint}.parquet" for checkpoint in CHECKPOINTS],
        "chunk_losses": ["chunk_losses.parquet"],
        "galleries": [f"gallery/{checkpoint}.json" for checkpoint in CHECKPOINTS],
        "baselines": ["baselines.json"],
        "log": ["training_log.parquet"],
    }
    pages = {"table": "longitudinal.parquet", "page": "longitudinal.html", "gallery": "gallery.html"}
    run_stage("longitudinal", folder, inputs, pages)
    inputs = {
        "table": ["longitudinal.parquet"],
        "baselines": ["baselines.json"],
        "orders": [f"order/{chunk}.parquet" for chunk in CHUNKS],
        "log": ["training_log.parquet"],
    }
    outputs = {
        "metrics": "metrics.json",
        "table": "results.csv",
        "loss": "plots/loss.csv",
        "held_out": "plots/bits_per_byte.csv",
        "arithmetic": "plots/exact_match.csv",
    }
    run_stage("summary", folder, inputs, outputs)


def documents(folder: Path, text: str) -> list[Any]:
    """The token ids of the held-out documents of one text."""
    return list(load_shard(folder / f"tokens/validation/{text}.safetensors").documents())
