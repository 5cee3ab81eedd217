"""Sweep files: what a good one says, and that everything that is wrong with a bad one is told at once."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from modelworks.build.params import ParamsError
from modelworks.build.plain_yaml import Fault
from modelworks.eeipu import sweep_file
from modelworks.eeipu.parameter import Parameter
from modelworks.eeipu.space import Space
from modelworks.eeipu.sweep_schema import Sweep

ROOT = Path(__file__).parents[2]
GOOD: dict[str, Any] = {
    "target": "artifacts/k2/validation.json",
    "preset": ["smoke"],
    "set": {"k2.train.warmup_steps": 5},
    "objective": {"artifact": "artifacts/k2/validation.json", "key": "bits_per_byte", "goal": "min"},
    "space": {
        "k2.tokenizer.vocab_size": {"int": [300, 1000], "log": True},
        "k2.train.learning_rate": {"float": [1.0e-4, 1.0e-2], "log": True},
        "k2.train.schedule": {"choice": ["stable", "cosine"]},
        "k2.train.beta2": {"float": [0.5, 0.99], "when": {"k2.train.schedule": ["stable"]}},
    },
    "budget": {"seconds": 900},
    "method": {"name": "eeipu", "warm_up": 10, "restarts": 4},
}


def load(tmp_path: Path, file: Any, name: str = "k2", **options: Any) -> tuple[Sweep, Space]:
    path = tmp_path / f"{name}.yaml"
    path.write_text(file if isinstance(file, str) else yaml.safe_dump(file, sort_keys=False))
    return sweep_file.load(path, ROOT, **options)


def faults(tmp_path: Path, *changes: tuple[str, Any], name: str = "k2") -> list[str]:
    """The lines of the error without the file's name, of the good file with other sections; None takes one away."""
    file = {**GOOD, **dict(changes)}
    with pytest.raises(ParamsError) as caught:
        load(tmp_path, {key: value for key, value in file.items() if value is not None}, name)
    return [line.partition(f"{name}.yaml: ")[2] or line for line in caught.value.faults]


def test_a_sweep_file_lays_its_presets_and_settings_over_the_params_and_names_what_is_searched(tmp_path: Path) -> None:
    sweep, space = load(tmp_path, GOOD)
    assert (sweep.name, sweep.maximize, sweep.cpu_second) == ("k2", False, 1.0)
    assert sweep.base["k2"]["train"]["warmup_steps"] == 5
    assert sweep.base["k2"]["tokenizer"]["vocab_size"] == 512, "of presets/smoke.yaml"
    assert space.parameters["k2.tokenizer.vocab_size"] == Parameter("int", 300, 1000, True)
    assert space.parameters["k2.train.beta2"].when == {"k2.train.schedule": ("stable",)}
    assert space.keys == tuple(GOOD["space"])
    assert (sweep.file.budget.unit, sweep.file.budget.amount) == ("seconds", 900.0)
    assert (sweep.file.method.options, sweep.file.method.warm_up_trials) == ({"restarts": 4}, 10)
    assert (sweep.file.seed, sweep.file.parallel, sweep.file.clock, sweep.file.test) == (1, 1, "ledger", None)


def test_a_budget_in_dollars_charges_the_proposer_by_the_price_of_a_core(tmp_path: Path) -> None:
    sweep, _ = load(tmp_path, {**GOOD, "budget": {"dollars": 2}})
    assert sweep.cpu_second == pytest.approx(0.04 / 3600)


