"""Claims about the chain of segments, by the number of trainings that really run."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import polars
import pytest

from tests.test_project import Clone, copy_project

TARGET = "artifacts/k2/training_log.parquet"
SMALL = {
    "k2.corpus.files": "{own: [data/own.jsonl], reference: [], docstrings: []}",
    "k2.questions.source": "own",
    "k2.order.base.context": "64",
    "k2.order.base.steps": "3",
    "k2.order.base.mix": "{own: 1.0, docstrings: 0.0, reference: 0.0, questions: 0.0, arithmetic: 0.0}",
    "k2.order.long.mix": "{own: 0.5, docstrings: 0.0, reference: 0.0, questions: 0.0, arithmetic: 0.0}",
    "k2.run.base_chunks": "4",
    "k2.run.long_chunks": "0",
    "k2.train.batch_tokens": "512",
    "k2.train.micro_batch_tokens": "512",
    "k2.train.threads": "1",
    "k2.model.hidden_size": "16",
}
COSINE = {"k2.train.schedule": "cosine", "k2.train.horizon_steps": "40", "k2.run.base_chunks": "3"}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A project whose corpus is a file of random sentences with digits in them."""
    made = copy_project(tmp_path_factory.mktemp("chain") / "clone")
    chance = random.Random(4)
    words = [
        "".join(chance.choices("abcdefghij", k=chance.randint(2, 7))) + chance.choice(["", " 1 "]) for _ in range(400)
    ]
    rows = [{"id": f"d{number}", "text": " ".join(chance.choices(words, k=90))} for number in range(60)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (made.folder / "data/own.jsonl").write_text(text, encoding="utf-8")
    yield made


def trained(clone: Clone, place: Path, **values: str) -> list[str]:
    """Build the log in a new workspace; the segments that were really trained."""
    settings = [f"{key}={value}" for key, value in {**SMALL, **values}.items()]
    options = [word for setting in settings for word in ("--set", setting)]
    clone.run("modelworks", "workspace", "create", place, "--preset", "smoke", *options)
    return built(clone, place)


def built(clone: Clone, place: Path) -> list[str]:
    clone.run("snakemake", "--directory", place, TARGET)
    # The log of a stage is written where it ran; of a restored one there is none.
    logs = sorted((place / "logs/k2_train").glob("*.log")) if (place / "logs/k2_train").exists() else []
    ran = [path.stem for path in logs if re.search(r"^k2_train: 3/3", path.read_text(), re.MULTILINE)]
    for path in logs:
        path.unlink()
    return ran


@pytest.fixture(scope="module")
def stable(clone: Clone) -> Path:
    place = clone.folder.parent / "stable"
    assert trained(clone, place) == ["001", "002", "003", "004-of-004"]
    return place


def test_a_longer_stable_run_reuses_all_segments_before_the_decay(clone: Clone, stable: Path, tmp_path: Path) -> None:
    longer = tmp_path / "longer"
    assert trained(clone, longer, **{"k2.run.base_chunks": "6"}) == ["004", "005", "006-of-006"]
    for name in ("001", "002", "003"):
        file = f"artifacts/k2/checkpoints/{name}/model.safetensors"
        assert (longer / file).read_bytes() == (stable / file).read_bytes()


def test_with_cosine_a_longer_run_reuses_segments_up_to_a_change_of_the_horizon(clone: Clone, tmp_path: Path) -> None:
    assert trained(clone, tmp_path / "cosine", **COSINE) == ["001", "002", "003"]
    assert trained(clone, tmp_path / "longer", **{**COSINE, "k2.run.base_chunks": "4"}) == ["004"]
    later = {**COSINE, "k2.train.horizon_steps": "41"}
    assert trained(clone, tmp_path / "later", **later) == ["001", "002", "003"]


def test_a_moved_chunk_leaves_everything_before_it(clone: Clone, stable: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    assert trained(clone, moved, **{"k2.run.moved": "['002']"}) == ["002", "003", "004-of-004"]
    log = polars.read_parquet(moved / TARGET)
    assert log["chunk"].unique(maintain_order=True).to_list() == ["001", "003", "004", "002"]
    assert log["step"].to_list() == list(range(1, 13))


def test_an_edited_document_retrains_from_its_chunk_on(clone: Clone, stable: Path) -> None:
    chunks = ("001", "002", "003")
    orders = {name: polars.read_parquet(stable / f"artifacts/k2/order/{name}.parquet") for name in chunks}
    index = polars.read_parquet(stable / "artifacts/k2/tokens/train/000.parquet")
    places = {name: set(table["document"].to_list()) for name, table in orders.items()}
    document = min(places["003"] - places["001"] - places["002"])
    name = index.filter(polars.col("document") == document)["id"].item().split("/")[-1].split("#")[0]
    path = clone.folder / "data/own.jsonl"
    before = path.read_text(encoding="utf-8")
    rows = [json.loads(line) for line in before.splitlines()]
    chosen = next(row for row in rows if row["id"] == name)
    assert " 1 " in chosen["text"]
    chosen["text"] = chosen["text"].replace(" 1 ", " 2 ")  # as many tokens: digits stand alone
    try:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        assert built(clone, stable) == ["003", "004-of-004"]
    finally:
        path.write_text(before, encoding="utf-8")
