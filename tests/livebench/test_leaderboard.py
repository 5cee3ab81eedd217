"""Claims about averages, intervals, comparisons and the page."""

import json
import re
from pathlib import Path
from typing import Any

import numpy
import polars
import pytest

from modelworks.livebench import averages, judge, leaderboard, question
from modelworks.livebench.averages import LeaderboardError
from modelworks.livebench.leaderboard_page import embedded, page
from modelworks.livebench.resampling import Resampled, Task
from modelworks.lm.stable import write_json, write_parquet
from tests.livebench import boards
from tests.livebench.boards import AUGUST, OCTOBER, SEPTEMBER

COUNTS = {"sums": 4, "products": 2, "echo": 3}
HOSTILE = 'm<script>alert("1")</script>'
MODELS = {"good": 0.7, "bad": 0.3, HOSTILE: 0.5}


@pytest.fixture
def built(tmp_path: Path) -> dict[str, Any]:
    """Two releases, three models, and where their tables lie."""
    shards = boards.write_shards(tmp_path / "questions", COUNTS, [AUGUST, SEPTEMBER])
    releases = {}
    for number, release in enumerate((AUGUST, SEPTEMBER)):
        made = boards.run(
            "select",
            tmp_path / "releases",
            {"questions": f"{release}.parquet", "summary": f"{release}.json"},
            {"shards": shards[: number + 1]},
            release=release,
        )
        releases[release] = made["questions"]
    judgments = []
    for number, (model, share) in enumerate(MODELS.items()):
        for shard in shards:
            questions = question.read(shard)
            texts = ["yes" if boards.right(f"{model} {one.turns}", share) else "no" for one in questions]
            path = tmp_path / "judgments" / str(number) / shard.name
            path.parent.mkdir(parents=True, exist_ok=True)
            answered = boards.write_answers(tmp_path / "answers.parquet", model, questions, texts)
            write_parquet(path, judge.judged(model, questions, judge.answer.read(answered), boards.judge))
            judgments.append(path)
    return {"folder": tmp_path, "releases": releases, "judgments": judgments}


def change(path: Path, **columns: Any) -> None:
    """Overwrite values of the first row."""
    first = polars.int_range(polars.len()) == 0
    table = polars.read_parquet(path)
    table.with_columns(
        polars.when(first).then(polars.lit(value, table.schema[name])).otherwise(polars.col(name)).alias(name)
        for name, value in columns.items()
    ).write_parquet(path)


def value(table: polars.DataFrame, **where: Any) -> dict[str, Any]:
    keys = {"release": SEPTEMBER, "scoring": "strict", "model": "good", "category": None, "task": None} | where
    found = table.filter(*(polars.col(name).eq_missing(polars.lit(one)) for name, one in keys.items()))
    return found.row(0, named=True)


def test_averages_are_means_of_questions_then_tasks_then_categories(built: dict[str, Any]) -> None:
    results = averages.results(built["releases"], built["judgments"])
    table = averages.averages(results)
    assert len(table) == 2 * 2 * 3 * (1 + 2 + 3)
    raw = results.filter(polars.col("model") == "good", polars.col("release") == SEPTEMBER)
    means = {str(task): float(some["strict"].mean()) for (task,), some in raw.group_by("task")}  # type: ignore[arg-type]
    math = (means["sums"] + means["products"]) / 2
    assert value(table, category="math", task="sums")["value"] == pytest.approx(means["sums"])
    assert value(table, category="math")["value"] == pytest.approx(math)
    assert value(table)["value"] == pytest.approx((math + means["echo"]) / 2)
    assert value(table)["questions"] == 2 * sum(COUNTS.values())
    assert value(table, release=AUGUST)["questions"] == sum(COUNTS.values())


def test_an_error_leaves_the_average_and_is_counted(built: dict[str, Any]) -> None:
    first = polars.read_parquet(built["judgments"][0]).row(0, named=True)
    change(built["judgments"][0], score=None, strict=None, status="error", error="HTTP 500")
    results = averages.results(built["releases"], built["judgments"])
    row = value(averages.averages(results), category=first["category"], task=first["task"])
    kept = results.filter(
        polars.col("model") == "good", polars.col("task") == first["task"], polars.col("release") == SEPTEMBER
    )
    assert row["errors"] == 1 and row["questions"] == 8
    assert row["value"] == pytest.approx(kept["strict"].drop_nulls().mean())
    assert kept["strict"].drop_nulls().len() == 7


def test_a_score_that_the_original_does_not_give_is_counted_as_unscored(built: dict[str, Any]) -> None:
    change(built["judgments"][0], score=None, strict=1.0, status="ok")
    table = averages.averages(averages.results(built["releases"], built["judgments"]))
    assert value(table, scoring="compatible")["unscored"] == 1
    assert value(table, scoring="compatible")["value"] < value(table)["value"]
    assert value(table)["unscored"] == 0


