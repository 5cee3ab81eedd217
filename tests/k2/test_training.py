"""Claims about the training of k2: bit for bit the same, wherever it is cut, killed or taken up again."""

import copy
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import polars
import pytest
import torch

from modelworks.k2 import train
from modelworks.k2.segments import segments
from modelworks.lm import checkpoint
from modelworks.lm.device import deterministic_device
from modelworks.lm.packing import write_rows
from modelworks.lm.pretrain import train_chunk
from modelworks.lm.ranks import alone
from modelworks.stage import Stage

ROOT = Path(__file__).parents[2]
TRAIN = {
    "schedule": "cosine",
    "learning_rate": 1e-2,
    "final_learning_rate_share": 0.1,
    "warmup_steps": 3,
    "horizon_steps": 0,
    "weight_decay": 0.1,
    "beta1": 0.9,
    "beta2": 0.95,
    "epsilon": 1e-8,
    "gradient_clip": 1.0,
    "z_loss": 0.0,
    "batch_tokens": 128,
    "micro_batch_tokens": 64,
    "ranks": 1,
    "parallel": "ddp",
    "compile": False,
    "activation_checkpointing": False,
    "threads": 1,
}
K2: dict[str, Any] = {
    "tokenizer": {"vocab_size": 60},
    "model": {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 32,
        "rms_norm_eps": 1e-5,
        "initializer_range": 0.02,
        "rope_theta": 10000.0,
        "attention_dropout": 0.1,
        "tie_word_embeddings": True,
    },
    "order": {"base": {"context": 16, "steps": 6}, "long": {"context": 32, "steps": 3}},
    "run": {"base_chunks": 2, "long_chunks": 1, "moved": [], "decay_chunks": 1},
    "train": TRAIN,
}


def settings(**changes: Any) -> dict[str, Any]:
    params = copy.deepcopy(K2)
    params["train"] |= changes
    return params


@pytest.fixture(scope="module")
def chunks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows of the three chunks, the last with the long context."""
    folder = tmp_path_factory.mktemp("chunks")
    random = numpy.random.default_rng(3)
    for name, rows, context in (("001", 48, 16), ("002", 48, 16), ("003", 12, 32)):
        stream = random.integers(0, 6, (rows, context + 1)).cumsum(axis=1) % 60
        write_rows(folder / f"{name}.safetensors", stream.astype(numpy.uint16))
    return folder


def stage_of(name: str, chunks: Path, folder: Path, params: dict[str, Any]) -> Stage:
    """The stage of segment `name` in `folder`, as its rule makes it."""
    segment = next(s for s in segments(params["run"], params["order"], params["train"]) if s.name == name)
    for made in ("scratch", "checkpoints", "log"):
        (folder / made).mkdir(parents=True, exist_ok=True)
    return Stage(
        "modelworks.k2.train",
        "k2_train",
        {
            "rows": [chunks / f"{segment.chunk}.safetensors"],
            "previous": [folder / "checkpoints" / segment.previous] if segment.previous else [],
        },
        {"checkpoint": [folder / "checkpoints" / name], "log": [folder / "log" / f"{name}.parquet"]},
        {"seed": 5, "k2": params},
        {"segment": name, "chunk": segment.chunk, "phase": segment.phase, "falls": segment.falling},
        folder / "scratch",
    )


def run(folder: Path, chunks: Path, params: dict[str, Any], names: tuple[str, ...] = ("001", "002", "003")) -> Path:
    """Train segments one after another, each as a stage; the folder."""
    for name in names:
        train.main(stage_of(name, chunks, folder, params))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    places = ("checkpoints", "log")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for place in places
        for path in sorted((folder / place).rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, chunks: Path) -> Path:
    return run(tmp_path_factory.mktemp("undisturbed"), chunks, settings())


def test_a_checkpoint_and_the_next_chunk_give_what_the_uninterrupted_run_has(undisturbed: Path, chunks: Path) -> None:
    params = settings()
    ranks = alone(deterministic_device(1))
    first = stage_of("001", chunks, undisturbed, params)
    state = train.start(params, train.recipe(params, "base", first.args["falls"]), first.seed("weights"), ranks)
    for name in ("001", "002", "003"):
        stage = stage_of(name, chunks, undisturbed, params)
        rows = train.load_rows(stage.input("rows"))
        state.row, state.log = 0, {column: [] for column in state.log}
        log = train_chunk(state, rows, train.recipe(params, stage.args["phase"], stage.args["falls"]), ranks=ranks)
        stored = polars.read_parquet(stage.output("log"))
        assert log.equals(stored.drop("segment", "chunk"))
        weights = checkpoint.load_file(stage.output("checkpoint") / checkpoint.MODEL)
        now = state.model.state_dict()
        assert len(weights) > 10
        assert all(torch.equal(value, now[key]) for key, value in weights.items())
    assert state.step == 15
    assert state.tokens == 15 * 128


def test_dropout_is_on_and_draws_from_the_checkpoints_generator(
    undisturbed: Path, chunks: Path, tmp_path: Path
) -> None:
    shorter = tmp_path / "forgotten"
    run(shorter, chunks, settings(), ("001",))
    generator = shorter / "checkpoints/001" / checkpoint.RANDOM
    state = checkpoint.load_file(generator)
    state["cpu.0"] = torch.Generator().manual_seed(99).get_state()
    checkpoint.save_file(state, generator)
    run(shorter, chunks, settings(), ("002",))
    name = f"checkpoints/002/{checkpoint.MODEL}"
    assert (shorter / name).read_bytes() != (undisturbed / name).read_bytes()


KILLED = """
import os, signal, sys
from pathlib import Path
from modelworks.k2 import train
from modelworks.lm import checkpoint, pretrain, progress
from modelworks.stage import Stage

