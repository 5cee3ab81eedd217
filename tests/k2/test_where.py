"""Claims about `where`: what it prints is what the loop consumed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import polars
import pytest
import yaml

from modelworks.build.errors import ModelworksError
from modelworks.cli import main
from modelworks.k2 import chunk, order, tokens
from modelworks.k2.segments import chunk_names, segments
from modelworks.k2.where import where
from modelworks.lm.tokenizer import load, train
from modelworks.stage import Stage
from tests.k2.test_training import K2, stage_of

ROOT = Path(__file__).parents[2]
RECORDING = """
import json, os, sys
from pathlib import Path
from modelworks.k2 import train
from modelworks.lm import pretrain
from modelworks.lm.device import deterministic_device
from modelworks.lm.ranks import alone, joined
from modelworks.stage import Stage

stage = Stage.from_json(Path(sys.argv[1]).read_text())
rank = os.environ.get("RANK", "0")
consumed, losses = [], pretrain._losses
forward = train.train_chunk.__globals__["_micro_batches"]


def recorded(*arguments):
    for batch, last in forward(*arguments):
        consumed.append(batch.tolist())
        yield batch, last


pretrain._micro_batches = recorded
if "RANK" in os.environ:
    with joined("ddp", deterministic_device(1)) as ranks:
        train.train_segment(stage, ranks)
else:
    train.train_segment(stage, alone(deterministic_device(1)))
