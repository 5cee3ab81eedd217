"""Claims about the k2 section of params.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from modelworks.k2.params import K2

ROOT = Path(__file__).parents[2]
DATASET = {"name": "owner/text", "revision": "v1.0", "configuration": None, "split": "train"}


def section() -> dict[str, Any]:
    params: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["k2"]
    return params


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    joined = dict(base)
    for key, value in over.items():
        joined[key] = merged(joined[key], value) if isinstance(value, dict) and joined.get(key) else value
    return joined


def test_the_default_and_every_preset_are_valid() -> None:
    presets = sorted((ROOT / "presets").glob("*.yaml"))
    assert {"paper.yaml", "smoke.yaml"} <= {preset.name for preset in presets}
    K2.model_validate(section())
    for preset in presets:
        over = yaml.safe_load(preset.read_text(encoding="utf-8")).get("k2", {})
        K2.model_validate(merged(section(), over))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corpus": {"dataset": {**DATASET, "revision": None}}}, "revision"),
        ({"corpus": {"dataset": {**DATASET, "revision": "main"}}}, "must be a commit or a tag"),
        ({"corpus": {"dataset": {**DATASET, "revision": "refs/pr/1"}}}, "must be a commit or a tag"),
        ({"corpus": {"dataset": {**DATASET, "name": "./data"}}}, "name\n  String should match pattern"),
        ({"corpus": {"dataset": {**DATASET, "name": "/data/text"}}}, "name\n  String should match"),
        ({"corpus": {"files": {"reference": [], "docstrings": []}}}, "must name files or a dataset"),
        ({"corpus": {"files": {"own": ["a.pdf"]}}}, r"'a\.pdf' must end in one of \.txt, \.md"),
        ({"corpus": {"files": {"own": ["a.txt"], "other": ["a.txt"]}}}, "must not name a file twice"),
        ({"corpus": {"files": {"arithmetic": ["a.txt"]}}}, "'arithmetic' must be lower-case letters"),
        ({"corpus": {"files": {"../x": ["a.txt"]}}}, "must be lower-case letters"),
        ({"corpus": {"validation_fraction": 0.0}}, "greater than or equal to 0.001"),
        ({"corpus": {"near": {"bands": 7}}}, "permutations must be a multiple of bands = 7"),
        ({"arithmetic": {"levels": {"easy": {"operations": "+"}}}}, r"'\+' must have terms - 1 = 2 operators"),
        ({"arithmetic": {"levels": {"easy": {"operations": "/"}}}}, "operations\n  String should match pattern"),
        ({"model": {"hidden_size": 130}}, "hidden_size must be a multiple of 2 x num_attention_heads = 4"),
        ({"model": {"num_key_value_heads": 3}}, "num_attention_heads must be a multiple of num_key_value_heads"),
        ({"order": {"base": {"mix": {"wiki": 1.0}}}}, "order.base.mix: 'wiki' is no source; known are arithmetic, "),
        ({"order": {"base": {"mix": {"reference": -1.0}}}}, "must hold multipliers of at least 0"),
        ({"order": {"base": {"mix": {"reference": float("inf")}}}}, "at most 10,000"),
        ({"order": {"base": {"mix": {"reference": float("nan")}}}}, "at most 10,000"),
        ({"run": {"moved": ["0004"]}}, "moved: '0004' is no chunk"),
        ({"run": {"moved": ["\u0660\u0660\u0664"]}}, "is no chunk"),
        ({"train": {"schedule": "cosine", "horizon_steps": 50}}, "horizon_steps must be 0 or above warmup_steps = 50"),
        ({"claims": {"found_at_least": 9}}, "claims.found_at_least must be at most the 5 seeds"),
        ({"order": {"long": {"context": 1024}}}, "order.long.context must be at most model.max_position_embeddings"),
        ({"order": {"base": {"context": 100}}}, "train.micro_batch_tokens must be a multiple of order.base.context"),
        ({"questions": {"source": "wiki"}}, "questions.source: 'wiki' is no source"),
        ({"run": {"moved": ["017"]}}, "moved: '017' is no chunk: they are 001 to 016"),
        ({"run": {"moved": ["002", "002"]}}, "moved must not name a chunk twice"),
        ({"run": {"decay_chunks": 17}}, "decay_chunks must be at most all 16 chunks"),
        ({"train": {"schedule": "linear"}}, "schedule\n  Input should be 'cosine' or 'stable'"),
        ({"train": {"batch_tokens": 3000}}, "batch_tokens must be a multiple of ranks x micro_batch_tokens = 2048"),
        ({"train": {"ranks": 2}}, "batch_tokens must be a multiple of ranks x micro_batch_tokens = 4096"),
        ({"train": {"learning_rate": "high"}}, "valid number"),
        ({"train": {"learning_rates": 0.1}}, "Extra inputs are not permitted"),
    ],
)
def test_a_bad_value_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        K2.model_validate(merged(section(), change))


def test_a_data_set_without_a_revision_is_refused() -> None:
    dataset = {key: value for key, value in DATASET.items() if key != "revision"}
    with pytest.raises(ValidationError, match=r"corpus\.dataset\.revision\s+Field required"):
        K2.model_validate(merged(section(), {"corpus": {"dataset": dataset}}))
    assert K2.model_validate(merged(section(), {"corpus": {"dataset": DATASET}})).corpus.dataset


def test_no_key_has_a_default() -> None:
    def missing(values: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        return [
            found
            for key, value in values.items()
            for found in [(*path, key), *(missing(value, (*path, key)) if isinstance(value, dict) else [])]
        ]

    open_names = {("corpus", "files"), ("arithmetic", "levels"), ("order", "base", "mix"), ("order", "long", "mix")}
    paths = [path for path in missing(section()) if path[:-1] not in open_names]
    assert len(paths) > 40
    for path in paths:
        params = section()
        target = params
        for key in path[:-1]:
            target = target[key]
        del target[path[-1]]
        with pytest.raises(ValidationError, match="Field required"):
            K2.model_validate(params)
