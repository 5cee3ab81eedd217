"""Claims about what is measured of a run, on tiny random models."""

import json
import math
from pathlib import Path
from typing import Any

import numpy
import polars
import pytest
import torch

from modelworks.k2 import evaluate
from modelworks.k2.measures import BENCHMARKS, SCHEMA, seen_effect
from modelworks.lm import grams
from modelworks.lm.model import load_checkpoint
from modelworks.lm.tokenizer import load
from tests.k2 import measured
from tests.k2.measured import CHECKPOINTS, CHUNKS, TEXTS


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("measured")
    measured.write(folder)
    measured.measure(folder)
    return folder


@pytest.fixture(scope="module")
def table(run: Path) -> polars.DataFrame:
    return polars.read_parquet(run / "longitudinal.parquet")


def last(table: polars.DataFrame, benchmark: str) -> polars.DataFrame:
    return table.filter(polars.col("checkpoint") == CHECKPOINTS[-1], polars.col("benchmark") == benchmark)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_table_holds_every_benchmark_of_every_checkpoint(table: polars.DataFrame) -> None:
    assert dict(table.schema) == SCHEMA
    for checkpoint in CHECKPOINTS:
        found = table.filter(polars.col("checkpoint") == checkpoint)
        assert set(found["benchmark"]) == set(BENCHMARKS)
    measured_rows = table.filter(polars.col("value").is_not_null())
    assert (measured_rows["low"] <= measured_rows["value"]).all()
    assert (measured_rows["value"] <= measured_rows["high"]).all()


def test_the_last_checkpoint_is_scored_on_every_held_out_byte_and_token(run: Path, table: polars.DataFrame) -> None:
    rows = last(table, "bits_per_byte")
    texts = polars.concat(polars.read_parquet(run / f"corpus/validation/{text}.parquet") for text in TEXTS)
    for source, size, count, nats, value in rows.select("item", "bytes", "count", "nats", "value").iter_rows():
        of_source = texts.filter(polars.col("source") == source, polars.col("text") != "")["text"]
        assert size == sum(len(text.encode()) for text in of_source)
        assert value == pytest.approx(nats / math.log(2) / size, abs=1e-5)
        tokenizer = load(run / "tokenizer.json")
        assert count == sum(len(tokenizer.encode(text).ids) + 1 for text in of_source)  # and each end
    assert rows["item"].to_list() == ["arithmetic", "docs", "reference"]


def test_nats_are_those_of_each_token_after_the_tokens_before_it(run: Path, table: polars.DataFrame) -> None:
    model = load_checkpoint(run / f"checkpoints/{CHECKPOINTS[-1]}", torch.device("cpu"))
    nats = 0.0
    for document in measured.documents(run, "arithmetic"):
        whole = torch.tensor([[*document.tolist(), 0]])
        assert whole.shape[1] <= 65
        with torch.no_grad():
            logs = model(whole[:, :-1]).logits[0].double().log_softmax(-1)
        nats -= logs.gather(1, whole[0, 1:, None]).sum().item()
    found = last(table, "bits_per_byte").filter(polars.col("item") == "arithmetic")["nats"][0]
    assert found == pytest.approx(nats, rel=1e-5)


def test_earlier_checkpoints_read_the_same_declared_sample(table: polars.DataFrame) -> None:
    first, second, whole = (
        table.filter(polars.col("checkpoint") == name, polars.col("benchmark").is_in(["bits_per_byte", "arithmetic"]))
        for name in CHECKPOINTS
    )
    for column in ("item", "count", "bytes"):
        assert first[column].to_list() == second[column].to_list()
    sizes = first.filter(polars.col("benchmark") == "bits_per_byte")["bytes"].to_list()
    assert all(400 <= size < 800 for size in sizes)
    assert first.filter(polars.col("benchmark") == "arithmetic")["count"].to_list() == [5, 5]
    assert whole.filter(polars.col("benchmark") == "arithmetic")["count"].to_list() == [12, 9]


