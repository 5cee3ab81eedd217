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


def test_the_paper_preset_has_the_published_number_of_parameters() -> None:
    paper = merged(section(), yaml.safe_load((ROOT / "presets/paper.yaml").read_text(encoding="utf-8"))["k2"])
    model, vocab = paper["model"], paper["tokenizer"]["vocab_size"]
    hidden, layers = model["hidden_size"], model["num_hidden_layers"]
    layer = 4 * hidden**2 + 3 * hidden * model["intermediate_size"] + 2 * hidden
    assert layers * layer + 2 * vocab * hidden + hidden == 65_286_184_960
    assert paper["train"]["steps"] / paper["train"]["checkpoints"] == 941


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corpus": {"files": [], "dataset": {**DATASET, "revision": None}}}, "revision"),
        ({"corpus": {"files": [], "dataset": {**DATASET, "revision": "main"}}}, "must be a commit or a tag"),
        ({"corpus": {"files": [], "dataset": {**DATASET, "revision": "refs/pr/1"}}}, "must be a commit or a tag"),
        ({"corpus": {"files": [], "dataset": {**DATASET, "name": "./data"}}}, "name\n  String should match pattern"),
        ({"corpus": {"files": [], "dataset": {**DATASET, "name": "/data/text"}}}, "name\n  String should match"),
        ({"corpus": {"files": []}}, "must name either files or a dataset"),
        ({"corpus": {"dataset": DATASET}}, "must name either files or a dataset"),
        ({"corpus": {"files": ["a.pdf"]}}, r"'a\.pdf' must end in one of \.txt, \.md"),
        ({"corpus": {"files": ["a.txt", "a.txt"]}}, "must not name a file twice"),
        ({"corpus": {"validation_fraction": 0.05}}, "greater than or equal to 0.1"),
        ({"model": {"hidden_size": 130}}, "hidden_size must be a multiple of 2 x num_attention_heads = 4"),
        ({"model": {"num_key_value_heads": 3}}, "num_attention_heads must be a multiple of num_key_value_heads"),
        ({"train": {"checkpoints": 4}}, "greater than or equal to 5"),
        ({"train": {"steps": 5, "checkpoints": 6}}, "checkpoints must be at most steps = 5"),
        ({"train": {"warmup_steps": 10**6}}, "warmup_steps must be below steps"),
        ({"train": {"micro_batch_rows": 3}}, "batch_rows must be a multiple of micro_batch_rows = 3"),
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
        K2.model_validate(merged(section(), {"corpus": {"files": [], "dataset": dataset}}))
    assert K2.model_validate(merged(section(), {"corpus": {"files": [], "dataset": DATASET}})).corpus.dataset


def test_no_key_has_a_default() -> None:
    def missing(values: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        return [
            found
            for key, value in values.items()
            for found in [(*path, key), *(missing(value, (*path, key)) if isinstance(value, dict) else [])]
        ]

    paths = missing(section())
    assert len(paths) > 40
    for path in paths:
        params = section()
        target = params
        for key in path[:-1]:
            target = target[key]
        del target[path[-1]]
        with pytest.raises(ValidationError, match="Field required"):
            K2.model_validate(params)