def test_a_grid_has_no_warm_up_unless_it_is_asked_for(tmp_path: Path) -> None:
    sweep, _ = load(tmp_path, {**GOOD, "method": {"name": "grid", "points": {"k2.train.beta2": 3}}})
    assert sweep.file.method.warm_up_trials == 0
    assert load(tmp_path, {**GOOD, "method": {"name": "random"}})[0].file.method.warm_up_trials == 10


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        ("targets", "artifacts/x"),
        ("target", None),
        ("objective", {"artifact": "a.json", "key": "x", "goal": "lowest"}),
        ("method", {"name": "eipu"}),
        ("parallel", 0),
        ("space", {"k2.tokenizer.vocab": {"int": [300, 1000]}, "k2.train.beta1": {"float": [0.5]}}),
    )
    methods = (
        "'eeipu', 'eeipu-unclamped', 'eeipu-no-memo', 'ei', 'ei-clamped', 'eips', 'carbo', 'tpe', 'random', 'grid'"
    )
    assert sorted(found) == sorted(
        [
            "targets is not a known key; the nearest known key is target",
            "target is missing: it must be text not empty",
            "objective.goal must be one of 'min', 'max', got 'lowest'",
            f"method.name must be one of {methods}, got 'eipu'",
            "parallel must be an integer >= 1 and <= 256, got 0",
            "space.k2.tokenizer.vocab is not a known key of params.yaml; the nearest known key is"
            " k2.tokenizer.vocab_size",
            "space.k2.train.beta1.float must be a list, each a number of at least 2 items and of at most 2 items or"
            " null, got [0.5]",
        ]
    )


BETA = "k2.train.beta1"


@pytest.mark.parametrize(
    ("section", "value", "text"),
    [
        (
            "budget",
            {"seconds": 1, "trials": 2},
            " must have exactly one of seconds, dollars and trials, got seconds, trials",
        ),
        ("budget", {}, " must have exactly one of seconds, dollars and trials, got none"),
        ("preset", ["smok"], ": there is no presets/smok.yaml; there are paper, smoke"),
        ("set", {"k2.train.beta2": 0.9}, ".k2.train.beta2 is searched: name it either in set or in space"),
        ("set", {"k2.seed": 5}, ": k2.seed is not a known key; the nearest known key is seed"),
        ("method", {"name": "ei", "warm_up": 0}, ".warm_up must be an integer >= 1 for ei, got 0"),
        ("method", {"name": "random", "points": 3}, ".points is no option of random; it has none"),
        ("method", {"name": "grid", "points": 0}, ".points must be an integer >= 1, or one for each key, got 0"),
        (
            "method",
            {"name": "grid", "points": {"k2.x.beta2": 2}},
            ".points.k2.x.beta2 is not searched; the nearest known key is k2.train.beta2",
        ),
    ],
)
def test_a_fault_of_a_section_names_the_key_and_what_is_allowed(
    tmp_path: Path, section: str, value: Any, text: str
) -> None:
    assert faults(tmp_path, (section, value)) == [f"{section}{text}"]


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("k2.train", {"choice": [1, 2]}, " is a section: name one of schedule, learning_rate"),
        (BETA, {"float": [0.5, 1.5]}, f".float 1.5 is not allowed: {BETA} must be a number >= 0 and < 1, got 1.5"),
        (BETA, {"float": [-1, 0.5]}, f".float -1.0 is not allowed: {BETA} must be a number >= 0 and < 1, got -1.0"),
        ("k2.train.ranks", {"float": [1, 1.5]}, ".float 1.0 is not allowed: k2.train.ranks must be an integer"),
        (
            "k2.train.parallel",
            {"choice": ["ddp", "dpd"]},
            ".choice 'dpd' is not allowed: k2.train.parallel must be one",
        ),
        (BETA, {"float": [0.9, 0.5]}, ".float must be [low, high], low below high, got [0.9, 0.5]"),
        (BETA, {"float": [0, 0.5], "log": True}, ".float must be above 0 where log is true, got [0.0, 0.5]"),
        (
            BETA,
            {"float": [0.1, 0.5], "choice": [1, 2]},
            " must have exactly one of int, float and choice, got float, cho",
        ),
        (BETA, {"log": True}, " must have exactly one of int, float and choice, got none"),
        (BETA, {"choice": [0.1, 0.2], "log": True}, ".log is of a range; a choice has no scale"),
        (BETA, {"float": [0, 0.5], "when": {"k2.train.beta2": [1]}}, ".when.k2.train.beta2 is not a choice"),
        (BETA, {"float": [0, 0.5], "when": {"k2.x": [1]}}, ".when.k2.x is not a key of the space; searched are k2.tok"),
        (BETA, {"floats": [0.1, 0.5]}, ".floats is not a known key; the nearest known key is float"),
        (BETA, [0.1, 0.5], " must be a mapping with the keys log, when, choice, float, int, got [0.1, 0.5]"),
    ],
)
def test_a_fault_of_a_searched_key_names_it_and_what_is_allowed(
    tmp_path: Path, key: str, value: Any, text: str
) -> None:
    found = faults(tmp_path, ("space", {**GOOD["space"], key: value}))
    assert found[0].startswith(f"space.{key}{text}")
    assert all(line.startswith(f"space.{key}") for line in found)