def test_seen_is_what_the_checkpoint_or_one_before_it_has_trained_on(table: polars.DataFrame) -> None:
    rows = table.filter(polars.col("benchmark") == "chunk_loss")
    seen = {(checkpoint, chunk): flag for checkpoint, chunk, flag in rows.select("checkpoint", "item", "seen").rows()}
    expected = {"001": {"001"}, "002": {"001", "003"}, "003-of-003": {"001", "002", "003"}}
    assert seen == {(name, chunk): chunk in expected[name] for name in CHECKPOINTS for chunk in CHUNKS}
    assert rows["count"].unique().to_list() == [3 * 32]  # rows of the longer context are cut


def test_memory_is_told_from_hard_chunks_and_late_checkpoints() -> None:
    cells = [
        {
            "benchmark": "chunk_loss",
            "checkpoint": f"{checkpoint}",
            "item": f"{chunk}",
            "seen": chunk <= checkpoint,
            "value": 5 - checkpoint / 3 + chunk * chunk - 0.25 * (chunk <= checkpoint),
        }
        for checkpoint in range(6)
        for chunk in range(6)
    ]
    assert seen_effect(polars.DataFrame(cells)) == pytest.approx(0.25)
    assert seen_effect(polars.DataFrame(cells).with_columns(seen=polars.lit(True))) is None


def test_the_samples_of_all_checkpoints_are_drawn_from_the_same_seeds_and_all_kept(run: Path) -> None:
    galleries = [read(run / f"gallery/{name}.json")["samples"] for name in CHECKPOINTS]
    keys = [[(s["prompt"], s["number"], s["seed"]) for s in samples] for samples in galleries]
    assert keys[0] == keys[1] == keys[2]
    assert [(prompt, number) for prompt, number, _ in keys[0]] == [
        (p, n) for p in ("", "The <b>", "ab") for n in (1, 2)
    ]
    page = (run / "gallery.html").read_text(encoding="utf-8")
    assert page.count("<pre>") == sum(map(len, galleries)) == 18
    assert page.count("The &lt;b&gt;</b>") == 6 and "The <b>" not in page


def test_the_page_shows_every_benchmark_and_source(run: Path) -> None:
    page = (run / "longitudinal.html").read_text(encoding="utf-8")
    titles = [
        "Bits per byte: arithmetic",
        "Bits per byte: docs",
        "Bits per byte: reference",
        "Arithmetic by level",
        "Cloze",
        "Copied from the training text",
        "Loss by chunk and checkpoint",
        "Seen and unseen chunks",
        "Training loss",
    ]
    copied = read(run / "metrics.json")["copied"] is not None
    assert [title for title in titles if f"<h2>{title}</h2>" in page] == [
        t for t in titles if copied or "Copied" not in t
    ]
    assert page.count("<svg") == page.count("</svg>") == len(titles) - (not copied)
    assert "<img" not in page and "<script" not in page and "http-equiv" not in page


