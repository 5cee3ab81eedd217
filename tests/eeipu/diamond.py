"""A small repository whose graph is a diamond of shell stages: what a sweep of builds is tried on.

text (vocab_size) -> left (warmup_steps / 10: early cutoff), right (horizon_steps) -> joined (a section: most_tokens)
-> validation.json (one more with --shards 2), test.json
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modelworks.build import params
from modelworks.eeipu.memo_process import Tuned
from modelworks.eeipu.stages import Metric
from tests.build.repository import Repository

VOCAB, WARMUP, HORIZON, TOKENS, SHARDS = (
    "k2.tokenizer.vocab_size",
    "k2.train.warmup_steps",
    "k2.train.horizon_steps",
    "k2.samples.most_tokens",
    "k2.corpus.shards",
)
KEYS = (VOCAB, WARMUP, HORIZON, TOKENS)
VALIDATION, TEST = Metric("artifacts/validation.json", "loss"), Metric("artifacts/test.json", "loss")
STAGES = ("text", "left", "right", "joined", "validation")
COSTS = {"text": 1.0, "left": 2.0, "right": 4.0, "joined": 8.0, "validation": 0.5}

# Every stage: what reads keys gets them from params.yaml. It notes that it ran, and its cost for the synthetic clock in
# the folder that the memo offers; it waits where a file says so; `joined` fails for one value.
_STAGE = """\
set -eu
rule=$1 output=$2 cost=$3
shift 3
value() { sed -n "0,/ $1: /s/.* $1: //p" params.yaml; }
echo $rule >> $RAN
name=$(printf %s $output | sha256sum | cut -c1-32)
folder=$(sed 's/.*"folder": "\\([^"]*\\)".*/\\1/' .snakemake/dvc-scratch/$name)
mkdir -p $folder
echo "{\\"sweep_cost\\": $cost}" > $folder/ledger.json
if test -e $RAN.wait-$rule; then echo $$ > $RAN.waiting; sleep 600; fi
case $rule in
  text) (cat $1; value vocab_size) > $output;;
  left) (cat $1; echo $(( $(value warmup_steps) / 10 ))) > $output;;
  right) echo $3 >> $RAN.threads; mkdir $output; (cat $1; value horizon_steps) > $output/a;;
  joined)
    if test $(value most_tokens) = 13; then echo "13 brings bad luck"; exit 1; fi
    (cat $1 $2/a; value most_tokens) > $output
    (yes $(value vocab_size) $(value horizon_steps) $(value most_tokens) | head -c BULK) >> $output 2> /dev/null;;
  shard) cp $1 $output;;
  *) echo "{\\"loss\\": 1$(cksum < $1 | cut -c1-3), \\"odd\\": NaN}" > $output;;
esac
"""
_RULES = """\
SHARDS = reads("k2.corpus.shards")["k2.corpus.shards"]

rule text:
    input: "data/in.txt", code=code("modelworks.stage")
    output: "artifacts/text.txt"
    params: reads=reads("k2.tokenizer.vocab_size")
    shell: "sh data/stage.sh text {output} 1 {input}"

rule left:
    input: "artifacts/text.txt", code=code("modelworks.stage")
    output: "artifacts/left.txt"
    params: reads=reads("k2.train.warmup_steps")
    shell: "sh data/stage.sh left {output} 2 {input}"

rule right:
    input: "artifacts/text.txt", code=code("modelworks.stage")
    output: directory("artifacts/right")
    threads: 2
    params: reads=reads("k2.train.horizon_steps")
    shell: "sh data/stage.sh right {output} 4 {input} {threads}"

rule joined:
    input: "artifacts/left.txt", "artifacts/right", code=code("modelworks.stage")
    output: "artifacts/joined.txt"
    log: "logs/joined.log"
    params: reads=reads("k2.samples")
    shell: "sh data/stage.sh joined {output} 8 {input} > {log}"

rule shard:
    input: "artifacts/text.txt", code=code("modelworks.stage")
    output: "artifacts/shard{n}"
    params: reads=reads("seed")
    shell: "sh data/stage.sh shard {output} 1 {input}"

rule validation:
    input: "artifacts/joined.txt", expand("artifacts/shard{n}", n=range(1, SHARDS)), code=code("modelworks.stage")
    output: "artifacts/validation.json"
    params: reads=reads("seed"), measures="validation"
    shell: "sh data/stage.sh validation {output} 0.5 {input}"

rule test:
    input: "artifacts/joined.txt", code=code("modelworks.stage")
    output: "artifacts/test.json"
    params: reads=reads("seed"), measures="test"
    shell: "sh data/stage.sh test {output} 0.5 {input}"

rule unmarked:
    input: "artifacts/joined.txt", code=code("modelworks.stage")
    output: "artifacts/unmarked.json"
    shell: "sh data/stage.sh unmarked {output} 0.5 {input}"
"""


def random_values(seed: int, count: int) -> list[dict[str, Any]]:
    """Candidates of few values for each key, so that many share a prefix."""
    rng = random.Random(seed)
    ranges = {VOCAB: (400, 500), WARMUP: (20, 25, 30), HORIZON: (0, 1000), TOKENS: (40, 50, 60)}
    return [{key: rng.choice(values) for key, values in ranges.items()} for _ in range(count)]


def repository(root: Path, bulk: int = 0) -> Repository:
    """A repository of the diamond; `joined` has `bulk` bytes that are its own."""
    made = Repository(root, _RULES, git=False)
    made.write("data/stage.sh", _STAGE.replace("BULK", str(bulk)))
    params = made.root / "params.yaml"
    params.write_text(params.read_text().replace("shards: 2", "shards: 1"))
    return made


def tuned(root: Path, name: str = "toy", keys: Sequence[str] = KEYS, **changes: Any) -> Tuned:
    """A sweep of the diamond over some keys."""
    given: dict[str, Any] = {
        "root": str(root),
        "folder": str(root / ".modelworks" / "sweeps" / name),
        "base": params.load(root / params.FILE),
        "target": VALIDATION.artifact,
        "objective": VALIDATION,
        "values": dict.fromkeys(keys),
        "test": TEST,
    }
    return Tuned(**{**given, **changes})