def test_a_rule_over_two_keys_is_held_against_a_range_only_if_no_other_searched_key_can_satisfy_it(
    tmp_path: Path,
) -> None:
    odd = {"k2.model.hidden_size": {"choice": [64, 65]}}
    (found,) = faults(tmp_path, ("space", odd))
    assert found.startswith("space.k2.model.hidden_size.choice 65 is not allowed: k2.model")
    load(tmp_path, {**GOOD, "space": {**odd, "k2.model.num_attention_heads": {"choice": [2, 5]}}})


def test_a_fault_of_the_base_is_told_once_and_not_of_every_searched_value(tmp_path: Path) -> None:
    layers = {"k2.model.num_hidden_layers": {"int": [1, 3]}}
    (found,) = faults(tmp_path, ("set", {"k2.model.hidden_size": 65}), ("space", layers))
    assert found.startswith("set: k2.model")


def test_structural_keys_may_be_searched(tmp_path: Path) -> None:
    assert "k2.corpus.shards" in load(tmp_path, {**GOOD, "space": {"k2.corpus.shards": {"int": [1, 3]}}})[1].keys


def test_a_space_without_keys_and_a_file_whose_name_no_rule_can_have_are_refused(tmp_path: Path) -> None:
    assert faults(tmp_path, ("space", {})) == ["space must name at least one key to search"]
    assert faults(tmp_path, ("seed", -1), name="k-2") == [
        "the file's name becomes that of a rule: letters, digits and _ only, got 'k-2'",
        "seed must be an integer >= 0 and < 9223372036854775808, got -1",
    ]


def test_broken_yaml_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"k2.yaml: after target, line 2: not valid YAML"):
        load(tmp_path, "target: [")


def test_a_file_that_is_not_there_is_told_with_the_nearest_and_with_all_that_are(tmp_path: Path) -> None:
    (tmp_path / "sweeps").mkdir()
    for name, hint in (("none", "; sweeps/ has none"), ("small", "; the nearest is sweeps/smaller.yaml; sweeps/ has ")):
        with pytest.raises(ParamsError) as caught:
            sweep_file.load(tmp_path / "sweeps" / f"{name}.yaml", tmp_path)
        assert str(caught.value).startswith(f"sweeps/{name}.yaml: there is no such file{hint}")
        for made in ("smaller", "tall"):
            (tmp_path / "sweeps" / f"{made}.yaml").write_text("")
    assert str(caught.value).endswith(f"sweeps/ has smaller.yaml, tall.yaml (ls {tmp_path / 'sweeps'})")


def test_what_the_graph_knows_against_a_sweep_is_told_like_the_rest(tmp_path: Path) -> None:
    def check(sweep: Sweep) -> list[Fault]:
        return [Fault(("objective", "artifact"), f"is no validation metric of {sweep.file.target}")]

    with pytest.raises(ParamsError, match=r"k2.yaml: objective.artifact is no validation metric of artifacts/k2/val"):
        load(tmp_path, GOOD, check=check)