Path(sys.argv[2], f"{stage.args['segment']}-{rank}.json").write_text(json.dumps(consumed))
"""


def workspace(folder: Path, ranks: int) -> dict[str, Any]:
    """A workspace with a corpus of many characters, tokens, order and chunks, and its params."""
    root = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    k2 = root["k2"]
    k2["corpus"]["files"] = {"wiki": ["a.txt"], "code": ["b.txt"]}
    k2["questions"]["source"] = "wiki"
    k2["tokenizer"]["vocab_size"] = 300
    k2["model"] = K2["model"]
    k2["order"] = {
        "base": {"context": 16, "steps": 12, "chunks": 2, "mix": {"wiki": 1.5, "code": 0.7}},
        "long": {"context": 32, "steps": 6, "chunks": 1, "mix": {"wiki": 0.7}},
    }
    k2["run"] = {"base_chunks": 2, "long_chunks": 1, "moved": ["001"], "decay_chunks": 1}
    k2["train"] |= {"batch_tokens": 128, "micro_batch_tokens": 32, "ranks": ranks, "threads": 1, "warmup_steps": 2}
    (folder / "params.yaml").write_text(yaml.safe_dump(root), encoding="utf-8")
    artifacts = folder / "artifacts/k2"
    random = numpy.random.default_rng(5)
    words = ["the", "cat", "größer", "日本", "x=1", "\n", "—", "sat", "on", "mat", "😀"]
    texts = {
        name: [" ".join(random.choice(words, random.integers(1, 60))) for _ in range(60)] for name in ("000", "001")
    }
    for name, source in (("000", "wiki"), ("001", "code")):
        path = artifacts / f"corpus/train/{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        ids = [f"{source}-{number}" for number in range(60)]
        table = {"id": ids, "source": [source] * 60, "document": ids, "text": texts[name]}
        polars.DataFrame(table).write_parquet(path)
    train([*texts["000"], *texts["001"]], 300, 2).save(str(artifacts / "tokenizer.json"))
    for name in ("000", "001"):
        made = artifacts / f"tokens/train/{name}"
        made.parent.mkdir(parents=True, exist_ok=True)
        run_stage(
            tokens,
            {"tokenizer": [artifacts / "tokenizer.json"], "text": [artifacts / f"corpus/train/{name}.parquet"]},
            {"tokens": [made.with_suffix(".safetensors")], "index": [made.with_suffix(".parquet")]},
            root,
            {"text": name},
        )
    names = chunk_names(k2["run"])
    for made in ("order", "chunks"):
        (artifacts / made).mkdir()
    orders = [artifacts / f"order/{name}.parquet" for name in names]
    indexes = [artifacts / f"tokens/train/{name}.parquet" for name in ("000", "001")]
    run_stage(order, {"indexes": indexes}, {"chunks": orders, "summary": [artifacts / "order.json"]}, root)
    shards = [path.with_suffix(".safetensors") for path in indexes]
    for name, path in zip(names, orders, strict=True):
        rows = artifacts / f"chunks/{name}.safetensors"
        run_stage(chunk, {"order": [path], "tokens": shards}, {"rows": [rows]}, root)
    return dict(k2)


def run_stage(
    module: Any,
    inputs: dict[str, list[Path]],
    outputs: dict[str, list[Path]],
    params: dict[str, Any],
    args: dict[str, str] | None = None,
) -> None:
    module.main(Stage(module.__name__, "rule", inputs, outputs, params, args or {}))


@pytest.mark.parametrize("ranks", [1, 2])
def test_two_hundred_places_are_what_the_loop_consumed(ranks: int, tmp_path: Path) -> None:
    k2 = workspace(tmp_path, ranks)
    script = tmp_path / "recording.py"
    script.write_text(RECORDING)
    chain = segments(k2["run"], k2["order"], k2["train"])
    consumed: dict[tuple[int, int], list[int]] = {}
    for segment in chain:
        stage = stage_of(segment.name, tmp_path / "artifacts/k2/chunks", tmp_path, k2)
        description = tmp_path / f"{segment.name}.json"
        description.write_text(stage.as_json())
        torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"] if ranks > 1 else []
        subprocess.run([sys.executable, *torchrun, str(script), str(description), str(tmp_path)], check=True)
        context = k2["order"][segment.phase]["context"]
        each = k2["train"]["batch_tokens"] // context // ranks
        for rank in range(ranks):
            rows = [
                row for micro in json.loads((tmp_path / f"{segment.name}-{rank}.json").read_text()) for row in micro
            ]
            assert len(rows) == (segment.last - segment.first) * each
            for number, row in enumerate(rows):
                step, place = divmod(number, each)
                consumed[segment.first + 1 + step, rank * each + place] = row
    tokenizer = load(tmp_path / "artifacts/k2/tokenizer.json")
    random = numpy.random.default_rng(1)
    places = sorted(consumed)
    phases = set()
    for index in random.choice(len(places), 200, replace=len(places) < 200):
        step, sample = places[index]
        found = where(tmp_path, step, sample)
        row = consumed[step, sample]
        assert [token for piece in found.pieces for token in piece.tokens] == row
        assert found.rank == sample // (128 // (len(row) - 1) // ranks)
        phases.add(len(row))
        for piece in found.pieces:
            shard = polars.read_parquet(tmp_path / f"artifacts/k2/corpus/train/{piece.shard}.parquet")
            assert piece.text == shard["text"][piece.document][piece.first : piece.last]
            words = [token for token in piece.tokens if token]
            decoded = tokenizer.decode(words)
            assert decoded == piece.text or "\ufffd" in decoded  # cut inside a character
    assert phases == {17, 33}


def test_a_place_outside_the_training_or_not_built_is_an_error(tmp_path: Path) -> None:
    k2 = workspace(tmp_path, 1)
    last = segments(k2["run"], k2["order"], k2["train"])[-1].last
    for step, sample, text in (
        (0, 0, "are 1 to 30"),
        (last + 1, 0, "are 1 to 30"),
        (1, 8, "are 0 to 7"),
        (1, -1, "are 0 to 7"),
    ):
        with pytest.raises(ModelworksError, match=text):
            where(tmp_path, step, sample)
    (tmp_path / "artifacts/k2/order/003.parquet").write_bytes(b"half a table")
    with pytest.raises(ModelworksError, match=r"003\.parquet is not an order of rows .*modelworks get .* fetches it"):
        where(tmp_path, last, 0)
    (tmp_path / "artifacts/k2/order/002.parquet").unlink()
    with pytest.raises(ModelworksError, match=r"002\.parquet is not there: build it"):
        where(tmp_path, 1, 0)


def test_a_mix_that_does_not_fill_a_chunk_is_refused_with_the_remedy(tmp_path: Path) -> None:
    workspace(tmp_path, 1)
    root = yaml.safe_load((tmp_path / "params.yaml").read_text())
    root["k2"]["order"]["long"]["mix"] = {"wiki": 0.01}
    indexes = [tmp_path / f"artifacts/k2/tokens/train/{name}.parquet" for name in ("000", "001")]
    orders = [tmp_path / f"{name}.parquet" for name in chunk_names(root["k2"]["run"])]
    message = r"chunk 003: .* are needed: params\.yaml: raise multipliers in k2\.order\.long\.mix, or"
    with pytest.raises(ValueError, match=message):
        run_stage(order, {"indexes": indexes}, {"chunks": orders, "summary": [tmp_path / "order.json"]}, root)


def test_what_was_built_from_other_params_is_not_taken_for_what_they_say_now(tmp_path: Path) -> None:
    workspace(tmp_path, 1)
    assert not where(tmp_path, 1, 0).trained
    progress = tmp_path / "artifacts/k2/checkpoints/001/progress.json"
    progress.parent.mkdir(parents=True)
    progress.write_text('{"chunk": "002", "step": 12}')  # chunk 001 is moved behind it
    assert where(tmp_path, 1, 0).trained
    progress.write_text('{"chunk": "001", "step": 12}')
    with pytest.raises(ModelworksError, match=r"trained chunk 001 up to step 12, params\.yaml asks for chunk 002"):
        where(tmp_path, 1, 0)
    root = yaml.safe_load((tmp_path / "params.yaml").read_text())
    root["k2"]["order"]["base"]["steps"] = 24
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(root), encoding="utf-8")
    with pytest.raises(ModelworksError, match=r"002\.parquet holds 96 rows, params\.yaml asks for 192: build it"):
        where(tmp_path, 24, 0)


def test_the_command_prints_the_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace(tmp_path, 1)
    assert main(["k2", "where", "--step", "30", "--sample", "2", "-d", str(tmp_path), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["chunk"] == "003"
    assert sum(len(piece["tokens"]) for piece in printed["pieces"]) == 33
    assert main(["k2", "where", "--step", "30", "--sample", "2", "-d", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    place = f"segment 003-of-003, chunk 003, row {printed['row']}, rank 0 (not trained yet)"
    assert said.startswith(f"step 30, sample 2: {place}\n")
    assert printed["pieces"][0]["text"].split("\n")[0] in said
    assert main(["k2", "where", "--step", "31", "--sample", "2", "-d", str(tmp_path)]) == 1
    assert "error: --step 31: the steps of this training are 1 to 30" in capsys.readouterr().err