place, at = sys.argv[2], int(sys.argv[3])
calls = 0


def die(function):
    def wrapped(*arguments, **named):
        global calls
        calls += 1
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)
    return wrapped


progress._PERIOD_S, progress._SHARE = 0.0, 0
if place == "losses":
    pretrain._losses = die(pretrain._losses)
if place == "save_file":
    checkpoint.save_file = die(checkpoint.save_file)
if place == "write_json":
    checkpoint.write_json = die(checkpoint.write_json)
train.main(Stage.from_json(Path(sys.argv[1]).read_text()))
"""


@pytest.mark.parametrize(
    ("place", "at"),
    [
        ("losses", 4),
        ("losses", 7),
        ("losses", 12),
        ("save_file", 2),
        ("save_file", 5),
        ("write_json", 3),
        ("save_file", 20),
    ],
)
def test_a_segment_that_was_killed_goes_on_to_the_same_bytes(
    place: str, at: int, undisturbed: Path, chunks: Path, tmp_path: Path
) -> None:
    """In a micro-batch (odd calls are the first of a step's two), in a progress file, in the checkpoint at the end."""
    run(tmp_path, chunks, settings(), ("001",))
    stage = stage_of("002", chunks, tmp_path, settings())
    order, script = tmp_path / "stage.json", tmp_path / "killed.py"
    order.write_text(stage.as_json())
    script.write_text(KILLED)
    command = [sys.executable, str(script), str(order), place, str(at)]
    killed = subprocess.run(command, check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    for path in stage.output("checkpoint").glob("*"):
        path.unlink()
    if stage.output("checkpoint").exists():
        stage.output("checkpoint").rmdir()  # the runner throws away what a failed stage has written
    train.main(Stage.from_json(order.read_text()))
    whole = contents(undisturbed)
    found = contents(tmp_path)
    assert {name for name in found if whole[name] != found[name]} == set()
    assert "log/002.parquet" in found


def test_the_checkpoint_opens_with_transformers_and_says_where_it_is(undisturbed: Path) -> None:
    from transformers import AutoModelForCausalLM

    folder = undisturbed / "checkpoints/002"
    AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    assert json.loads((folder / "progress.json").read_text()) == {
        "step": 12,
        "training_tokens": 12 * 128,
        "row": 48,
        "learning_rate": pytest.approx(1e-2 * (0.1 + 0.9 * 0.5 * (1 + numpy.cos(numpy.pi * 9 / 12)))),
        "segment": "002",
        "chunk": "002",
        "phase": "base",
    }


def test_the_accumulated_gradient_is_that_of_the_whole_batch(chunks: Path, tmp_path: Path) -> None:
    losses = []
    for micro in (128, 64, 16):
        params = settings(micro_batch_tokens=micro)
        params["model"]["attention_dropout"] = 0.0
        run(tmp_path / str(micro), chunks, params, ("001",))
        losses.append(polars.read_parquet(tmp_path / str(micro) / "log/001.parquet")["loss"].to_numpy())
    assert losses[0][0] > losses[0][-1]
    for other in losses[1:]:
        numpy.testing.assert_allclose(other, losses[0], rtol=2e-5)


def test_z_loss_pulls_the_normaliser_to_one_and_is_not_in_the_logged_loss(chunks: Path, tmp_path: Path) -> None:
    logs = {}
    for weight in (0.0, 1.0):
        run(tmp_path / str(weight), chunks, settings(z_loss=weight), ("001",))
        logs[weight] = polars.read_parquet(tmp_path / str(weight) / "log/001.parquet")["loss"]
    assert logs[0.0][0] == logs[1.0][0]
    assert logs[0.0][5] != logs[1.0][5]


def test_activation_checkpointing_trains_alike(chunks: Path, tmp_path: Path) -> None:
    losses = {}
    for name, changes in (("plain", {}), ("recomputed", {"activation_checkpointing": True})):
        params = settings(**changes)
        params["model"]["attention_dropout"] = 0.0
        run(tmp_path / name, chunks, params, ("001",))
        losses[name] = polars.read_parquet(tmp_path / name / "log/001.parquet")["loss"].to_numpy()
    numpy.testing.assert_allclose(losses["recomputed"], losses["plain"], rtol=1e-5)


@pytest.mark.parametrize("parallel", ["ddp", "fsdp2"])
def test_two_ranks_train_as_one_with_twice_the_accumulation(parallel: str, chunks: Path, tmp_path: Path) -> None:
    """Float sums in another order: losses within 1e-4, weights within 1e-3 of their scale after 6 + 6 steps."""
    results = {}
    for name, changes in (
        ("one", {"micro_batch_tokens": 32}),
        ("two", {"micro_batch_tokens": 32, "ranks": 2, "parallel": parallel}),
    ):
        params = settings(**changes)
        params["model"]["attention_dropout"] = 0.0
        run(tmp_path / name, chunks, params, ("001", "002"))
        weights = checkpoint.load_file(tmp_path / name / "checkpoints/002" / checkpoint.MODEL)
        moments = checkpoint.load_file(tmp_path / name / "checkpoints/002" / checkpoint.OPTIMIZER)
        log = polars.concat([polars.read_parquet(tmp_path / name / f"log/{n}.parquet") for n in ("001", "002")])
        results[name] = weights, moments, log
    numpy.testing.assert_allclose(results["two"][2]["loss"], results["one"][2]["loss"], rtol=1e-4)
    for part in (0, 1):
        assert results["two"][part].keys() == results["one"][part].keys()
        for key, value in results["one"][part].items():
            torch.testing.assert_close(results["two"][part][key], value, rtol=1e-2, atol=1e-3)
    assert {path.name for path in (tmp_path / "two/checkpoints/002").iterdir()} == {
        path.name for path in (tmp_path / "one/checkpoints/002").iterdir()
    }


def test_what_two_ranks_saved_one_loads_and_goes_on(chunks: Path, tmp_path: Path) -> None:
    sharded = settings(ranks=2, parallel="fsdp2", micro_batch_tokens=32)
    single = settings(micro_batch_tokens=32)
    for params in (sharded, single):
        params["model"]["attention_dropout"] = 0.0
    run(tmp_path, chunks, sharded, ("001",))
    run(tmp_path, chunks, single, ("002",))
    run(tmp_path / "one", chunks, single, ("001", "002"))
    mixed, one = (polars.read_parquet(folder / "log/002.parquet")["loss"] for folder in (tmp_path, tmp_path / "one"))
    numpy.testing.assert_allclose(mixed, one, rtol=1e-4)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_a_compiled_segment_is_the_same_bytes_twice(chunks: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        run(tmp_path / name, chunks, settings(compile=True), ("001", "002"))
    assert contents(tmp_path / "first") == contents(tmp_path / "second")
