"""Claims about the two halves of the held-out text, and the score of the last checkpoint on each."""

import json
import math
from pathlib import Path
from typing import Any

import polars
import pytest
import torch

from modelworks.k2 import score_part
from modelworks.k2.score_part import halves
from modelworks.lm.model import load_checkpoint
from modelworks.stage import Stage
from tests.k2 import measured
from tests.k2.measured import CHECKPOINTS, TEXTS


def documents(sections: int = 1) -> polars.DataFrame:
    """40 documents of two sources, each in so many rows, some in both; the sizes differ by a factor of ten."""
    rows = [
        (f"{source}/{number}#{section}", source, f"{number}", 100 + 90 * (number % 11))
        for source, numbers in (("pages", range(30)), ("questions", range(20, 40)))
        for number in numbers
        for section in range(sections)
    ]
    return polars.DataFrame(rows, schema=["id", "source", "document", "bytes"], orient="row")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scored")
    measured.write(folder)
    for part in ("validation", "test"):
        score(folder, part)
    return folder


def score(folder: Path, part: str, drop: tuple[str, ...] = ()) -> None:
    inputs = {
        "checkpoint": [folder / f"checkpoints/{CHECKPOINTS[-1]}"],
        "tokenizer": [folder / "tokenizer.json"],
        "texts": [folder / f"corpus/validation/{text}.parquet" for text in TEXTS if text not in drop],
        "tokens": [folder / f"tokens/validation/{text}.safetensors" for text in TEXTS if text not in drop],
        "indexes": [folder / f"tokens/validation/{text}.parquet" for text in TEXTS if text not in drop],
        "cases": [folder / "corpus/cases.parquet"],
    }
    outputs = {"scores": [folder / f"{part}.json"]}
    name, rule = "modelworks.k2.score_part", f"k2_{part}"
    score_part.main(Stage(name, rule, inputs, outputs, measured.params(), {"part": part}))


def split_of(folder: Path) -> dict[str, str]:
    """Document -> half, from the texts alone."""
    texts = polars.concat(polars.read_parquet(folder / f"corpus/validation/{text}.parquet") for text in TEXTS)
    rows = texts.with_columns(bytes=polars.col("text").str.len_bytes()).filter(polars.col("bytes") > 0)
    seed = Stage("modelworks.k2.score_part", "", {}, {}, measured.params()).seed("halves")
    return dict(halves(rows, seed).select("document", "half").iter_rows())


def read(folder: Path, part: str) -> Any:
    return json.loads((folder / f"{part}.json").read_text(encoding="utf-8"))


def test_each_half_has_about_half_the_bytes_of_each_source_and_no_document_is_in_both() -> None:
    found = halves(documents(), 7)
    shares = found.group_by("source").agg(
        share=polars.col("bytes").filter(polars.col("half") == "validation").sum() / polars.col("bytes").sum()
    )
    assert all(0.4 <= share <= 0.65 for share in shares["share"])
    assert found.group_by("document").agg(polars.col("half").n_unique())["half"].max() == 1
    assert set(found["half"]) == {"validation", "test"}


def test_the_halves_do_not_depend_on_how_often_a_document_is_cut_nor_on_the_order_of_rows() -> None:
    whole = dict(halves(documents(), 7).select("document", "half").iter_rows())
    cut = halves(documents(3).sample(fraction=1, shuffle=True, seed=1), 7)
    assert dict(cut.select("document", "half").iter_rows()) == whole
    assert dict(halves(documents(), 8).select("document", "half").iter_rows()) != whole


def test_a_source_that_is_one_document_is_halved_by_its_sections() -> None:
    lone = documents(6).filter(polars.col("document") == "3")
    found = halves(polars.concat([documents().filter(polars.col("source") == "questions"), lone]), 7)
    own = found.filter(polars.col("source") == "pages")
    assert len(own) == 6
    assert own["half"].value_counts().sort("half")["count"].to_list() == [3, 3]


def test_the_halves_together_are_all_the_held_out_bytes(run: Path) -> None:
    texts = polars.concat(polars.read_parquet(run / f"corpus/validation/{text}.parquet") for text in TEXTS)
    size = sum(len(text.encode()) for text in texts["text"])
    found = [read(run, part) for part in ("validation", "test")]
    assert sum(one["bytes"] for one in found) == size
    assert all(set(one["sources"]) == {"arithmetic", "docs", "reference"} for one in found)
    for one in found:
        assert one["bytes"] == sum(source["bytes"] for source in one["sources"].values())
        assert 0.3 * size < one["bytes"] < 0.7 * size
        assert one["interval"][0] < one["bits_per_byte"] < one["interval"][1]
        assert (one["checkpoint"], one["step"]) == (CHECKPOINTS[-1], 30)


def test_the_bits_are_those_of_each_token_after_the_tokens_before_it(run: Path) -> None:
    half = split_of(run)
    rows = polars.read_parquet(run / "corpus/validation/arithmetic.parquet")
    rows = rows.with_columns(bytes=polars.col("text").str.len_bytes())
    model = load_checkpoint(run / f"checkpoints/{CHECKPOINTS[-1]}", torch.device("cpu"))
    nats, size = 0.0, 0
    for (name, length), tokens in zip(
        rows.select("document", "bytes").iter_rows(), measured.documents(run, "arithmetic"), strict=True
    ):
        if half[name] != "test":
            continue
        ids = torch.tensor([[*tokens.tolist(), 0]])
        with torch.no_grad():
            logs = model(ids[:, :-1]).logits[0].double().log_softmax(-1)
        nats -= logs.gather(1, ids[0, 1:, None]).sum().item()
        size += length
    found = read(run, "test")["sources"]["arithmetic"]
    assert found["bytes"] == size
    assert found["bits_per_byte"] == pytest.approx(nats / math.log(2) / size, rel=1e-5)


def test_only_the_test_half_has_exact_match_and_asks_no_operands_of_the_validation_half(run: Path) -> None:
    assert "exact_match" not in read(run, "validation")
    found, cases = read(run, "test"), polars.read_parquet(run / "corpus/cases.parquet")
    half = split_of(run)
    asked = [one for one in cases["operands"] if half.get(",".join(map(str, one))) != "validation"]
    assert 0 < found["exact_match"]["cases"] == len(asked) < len(cases)
    assert found["exact_match"]["cases"] == sum(level["cases"] for level in found["levels"].values())


def test_scores_are_the_same_bytes_each_time(run: Path) -> None:
    before = (run / "test.json").read_bytes()
    score(run, "test")
    assert (run / "test.json").read_bytes() == before


def test_a_held_out_text_too_small_for_two_halves_is_refused(run: Path, tmp_path: Path) -> None:
    measured.write(tmp_path)
    name = tmp_path / "corpus/validation/arithmetic.parquet"
    polars.read_parquet(name).with_columns(document=polars.lit("one"), source=polars.lit("s")).write_parquet(name)
    index = tmp_path / "tokens/validation/arithmetic.parquet"
    rows = polars.read_parquet(index).with_row_index("n")
    rows.with_columns(bytes=polars.when(polars.col("n") > 0).then(0).otherwise("bytes")).drop("n").write_parquet(index)
    with pytest.raises(ValueError, match=r"k2\.corpus\.validation_fraction: .* too little for a validation half"):
        score(tmp_path, "validation", drop=("000",))