def seen(built: dict[str, Any], excluded: set[str]) -> list[Path]:
    """Contamination tables in which the model `good` has seen these questions."""
    paths = []
    results = averages.results(built["releases"], built["judgments"])
    for number, model in enumerate(MODELS):
        ids = results.filter(polars.col("model") == model)["question_id"].unique(maintain_order=True)
        table = polars.DataFrame({"model": [model] * len(ids), "question_id": ids}).with_columns(
            excluded=polars.col("question_id").is_in(list(excluded)) & polars.lit(model == "good"),
            ngram=polars.lit(0.0),
            embedding=polars.lit(0.0),
            reason=polars.lit(""),
        )
        paths.append(built["folder"] / f"seen{number}.parquet")
        table.write_parquet(paths[-1])
    return paths


def test_what_a_model_has_seen_leaves_its_averages_alone_and_is_counted(built: dict[str, Any]) -> None:
    results = averages.results(built["releases"], built["judgments"])
    own = results.filter(polars.col("model") == "good", polars.col("release") == AUGUST).sort("strict")
    wrong = own.row(0, named=True)
    task = own.filter(task=wrong["task"])["strict"]
    assert wrong["strict"] == 0.0 and task.sum() > 0
    paths = seen(built, {wrong["question_id"]})
    table = averages.averages(averages.results(built["releases"], built["judgments"], paths))
    whole = averages.averages(results)
    assert value(table)["excluded"] == 1 and value(table, model="bad")["excluded"] == 0
    assert value(table, model="bad")["value"] == value(whole, model="bad")["value"]
    after = value(table, release=AUGUST, category=wrong["category"], task=wrong["task"])
    assert after["value"] == pytest.approx(task.sum() / (len(task) - 1))


def test_a_missing_judgment_or_comparison_is_named(built: dict[str, Any]) -> None:
    with pytest.raises(LeaderboardError, match=r"good has no judgment of 9 questions; the first: \w{64} of "):
        averages.results(built["releases"], built["judgments"][1:])
    paths = seen(built, set())
    with pytest.raises(LeaderboardError, match="good was not compared with its training corpora for 18 questions; "):
        averages.results(built["releases"], built["judgments"], paths[1:])
    with pytest.raises(LeaderboardError, match="good was compared twice with its training corpora for "):
        averages.results(built["releases"], built["judgments"], [*paths, paths[0]])


def arrays(rng: numpy.random.Generator, *shares: float) -> list[Task]:
    """Two tasks of two categories, a model for each share of right answers."""
    return [
        Task(category, category, (rng.random((60, len(shares))) < numpy.array(shares)).astype(float))
        for category in ("a", "b")
    ]


def test_an_interval_covers_the_true_average_about_as_often_as_it_says() -> None:
    rng = numpy.random.default_rng(3)
    covered = 0
    for trial in range(200):
        bounds = next(Resampled(arrays(rng, 0.6), 300, 0.9, trial).intervals())[2]
        covered += bounds[0, 0] <= 0.6 <= bounds[1, 0]
    assert 165 <= covered <= 195