def test_the_same_inputs_give_equal_bytes(run: Path, tmp_path: Path) -> None:
    measured.write(tmp_path)
    measured.measure(tmp_path)
    first, second = (
        {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
        for folder in (run, tmp_path)
    )
    assert first.keys() == second.keys() and len(first) > 30
    assert [name for name, content in first.items() if second[name] != content] == []


def test_the_summary_is_of_the_last_checkpoint_beside_the_baselines(run: Path, table: polars.DataFrame) -> None:
    metrics = read(run / "metrics.json")
    assert metrics["step"] == 30
    bits = dict(last(table, "bits_per_byte").select("item", "value").rows())
    assert metrics["bits_per_byte"] == bits
    known = read(run / "baselines.json")["sources"]["reference"]
    bars = ("lzma_primed", "lzma_primed_all", "kneser_ney", "kneser_ney_all")
    assert metrics["below"] == {"source": "reference"} | {name: bits["reference"] < known[name] for name in bars}
    assert metrics["seen_lowers_loss_by"] == pytest.approx(seen_effect(table), abs=1e-6)
    assert metrics["training_token_shares"] == {"arithmetic": 0.25, "reference": 0.75}
    for name in ("loss", "bits_per_byte", "exact_match"):
        assert {"step", name} <= set(polars.read_csv(run / f"plots/{name}.csv").columns)


def test_a_level_between_20_and_60_percent_is_named(tmp_path: Path, table: polars.DataFrame, run: Path) -> None:
    chosen = polars.col("benchmark") == "arithmetic"
    value = polars.when(chosen & (polars.col("item") == "sums")).then(0.4).when(chosen).then(0.95)
    changed = table.with_columns(value=value.otherwise(polars.col("value")))
    for path in ("order", "baselines.json", "training_log.parquet"):
        (tmp_path / path).symlink_to(run / path)
    changed.write_parquet(tmp_path / "longitudinal.parquet")
    inputs = {"table": ["longitudinal.parquet"], "baselines": ["baselines.json"], "log": ["training_log.parquet"]}
    outputs = {"metrics": "m.json", "table": "t.csv", "loss": "l.csv", "held_out": "b.csv", "arithmetic": "a.csv"}
    measured.run_stage("summary", tmp_path, {**inputs, "orders": ["order/001.parquet"]}, outputs)
    assert read(tmp_path / "m.json")["hard_levels"] == ["sums"]
    named = polars.read_csv(tmp_path / "t.csv").filter(polars.col("note") == "hard level for reinforcement learning")
    assert named["item"].to_list() == ["sums"]


def test_baselines_cost_what_their_text_costs_and_none_is_missing(run: Path) -> None:
    found = read(run / "baselines.json")["sources"]
    assert list(found) == ["arithmetic", "docs", "reference"]
    names = ["bytes", "unigram", "zlib", "lzma", "lzma_primed", "kneser_ney", "kneser_ney_all"]
    for source, values in found.items():
        assert list(values) == names + ["lzma_primed_all"] * (source == "reference")
        assert values["kneser_ney"] < values["unigram"]
        assert values["lzma_primed"] < values["lzma"]


def test_all_runs_of_words_of_the_training_text_are_copied_and_none_of_another(run: Path) -> None:
    known = grams.read_table(run / "grams.u64")
    for text in measured.sentences(1, 12):
        assert grams.known(known, grams.grams(text.upper(), 8)).all()
    other = numpy.concatenate([grams.grams(text, 8) for text in measured.sentences(77, 20)])
    assert len(other) == 20 * 33
    assert not grams.known(known, other).any()


def test_the_worked_answers_to_the_prompts_are_right_and_others_are_not(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = load(run / "tokenizer.json")
    texts = polars.read_parquet(run / "corpus/validation/arithmetic.parquet")["text"].to_list()
    limits: dict[str, int] = {}

    def worked(model: Any, prompts: list[list[int]], most: list[int], *rest: Any) -> list[list[int]]:
        answers = []
        for prompt, limit in zip(prompts, most, strict=True):
            start = tokenizer.decode(prompt[1:])
            if start.endswith("<think>"):
                [text] = [text for text in texts if text.startswith(start)]
                right = tokenizer.encode(text.removeprefix(start)).ids
                assert len(right) < limit
                limits[start] = limit
                answers.append(right if "+" in start and "-" not in start else right[:-1])
            else:
                answers.append([])
        return answers

    monkeypatch.setattr(evaluate, "complete", worked)
    measured.evaluate(run, CHECKPOINTS[-1], whole=True, out="worked/")
    found = polars.read_parquet(run / f"worked/evaluation/{CHECKPOINTS[-1]}.parquet")
    shares = found.filter(polars.col("benchmark") == "arithmetic")
    assert dict(shares.select("item", "value").rows()) == {"easy": 0.0, "sums": 1.0}
    assert len(limits) == 21 and max(limits.values()) < 64
    assert found.filter(polars.col("benchmark") == "copied")["value"].to_list() == [None]
