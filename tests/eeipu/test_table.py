"""The table and the summary of a sweep say what its log says, and nothing else."""

import json
import math
from dataclasses import replace
from pathlib import Path

import polars
import pytest

from modelworks.eeipu import calibration, importance, results, table
from modelworks.eeipu.record import hits
from modelworks.eeipu.trial import StageCost, value_of
from tests.eeipu.records import GROUPS, record


def test_a_row_has_a_trial_as_it_ended() -> None:
    one = record(9)
    rows = table.trials(one)
    assert rows["trial"].to_list() == list(range(9))
    assert rows["status"].to_list() == ["ok"] * 7 + ["failed", "ok"]
    assert rows["value"].to_list() == [value_of(trial) for trial in one.trials]
    assert rows["param.k2.train.learning_rate"].to_list() == [t.values["k2.train.learning_rate"] for t in one.trials]
    assert rows["param.k2.train.momentum"].null_count() == sum("k2.train.momentum" not in t.values for t in one.trials)
    assert rows.schema["param.k2.tokenizer.vocab_size"] == polars.Int64
    assert rows.schema["param.k2.train.optimizer"] == polars.String


def test_what_was_spent_adds_up_and_counts_trials_where_those_are_the_budget() -> None:
    one = record(9)
    rows = table.trials(one)
    assert rows["spent"][-1] == pytest.approx(rows["charged"].sum())
    parts = rows.select(pl for pl in rows.columns if pl.startswith("charged.")).sum_horizontal()
    assert (parts + rows["proposer"]).to_list() == pytest.approx(rows["charged"].to_list())
    assert table.trials(record(9, sweep={"budget": {"trials": 20}}))["spent"].to_list() == list(range(1, 10))


def test_a_failed_trial_has_no_cost_of_what_it_did_not_reach() -> None:
    failed = table.trials(record(9)).row(7, named=True)
    assert failed["cost.train"] is None and failed["charged.train"] is None
    assert failed["cost.tokenizer"] == 5.0
    assert failed["error"] == "k2_train: exit status 1 <here>"


def test_a_group_whose_stage_failed_was_charged_and_has_no_cost() -> None:
    one = record(9)
    trials = list(one.trials)
    assert trials[7].outcome is not None
    stages = (*trials[7].outcome.stages, StageCost("k2_train", "train", None, True, 1.5, 1.5))
    trials[7] = replace(trials[7], outcome=replace(trials[7].outcome, stages=stages))
    failed = table.trials(replace(one, trials=tuple(trials))).row(7, named=True)
    assert (failed["cost.train"], failed["charged.train"]) == (None, 1.5)
    foreseen = calibration.foreseen(replace(one, trials=tuple(trials)))
    assert {found.trial for found in foreseen if found.group == "train"} == {5, 6, 8}


def test_a_group_is_a_hit_if_all_of_it_was_restored() -> None:
    one = record(9)
    for trial in one.trials:
        ran = {stage.stage: stage.ran for stage in trial.outcome.stages} if trial.outcome else {}
        assert hits(trial, GROUPS)["tokenizer"] == (not ran["k2_tokenizer"] and not ran["k2_tokens--train"])
    assert "train" not in hits(one.trials[7], GROUPS)


def test_the_best_trial_follows_the_goal() -> None:
    low, high = record(), record(sweep={"objective": {"artifact": "a.json", "key": "accuracy", "goal": "max"}})
    values = [value for trial in low.trials if (value := value_of(trial)) is not None]
    summaries = table.summary(low), table.summary(high)
    assert [one["best"]["value"] for one in summaries] == [min(values), max(values)]
    assert high.best_so_far()[-1] == max(values)


def test_the_summary_counts_trials_reuse_and_predictions() -> None:
    one = table.summary(record(9, tested=3.25))
    assert one["trials"] == {"ended": 9, "warm_up": 5, "running": 0, "ok": 8, "failed": 1, "diverged": 0}
    assert one["test"] == 3.25
    assert one["predictions"] == {"groups_right": 26, "groups_wrong": 0, "unexplained": 0}
    rows = table.trials(record(9))
    costs = rows.select(name for name in rows.columns if name.startswith("cost.")).sum_horizontal().sum()
    paid = rows.select(name for name in rows.columns if name.startswith("charged.")).sum_horizontal().sum()
    assert one["reused_share_of_cost"] == pytest.approx(1 - paid / costs, abs=0.01)


def test_only_what_ran_tests_a_cost_model() -> None:
    found = calibration.foreseen(record())
    assert {one.group for one in found} == {"tokenizer", "train"}
    assert len([one for one in found if one.group == "train"]) == 18  # 19 after the warm-up, of which one failed before
    figures = calibration.figures(found)
    assert figures["within_95"] >= figures["within_80"] > 0
    error = math.sqrt(sum((one.actual - one.mean) ** 2 for one in found) / len(found))
    assert figures["rms_error_of_log_cost"] == pytest.approx(error)
    assert calibration.figures([])["predictions"] == 0


def test_importance_finds_the_key_that_matters_and_needs_ten_trials() -> None:
    one = record(40, failing=())
    values, targets = [trial.values for trial in one.trials], [value_of(trial) or 0.0 for trial in one.trials]
    found = importance.measure(values, targets, seed=1)
    assert found is not None
    by_key = dict(zip(found.keys, found.mean, strict=True))
    assert max(by_key, key=by_key.__getitem__) == "k2.train.learning_rate"
    assert by_key["k2.train.learning_rate"] > 5 * abs(by_key["k2.train.optimizer"])
    assert found == importance.measure(values, targets, seed=1)
    assert importance.measure(values[:9], targets[:9], seed=1) is None
    assert importance.measure(values, [1.0] * 40, seed=1) is None


def test_the_same_record_gives_the_same_bytes(tmp_path: Path) -> None:
    written = [results.write(record(), tmp_path / name) for name in ("one", "two")]
    assert len(written[0]) == 7
    for first, second in zip(*written, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name
    assert json.loads(written[0][1].read_text())["sweep"] == "small"


def test_a_sweep_without_a_value_has_a_table_and_a_summary_too(tmp_path: Path) -> None:
    paths = results.write(record(2, failing=(0, 1)), tmp_path)
    assert polars.read_parquet(paths[0])["value"].null_count() == 2
    assert json.loads(paths[1].read_text())["best"] is None
