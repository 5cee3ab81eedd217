"""The model card of a release: what was trained on what and how, and what came out. Every figure is a file's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars

from modelworks.lm.bundle import MANIFEST, SUMS
from modelworks.lm.flops import parameters

_RESULTS = ("bits_per_byte", "arithmetic", "cloze", "copied")


@dataclass(frozen=True)
class Facts:
    """What the card is written from: params, progress of the last checkpoint, and files with figures."""

    params: Mapping[str, Any]
    last: str
    checkpoints: int
    steps: int
    training_tokens: int
    order_tokens: Mapping[str, int]
    statistics: Path
    overlap: Any
    longitudinal: Path
    baselines: Any


def card(facts: Facts) -> str:
    """Markdown with a YAML front matter, as the Hugging Face hub reads it."""
    k2 = facts.params["k2"]
    count = sum(parameters(k2["model"], k2["tokenizer"]["vocab_size"]).values())
    sections = [
        _front_matter(k2["corpus"]["dataset"]),
        "# k2: a language model with everything that it was made from",
        _summary(facts, count),
        _use(),
        "## Data\n\nThe corpus by source (`corpus/statistics.parquet`):",
        _columns(polars.read_parquet(facts.statistics)),
        "Trained on, in tokens, repetitions counted (`order/order.json`):",
        _table(("source", "tokens"), facts.order_tokens.items()),
        "What the held-out part shares with the training part (`corpus/overlap.json`):",
        _table(("measure", "value"), flat(facts.overlap)),
        f"## Recipe\n\nSeed {facts.params['seed']}. All values: `params.json`.",
        _table(("key", "value"), flat({name: k2[name] for name in ("tokenizer", "model", "order", "run", "train")})),
        "## Results",
        _results(facts.longitudinal, facts.last),
        "Baselines on the same held-out text, bits per byte beside its bytes (`evaluation/baselines.json`):",
        _table(("measure", "value"), flat(facts.baselines)),
        _limits(facts, count),
        _files(),
    ]
    return "\n\n".join(sections) + "\n"


def flat(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """The single values in nested mappings, by dotted key; a list of single values is one value."""
    if isinstance(value, Mapping) and value:
        return [pair for key, part in value.items() for pair in flat(part, f"{prefix}.{key}" if prefix else str(key))]
    if isinstance(value, list) and any(isinstance(part, (Mapping, list)) for part in value):
        return [pair for number, part in enumerate(value) for pair in flat(part, f"{prefix}.{number}")]
    return [(prefix, value)]


def _front_matter(dataset: Mapping[str, Any] | None) -> str:
    lines = ["library_name: transformers", "pipeline_tag: text-generation", "tags: [modelworks, pretraining]"]
    lines += [f"datasets: [{dataset['name']}]"] if dataset else []
    return "\n".join(["---", *lines, "---"])


def _summary(facts: Facts, count: int) -> str:
    trained = f"{facts.training_tokens:,} tokens in {facts.steps:,} steps, with {facts.checkpoints} checkpoints"
    return (
        f"A Llama-style decoder of {count:,} parameters, trained from random weights on {trained}."
        f" `model/` is the last one, `{facts.last}`."
    )


def _use() -> str:
    return """```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("model")
model = AutoModelForCausalLM.from_pretrained("model")
prompt = tokenizer.bos_token_id, *tokenizer("The for statement").input_ids
```

A document starts with the end-of-text token, which the tokenizer does not add by itself. `checkpoints/*` open in the
same way with the tokenizer of `model/`."""


def _results(longitudinal: Path, last: str) -> str:
    columns = ("benchmark", "item", "value", "low", "high", "count")
    table = polars.read_parquet(longitudinal).filter(
        (polars.col("checkpoint") == last) & polars.col("benchmark").is_in(_RESULTS)
    )
    return (
        f"Of the checkpoint `{last}` (`evaluation/longitudinal.parquet` has all), with 95 % intervals over the held-out"
        " items; `count` is tokens or cases:\n\n" + _table(columns, table.select(columns).iter_rows())
    )


def _limits(facts: Facts, count: int) -> str:
    return f"""## Limits

- {facts.training_tokens / count:.3g} training tokens a parameter; repetitions of the same text count as tokens.
- One run with one seed. The intervals say nothing about other seeds, and the held-out text comes from the same
  sources as the training text.
- Nothing was done about false, harmful or personal content of the text; the model was not aligned or tuned.
- Arithmetic and questions are generated: scores on them are on problems of forms that were trained on.
- No licence is stated here: the terms of the texts named above hold."""


def _files() -> str:
    return f"""## What is here, and how to check it

| path | what |
|---|---|
| `model/` | the last checkpoint with tokenizer, optimizer, random generators and position: training can go on from it |
| `checkpoints/` | weights of all others |
| `order/` | which tokens of which documents each training row held (`NNN.parquet`); `documents/` names the documents |
| `logs/training_log.parquet` | loss, learning rate and gradient norm of each step |
| `evaluation/` | every checkpoint on every benchmark, baselines, samples |
| `corpus/` | what the text was, what was dropped, what both parts share |
| `code/` | hashes of all code and versions behind each stage |
| `params.json` | every setting |

`sha256sum --check --quiet {SUMS}` checks the files that are listed; `modelworks k2 check-release DIR` also names added
ones. `{MANIFEST}` holds the root hash of all. Costs are not covered by it: they come as COSTS.json, if at all."""


def _columns(table: polars.DataFrame) -> str:
    """A table of many columns and few rows, turned: its first column is the header."""
    first, *others = table.columns
    return _table([first, *table[first]], [(name, *table[name]) for name in others])


def _table(header: Sequence[str], rows: Any) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(value) for value in line)} |" for line in lines)


def _cell(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "-"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.5g}"
    text = ", ".join(map(_cell, value)) if isinstance(value, (list, tuple)) else str(value)
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").split()) or "-"
