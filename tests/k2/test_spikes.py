"""Claims about k2's loss spikes: trainings that are really faulty, their report, and what leads into the settings."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import polars
import pytest
from pydantic import ValidationError

from modelworks.build.params import load
from modelworks.claims.claim import Finding
from modelworks.k2 import claims, spike_calibration, spike_data, spike_page, spike_results, spike_run, spikes
from modelworks.k2.spike_arms import PREFIX, arms, chunk_order, corrupted, plant
from modelworks.k2.spike_data import cut
from modelworks.k2.spike_params import Spikes
from modelworks.lm.mapped import map_file
from modelworks.lm.packing import write_rows, write_shard
from modelworks.lm.sample import sample
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage
from tests.build.repository import PROJECT, Repository

VOCAB_SIZE = 257
SEEDS, CALIBRATION_SEEDS = [1, 2, 3], [11, 12]
SPIKES: dict[str, Any] = {
    "detection": {
        "window": 20,
        "elevation": 3.0,
        "calm": 3,
        "persistence": 5,
        "thresholds": [4.0, 6.0, 8.0, 12.0, 20.0],
        "margin": 1.25,
    },
    "calibration_seeds": CALIBRATION_SEEDS,
    "seeds": SEEDS,
    "model": {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 16,
        "rms_norm_eps": 1e-5,
        "initializer_range": 0.02,
        "rope_theta": 10000.0,
        "attention_dropout": 0.1,
        "tie_word_embeddings": True,
    },
    "train": {
        "context": 16,
        "chunks": 6,
        "chunk_steps": 20,
        "batch_rows": 16,
        "learning_rate": 1e-2,
        "final_learning_rate_share": 0.1,
        "warmup_steps": 5,
        "weight_decay": 0.1,
        "beta1": 0.9,
        "beta2": 0.95,
        "epsilon": 1e-8,
        "gradient_clip": 1.0,
        "threads": 1,
    },
    "fault": {"chunk": 4, "kind": "random", "strengths": [0.1, 1.0], "branch_strength": 1.0, "brief_steps": 1},
    "held_out_tokens": 600,
    "measured_after": 1,
}
CLAIMS = {
    "confidence": 0.95,
    "longer": 0.02,
    "recovers_from_same_data": 0.02,
    "recovers_from_reshuffled": 0.02,
    "still_better_at_the_end": 0.0,
    "found_at_least": 2,
    "alarms_at_most": 0,
}
PARAMS = {"seed": 7, "k2": {"spikes": SPIKES, "claims": CLAIMS, "tokenizer": {"vocab_size": VOCAB_SIZE}}}
RULES = """
K2_RUN = reads("k2.run")["k2.run"]
K2_CHUNKS = [f"{n:03d}" for n in range(1, K2_RUN["base_chunks"] + 1)]
K2_TEXTS = ["000"]
include: "rules/k2_spikes.smk"
include: "rules/claims.smk"
"""


def stage(
    module: Any, inputs: dict[str, list[Path]], outputs: dict[str, Path], args: dict[str, str] | None = None
) -> dict[str, Path]:
    """Run a stage; its outputs."""
    for path in outputs.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    written = {name: [path] for name, path in outputs.items()}
    module.main(Stage(module.__name__, "rule", inputs, written, PARAMS, args or {}))
    return outputs


def train(folder: Path, seed: int, arm: str, into: str = "runs") -> dict[str, Path]:
    """Train one arm, or the beginning, in the folder of an experiment."""
    outputs = {name: folder / into / str(seed) / f"{arm}.{name}.parquet" for name in ("log", "scores")}
    inputs = {"data": [folder / "data.safetensors"]}
    checkpoint = folder / "checkpoints" / str(seed)
    if arm == PREFIX:
        outputs["checkpoint"] = checkpoint
    else:
        inputs["checkpoint"] = [checkpoint]
    return stage(spike_run, inputs, outputs, {"seed": str(seed), "arm": arm})


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole experiment at the size of seconds, on bytes of the reference."""
    folder = tmp_path_factory.mktemp("spikes")
    lines = (PROJECT / "data/python_reference.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [list(json.loads(line)["text"].encode()[:4000]) for line in lines[:40]]
    tokens = numpy.asarray([token + 1 for text in texts[:35] for token in text], dtype=numpy.uint16)
    count = (len(tokens) - 1) // 32
    rows = tokens[numpy.arange(count)[:, None] * 32 + numpy.arange(33)]
    for number, part in enumerate(numpy.array_split(rows, 2), 1):
        write_rows(folder / f"{number:03d}.safetensors", part)
    held_out = [[token + 1 for token in text[:400]] for text in texts[35:]]
    write_shard(folder / "held_out.safetensors", held_out, 0, VOCAB_SIZE)
    write_parquet(
        folder / "held_out.parquet",
        polars.DataFrame({"document": range(len(held_out)), "bytes": [len(text) for text in held_out]}),
    )
    stage(
        spike_data,
        {
            "chunks": [folder / "001.safetensors", folder / "002.safetensors"],
            "tokens": [folder / "held_out.safetensors"],
            "index": [folder / "held_out.parquet"],
        },
        {"data": folder / "data.safetensors"},
    )
    for seed in CALIBRATION_SEEDS:
        for arm in (PREFIX, "clean"):
            train(folder, seed, arm)
    for seed in SEEDS:
        for arm in (PREFIX, *arms(SPIKES["fault"]["strengths"])):
            train(folder, seed, arm)
    calibration = [folder / f"runs/{seed}/{arm}.log.parquet" for seed in CALIBRATION_SEEDS for arm in (PREFIX, "clean")]
    stage(spike_calibration, {"logs": calibration}, {"settings": folder / "settings.json"})
    settings = {"settings": [folder / "settings.json"]}
    names = ("results.json", "detection.csv", "branches.csv")
    stage(spike_results, logs_and_scores(folder) | settings, {name.partition(".")[0]: folder / name for name in names})
    return folder


def logs_and_scores(folder: Path) -> dict[str, list[Path]]:
    """The files of all judged seeds."""
    runs = [f"{seed}/{arm}" for seed in SEEDS for arm in (PREFIX, *arms(SPIKES["fault"]["strengths"]))]
    kinds = {"logs": "log", "scores": "scores"}
    return {name: [folder / f"runs/{run}.{kind}.parquet" for run in runs] for name, kind in kinds.items()}


@pytest.fixture(scope="module")
def results(experiment: Path) -> dict[str, Any]:
    """What the experiment shows."""
    loaded: dict[str, Any] = json.loads((experiment / "results.json").read_text())
    return loaded


def test_a_fault_in_the_data_raises_the_loss_and_is_found_and_clean_seeds_raise_no_alarm(
    results: dict[str, Any],
) -> None:
    assert results["seeds"] == SEEDS
    assert [row["is_a_spike"] for row in results["caused"]] == [True] * 3
    assert all(row["raised_in_the_chunk"] > 1 for row in results["caused"])
    assert [(row["strength"], row["of"]) for row in results["detection"]] == [(0.0, 3), (0.1, 3), (1.0, 3)]
    assert results["detection"][0]["found"] == 0
    assert results["detection"][-1]["found"] == results["detection"][-1]["malignant"] == 3
    for run in results["runs"]["fault-1"].values():
        assert run["steps_until_alarm"] == 0
        assert run["events"][0]["start"] == 61
    assert [run["events"][0]["kind"] for run in results["runs"]["brief"].values()] == ["benign"] * 3
    assert [run["events"][0]["start"] for run in results["runs"]["moved"].values()] == [101] * 3


def test_moving_the_faulty_chunk_is_better_than_both_controls_until_it_comes(results: dict[str, Any]) -> None:
    bits = {(row["seed"], row["arm"]): row["after_the_window"] for row in results["branches"]}
    assert len(bits) == 3 * 5
    for seed in SEEDS:
        assert bits[seed, "moved"] < min(bits[seed, "again"], bits[seed, "reshuffled"])
        assert bits[seed, "again"] != bits[seed, "fault-1"]


def test_all_arms_of_a_seed_share_their_beginning_and_an_arm_trained_again_gives_equal_bytes(
    experiment: Path,
) -> None:
    again = train(experiment, 1, "again", into="second")
    for name, path in again.items():
        assert path.read_bytes() == (experiment / f"runs/1/again.{name}.parquet").read_bytes()
    clean, planted = (polars.read_parquet(experiment / f"runs/1/{arm}.log.parquet") for arm in ("clean", "fault-1"))
    assert clean["step"].to_list() == planted["step"].to_list() == list(range(61, 121))
    beginning = polars.read_parquet(experiment / "runs/1/prefix.log.parquet")
    assert beginning["step"].to_list() == list(range(1, 61))
    assert clean["loss"][0] < planted["loss"][0]


def test_the_learning_goes_on_from_the_checkpoint_as_if_nothing_had_been_saved(experiment: Path) -> None:
    scores = polars.read_parquet([experiment / f"runs/2/{arm}.scores.parquet" for arm in (PREFIX, "clean")])
    assert scores["place"].to_list() == list(range(7))
    assert scores["step"].to_list() == [20 * place for place in range(7)]
    assert scores["bits_per_byte"].to_list() == sorted(scores["bits_per_byte"].to_list(), reverse=True)


def test_the_thresholds_lie_above_every_clean_calibration_run(experiment: Path) -> None:
    settings = json.loads((experiment / "settings.json").read_text())
    for name, threshold in (("loss", "loss_threshold"), ("gradient_norm", "norm_threshold")):
        largest = settings["largest_clean_scores"][name]
        assert sorted(largest) == ["11", "12"]
        assert settings["detector"][threshold] in settings["grid"]
        assert settings["enough"][name]
        assert settings["detector"][threshold] >= 1.25 * max(largest.values())
        smaller = [value for value in settings["grid"] if value < settings["detector"][threshold]]
        assert all(value < 1.25 * max(largest.values()) for value in smaller)


def test_the_spikes_of_a_run_and_the_page_name_the_chunk(experiment: Path, tmp_path: Path) -> None:
    log = polars.read_parquet([experiment / f"runs/1/{arm}.log.parquet" for arm in (PREFIX, "fault-1")])
    log = log.with_columns(polars.col("chunk").cast(polars.String).str.zfill(3)).drop("seed", "arm")
    write_parquet(tmp_path / "log.parquet", log)
    inputs = {"log": [tmp_path / "log.parquet"], "settings": [experiment / "settings.json"]}
    found = json.loads(stage(spikes, inputs, {"spikes": tmp_path / "spikes.json"})["spikes"].read_text())
    assert (found["steps"], found["benign"], found["malignant"]) == (120, 0, 1)
    assert found["events"][0]["chunk"] == "004"
    inputs = logs_and_scores(experiment) | {
        "results": [experiment / "results.json"],
        "log": [tmp_path / "log.parquet"],
        "spikes": [tmp_path / "spikes.json"],
    }
    page = stage(spike_page, inputs, {"page": tmp_path / "spikes.html"})["page"].read_text()
    assert page.count("<svg ") == 4
    assert "<td>malignant</td><td>004</td>" in page
    assert "120 steps: 0 benign and 1 malignant events." in page
    again = stage(spike_page, inputs, {"page": tmp_path / "again.html"})["page"].read_text()
    assert page == again


def test_the_claims_are_judged_from_the_results(experiment: Path, results: dict[str, Any], tmp_path: Path) -> None:
    outputs = stage(claims, {"results": [experiment / "results.json"]}, {"claims": tmp_path / "claims.json"})
    written = {one["name"]: one for one in json.loads(outputs["claims"].read_text())["claims"]}
    assert list(written) == [
        *("longer-first-third", "longer-second-third", "longer-last-third"),
        *("rollback-same-data", "rollback-reshuffled", "rollback-to-the-end"),
        *("fault-found", "no-false-alarm"),
    ]
    bits = {(row["seed"], row["arm"]): row for row in results["branches"]}
    moved = [bits[seed, "again"]["after_the_window"] - bits[seed, "moved"]["after_the_window"] for seed in SEEDS]
    assert written["rollback-same-data"]["values"] == pytest.approx(moved, abs=1e-6)
    assert written["rollback-same-data"]["margin"] == 0.02
    assert written["longer-first-third"]["verdict"] == "supported"
    assert (written["fault-found"]["count"], written["fault-found"]["verdict"]) == (3, "supported")
    assert (written["no-false-alarm"]["count"], written["no-false-alarm"]["verdict"]) == (0, "supported")
    with pytest.raises(ValueError, match=r"found_at_least is 4, but k2\.spikes\.seeds are only 3: lower it, or add"):
        claims.judged(results, CLAIMS | {"found_at_least": 4})


def test_a_verdict_turns_with_the_figures(results: dict[str, Any]) -> None:
    def outcome(change: Callable[[dict[str, Any]], None]) -> dict[str, Finding]:
        changed = json.loads(json.dumps(results))
        change(changed)
        return {found.claim.name: found for found in claims.judged(changed, CLAIMS)}

    def control_gains(by: float) -> Callable[[dict[str, Any]], None]:
        def change(changed: dict[str, Any]) -> None:
            moved = {row["seed"]: row["after_the_window"] for row in changed["branches"] if row["arm"] == "moved"}
            for row in changed["branches"]:
                if row["arm"] == "again":
                    row["after_the_window"] = moved[row["seed"]] - by - row["seed"] / 1000

        return change

    def blind(changed: dict[str, Any]) -> None:
        for run in changed["runs"]["fault-1"].values():
            run["found"] = False
        changed["runs"]["clean"]["1"]["events"] = [{"kind": "benign"}]

    assert outcome(control_gains(-0.1))["rollback-same-data"].verdict == "supported"
    assert outcome(control_gains(0.1))["rollback-same-data"].verdict == "not supported"
    assert outcome(control_gains(-0.022))["rollback-same-data"].verdict == "inconclusive"
    blinded = outcome(blind)
    assert (blinded["fault-found"].verdict, blinded["no-false-alarm"].verdict) == ("not supported", "not supported")


def test_a_stronger_fault_holds_the_weaker_one_and_each_kind_spoils_its_rows() -> None:
    rows = numpy.arange(40 * 17).reshape(40, 17) % 250 + 1
    fault = {"kind": "random", "branch_strength": 0.5, "brief_steps": 2}
    changed = {
        arm: (plant(arm, rows, fault, 4, VOCAB_SIZE, 3) != rows).any(axis=1)
        for arm in ("clean", "fault-0.1", "fault-0.5", "moved", "brief", "fault-1")
    }
    assert [int(which.sum()) for which in changed.values()] == [0, 4, 20, 20, 8, 40]
    assert (changed["fault-0.5"] >= changed["fault-0.1"]).all()
    assert changed["brief"][:8].all()
    generator = numpy.random.default_rng(1)
    repeated, shuffled, random = (
        corrupted(rows, kind, VOCAB_SIZE, generator) for kind in ("repeated", "shuffled", "random")
    )
    assert (repeated == repeated[:, :1]).all()
    assert (numpy.sort(shuffled, axis=1) == numpy.sort(rows, axis=1)).all()
    assert (shuffled != rows).any(axis=1).all()
    assert random.min() >= 1 and random.max() < VOCAB_SIZE


def test_the_moved_chunk_comes_last_and_the_others_keep_their_order() -> None:
    assert chunk_order(PREFIX, 6, 4) == [1, 2, 3]
    assert chunk_order("again", 6, 4) == [4, 5, 6]
    assert chunk_order("moved", 6, 4) == [5, 6, 4]


def test_rows_are_cut_into_shorter_ones_that_overlap_by_one_token() -> None:
    rows = numpy.arange(2 * 9).reshape(2, 9)
    assert cut(rows, 4).tolist() == [[0, 1, 2, 3, 4], [4, 5, 6, 7, 8], [9, 10, 11, 12, 13], [13, 14, 15, 16, 17]]
    with pytest.raises(
        ValueError, match=r"k2\.spikes\.train\.context must be at most k2\.order\.base\.context, which is 8"
    ):
        cut(rows, 9)


def test_held_out_documents_are_drawn_until_they_hold_enough(experiment: Path) -> None:
    assert sample([10, 10, 10], 100, 1) == [0, 1, 2]
    assert len(sample([10] * 50, 95, 1)) == 10
    assert sample([10] * 50, 95, 1) != sample([10] * 50, 95, 2)
    data = map_file(experiment / "data.safetensors")
    assert (data["tokens"][data["starts"][:-1]] == 0).all()
    assert len(data["sizes"]) == len(data["starts"]) - 1 == 2
    assert data["sizes"].tolist() == (numpy.diff(data["starts"]) - 1).tolist()


@pytest.mark.parametrize(
    ("section", "key", "value", "text"),
    [
        ("", "calibration_seeds", [3, 4], r"must share none, both hold \[3\]"),
        ("", "seeds", [1, 1, 2], "seeds must be at least 0, and none twice"),
        ("", "measured_after", 2, "the moved chunk comes last"),
        ("train", "context", 32, "must be at most model.max_position_embeddings"),
        ("fault", "strengths", [0.1, 0.0, 1.0], "above 0, at most 1, and none twice"),
        ("fault", "branch_strength", 0.3, r"must be one of strengths = \[0\.1, 1\.0\]"),
        ("fault", "brief_steps", 21, "brief_steps must be at most train.chunk_steps"),
        ("detection", "thresholds", [4.0, 3.0], "must be above 0 and rise"),
        ("detection", "window", 61, "window must end before the faulty chunk"),
    ],
)
def test_params_that_do_not_fit_are_refused(section: str, key: str, value: object, text: str) -> None:
    Spikes(**SPIKES)
    given = json.loads(json.dumps(SPIKES))
    (given[section] if section else given)[key] = value
    with pytest.raises(ValidationError, match=text):
        Spikes(**given)


def test_no_path_leads_from_a_judged_seed_into_the_detectors_settings(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "root", RULES, git=False)
    for name in ("k2_spikes.smk", "claims.smk"):
        repository.write(f"rules/{name}", (PROJECT / "rules" / name).read_text(encoding="utf-8"))
    repository.write("artifacts/k2/training_log.parquet", "")
    for system in ("livebench", "eeipu"):
        repository.write(f"artifacts/{system}/claims.json", "{}")
    for name in ("tokens/validation/000.safetensors", "tokens/validation/000.parquet"):
        repository.write(f"artifacts/k2/{name}", "")
    params = load(PROJECT / "params.yaml")["k2"]
    for number in range(1, params["run"]["base_chunks"] + 1):
        repository.write(f"artifacts/k2/chunks/{number:03d}.safetensors", "")

    def seeds(target: str) -> set[int]:
        done = repository.run("snakemake", "-n", target)
        return {int(seed) for seed in re.findall(r"spike_seed=(\d+)", done.stdout + done.stderr)}

    calibration, judged = set(params["spikes"]["calibration_seeds"]), set(params["spikes"]["seeds"])
    assert len(judged) == 5
    assert seeds("artifacts/k2/spikes/settings.json") == calibration
    assert seeds("artifacts/k2/spikes.json") == calibration
    assert seeds("artifacts/claims.json") == calibration | judged