def test_a_paired_difference_is_narrower_than_the_two_intervals_and_finds_what_is_better() -> None:
    rng = numpy.random.default_rng(5)
    tasks = arrays(rng, 0.5, 0.5, 0.5)
    for task in tasks:
        task.values[:, 1] = numpy.maximum(task.values[:, 0], rng.random(60) < 0.2)  # right where the first is, and more
    drawn = Resampled(tasks, 2000, 0.95, 1)
    [found], [unlike] = drawn.differences(1, [0]), drawn.differences(2, [0])
    assert found and unlike
    assert 0 < found.low < found.estimate < found.high and found.p_value == pytest.approx(2 / 2001)
    assert found.questions == 120
    assert unlike.low < 0 < unlike.high and unlike.p_value > 0.05
    assert found.high - found.low < (unlike.high - unlike.low) / 2
    assert found.estimate == pytest.approx(
        numpy.mean([task.values[:, 1].mean() - task.values[:, 0].mean() for task in tasks])
    )
    same, other = drawn.differences(0, [0, 1])
    assert other and other.estimate == -found.estimate
    assert same and (same.estimate, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_a_difference_counts_questions_of_both_models_only() -> None:
    values = numpy.array([[1.0, 0.0], [numpy.nan, 0.0], [1.0, numpy.nan], [0.0, 0.0]])
    [found] = Resampled([Task("a", "a", values)], 200, 0.95, 1).differences(0, [1])
    assert found and found.questions == 2 and found.estimate == 0.5
    assert Resampled([Task("a", "a", values[1:3])], 200, 0.95, 1).differences(0, [1]) == [None]


def board(built: dict[str, Any], folder: str = "board") -> dict[str, Path]:
    return boards.run(
        "leaderboard",
        built["folder"] / folder,
        {"table": "t.parquet", "comparisons": "c.parquet", "summary": "s.json", "page": "p.html"},
        {"releases": list(built["releases"].values()), "judgments": built["judgments"], "contamination": []},
        releases=",".join(built["releases"]),
    )


def test_the_leaderboard_ranks_by_quality_in_equal_bytes_each_time(built: dict[str, Any]) -> None:
    made, again = board(built), board(built, "again")
    for name, path in made.items():
        assert path.read_bytes() == again[name].read_bytes()
    table = polars.read_parquet(made["table"])
    scores = [value(table, model=model) for model in ("good", HOSTILE, "bad")]
    assert scores[0]["value"] > scores[1]["value"] > scores[2]["value"]
    assert all(one["low"] <= one["value"] <= one["high"] for one in scores)
    pairs = polars.read_parquet(made["comparisons"])
    assert len(pairs) == 2 * 2 * 3
    summary = json.loads(made["summary"].read_text(encoding="utf-8"))
    assert summary["averages"] == table.to_dicts() and summary["comparisons"] == pairs.to_dicts()


def test_the_page_asks_for_nothing_and_no_name_becomes_markup(built: dict[str, Any]) -> None:
    text = board(built)["page"].read_text(encoding="utf-8")
    assert not re.search(r"(src|href|url)\s*[=(]|https?://|@import|\beval\b|innerHTML", text)
    assert "<script>alert" not in text and "\\u003cscript\\u003ealert" in text
    assert text.count("<script") == 2 and text.count("</script>") == 2
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    models = {row[data["columns"].index("model")] for row in data["averages"]}
    assert models == set(MODELS)
    assert "livebench.contamination is off" in text
    summary = {"averages": [], "comparisons": [], "confidence": 0.9, "resamples": 100, "contamination": True}
    assert "Excluded: found in the model&#x27;s training corpora" in page(summary)
    assert json.loads(embedded({"a": "</script>&<!--"})) == {"a": "</script>&<!--"}


def test_the_page_explains_unscored_answers_only_where_it_counts_them(built: dict[str, Any]) -> None:
    summary = json.loads(board(built)["summary"].read_text(encoding="utf-8"))
    one, none = ({**summary, "averages": [{**row, "unscored": n} for row in summary["averages"]]} for n in (1, 0))
    assert "Unscored: " in page(one) and "Unscored: " not in page(none)


def test_live_results_say_what_each_checkpoint_had_been_trained_on(built: dict[str, Any]) -> None:
    made = board(built)
    folders = []
    for number in (1, 2):
        folder = built["folder"] / "checkpoints" / f"{3 - number:03d}"
        folder.mkdir(parents=True)
        write_json(folder / "progress.json", {"step": 30 - 10 * number, "training_tokens": 3000 - 1000 * number})
        folders.append(folder)
    live = boards.run(
        "live",
        built["folder"] / "live",
        {"table": "live.parquet", "page": "live.html"},
        {"leaderboard": [made["table"]], "checkpoints": folders},
        models="good,bad",
        references=HOSTILE,
    )
    table = polars.read_parquet(live["table"])
    assert len(table) == 2 * 2 * 2 * 6
    overall = table.filter(polars.col("category").is_null(), scoring="strict", release=SEPTEMBER)
    assert overall.select("model", "checkpoint", "step", "training_tokens").rows() == [
        ("bad", "001", 10, 1000),
        ("good", "002", 20, 2000),
    ]
    text = live["page"].read_text(encoding="utf-8")
    assert text.count("<svg") == 1 and "2 checkpoints on the questions of release 2026-09-30" in text


def test_without_checkpoints_there_is_an_empty_table(built: dict[str, Any]) -> None:
    live = boards.run(
        "live",
        built["folder"] / "live",
        {"table": "live.parquet", "page": "live.html"},
        {"leaderboard": [board(built)["table"]], "checkpoints": []},
        models="",
        references="",
    )
    assert len(polars.read_parquet(live["table"])) == 0
    assert "No checkpoint of k2 was asked." in live["page"].read_text(encoding="utf-8")


def test_a_new_release_changes_nothing_of_what_an_older_one_shows(built: dict[str, Any]) -> None:
    before = polars.read_parquet(board(built)["table"]).filter(release=AUGUST)
    old = {**built, "releases": {AUGUST: built["releases"][AUGUST]}, "judgments": built["judgments"][::2]}
    assert before.equals(polars.read_parquet(board(old, "old")["table"]))
    assert OCTOBER not in set(before["release"]) and leaderboard.SCORINGS == ("compatible", "strict")
