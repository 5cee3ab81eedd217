"""Claims about what is made of the runs of a comparison: counted within the budget, after the warm-up, paired."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from modelworks.eeipu import benchmark, claims, comparison, comparison_tables, evidence
from modelworks.eeipu.benchmark import METHODS, REAL, Run, Tried, read_runs, tried, write_runs
from modelworks.eeipu.problems import PROBLEMS
from modelworks.eeipu.trial import Foresight, Outcome, StageCost, Trial
from modelworks.stage import Stage

MARGINS = {"confidence": 0.95, "times_the_candidates": 2.0, "better_value": 0.0, "control_within": 0.1}
OPTIMUM = PROBLEMS["diamond"].optimum


def trial(value: float | None, charged: float = 10.0, warm_up: bool = False, restored: int = 0) -> Tried:
    return Tried(warm_up, value, charged, restored, 4, 0, 0.5)


def run(*trials: Tried, problem: str = "diamond", method: str = "eeipu", seed: int = 0, budget: float = 100.0) -> Run:
    return Run(problem, method, seed, budget, problem != REAL, trials, "1aa781a")


def paired(times: float, better: float) -> list[Run]:
    """The whole design: EEIPU has `times` the candidates of each other method, and ends `better` of the way further."""
    runs = []
    for problem, method, seed in [*benchmark.synthetic_cells(), *benchmark.real_cells()]:
        own, control = method == "eeipu", problem in benchmark.CONTROLS
        count = round((20 + seed) * (times if own and not control else 1))
        optimum = 0.0 if problem == REAL else PROBLEMS[problem].optimum
        sign = -1.0 if problem == REAL else 1.0
        end = optimum - sign * (0.5 - (better if own else 0) + 0.001 * seed + 0.0001 * METHODS.index(method) * seed)
        trials = [trial(optimum - sign, 1.0, warm_up=True), *[trial(end, 1.0) for _ in range(count)]]
        runs.append(run(*trials, problem=problem, method=method, seed=seed, budget=1000.0))
    return runs


def test_candidates_are_counted_after_the_warm_up_and_while_they_end_within_the_budget() -> None:
    one = run(*[trial(1.0, 20, warm_up=True)] * 2, *[trial(2.0, 20)] * 3, trial(9.0, 1))
    assert evidence.candidates(one) == 3  # the last begins within, and ends beyond
    assert evidence.end_value(one) == 2.0
    assert evidence.candidates(replace(one, budget=101.0)) == 4
    assert evidence.end_value(replace(one, budget=101.0)) == 9.0


def test_failed_trials_count_as_candidates_and_have_no_value() -> None:
    one = run(trial(1.0, warm_up=True), trial(None), trial(0.5))
    assert evidence.candidates(one) == 2
    assert evidence.end_value(one) == 1.0


def test_where_less_is_better_the_best_value_is_the_smallest() -> None:
    one = run(trial(3.0, warm_up=True), trial(2.0), trial(2.5), problem=REAL)
    assert (evidence.warm_up_value(one), evidence.end_value(one)) == (3.0, 2.0)
    other = run(trial(3.0, warm_up=True), trial(1.0), problem=REAL, method="ei")
    assert evidence.Progress([one, other]).closed(one) == pytest.approx(0.5)  # the best of any run is the optimum


def test_progress_is_the_share_of_the_way_from_the_warm_up_to_the_optimum() -> None:
    half = run(trial(OPTIMUM - 4, warm_up=True), trial(OPTIMUM - 2))
    progress = evidence.Progress([half])
    assert progress.closed(half) == pytest.approx(0.5)
    assert progress.closed(run(trial(OPTIMUM - 4, warm_up=True), trial(OPTIMUM - 5))) == 0.0
    assert progress.closed(run(trial(OPTIMUM - 4, warm_up=True), trial(OPTIMUM))) == 1.0


def test_the_area_is_that_under_the_steps_of_the_best_value_over_what_the_warm_up_left() -> None:
    one = run(
        trial(OPTIMUM - 4, 20, warm_up=True),
        trial(OPTIMUM - 3, 20),  # a quarter of the way from a quarter of what was left on
        trial(OPTIMUM - 3.5, 20),
        trial(OPTIMUM, 20),  # all of it from three quarters on
        trial(OPTIMUM, 30),  # ends beyond the budget
    )
    progress = evidence.Progress([one])
    assert progress.area(one) == pytest.approx(0.5 * 0.25 + 0.25 * 1.0)
    grid = np.linspace(0, 1, 100_001)
    assert progress.curve(one, grid).mean() == pytest.approx(progress.area(one), abs=1e-4)
    early = run(trial(OPTIMUM - 4, 20, warm_up=True), trial(OPTIMUM, 1))
    assert progress.area(early) > 0.98


def test_contrasts_are_paired_by_seed_and_adjusted_over_all_problems_and_methods() -> None:
    runs = paired(2.0, 0.1)
    runs = [one for one in runs if one.problem in ("diamond", "fork")]
    found = evidence.contrasts(runs, "closed", evidence.Progress(runs).closed, "eeipu", False, 0.95)
    assert {(one.problem, one.against) for one in found} == {
        (problem, method) for problem in ("diamond", "fork") for method in METHODS if method != "eeipu"
    }
    for one in found:
        own, other = (
            [evidence.Progress(runs).closed(run) for run in runs if (run.problem, run.method) == (one.problem, method)]
            for method in ("eeipu", one.against)
        )
        test = stats.ttest_rel(own, other)
        assert one.p_value == pytest.approx(test.pvalue)
        low, high = test.confidence_interval(0.95)
        assert (one.interval.low, one.interval.high) == (pytest.approx(low), pytest.approx(high))
        assert one.p_value <= one.adjusted <= min(1.0, len(found) * one.p_value) + 1e-15
    ratios = evidence.contrasts(runs, "candidates", evidence.candidates, "eeipu", True, 0.95)
    assert all(one.interval.estimate == pytest.approx(2.0) for one in ratios)


def test_holm_multiplies_each_p_value_by_how_many_are_left_and_never_falls() -> None:
    assert evidence.holm_adjusted([0.04, 0.01, 0.03, 0.5]) == pytest.approx([0.09, 0.04, 0.09, 0.5])
    assert evidence.holm_adjusted([0.9, 0.8]) == [1.0, 1.0]


def test_methods_with_other_seeds_are_not_compared() -> None:
    values = {("diamond", "eeipu"): {0: 1.0, 1: 2.0}, ("diamond", "ei"): {0: 1.0, 2: 2.0}}
    with pytest.raises(ValueError, match="eeipu and ei were not run with the same seeds on each of diamond"):
        evidence.over_problems(values, ["diamond"], "eeipu", "ei", ratio=False)


def test_claims_follow_from_the_runs() -> None:
    verdicts = {found.claim.name: found.verdict for found in claims.judged(paired(2.5, 0.1), MARGINS)}
    assert set(verdicts.values()) == {"supported"}
    assert len(verdicts) == 2 + 4 + 2 * len(benchmark.CONTROLS) + 2
    fewer = {found.claim.name: found.verdict for found in claims.judged(paired(1.2, -0.1), MARGINS)}
    assert {name for name, outcome in fewer.items() if outcome == "supported"} == {
        f"{control}-{side}" for control in benchmark.CONTROLS for side in ("not-fewer", "not-more")
    }
    assert "inconclusive" not in fewer.values()


def test_without_runs_of_the_real_pipeline_nothing_is_claimed_of_it() -> None:
    runs = [one for one in paired(2.5, 0.1) if one.problem != REAL]
    assert not [found for found in claims.judged(runs, MARGINS) if "real" in found.claim.name]


def test_a_claim_is_not_judged_on_a_part_of_the_design() -> None:
    runs = paired(2.5, 0.1)
    with pytest.raises(
        ValueError, match=r"^2 runs of the comparison are missing \(branin-hartmann-beale/random/0, k2/"
    ):
        claims.judged([one for one in runs[1:] if one.cell != (REAL, "ei", 2)], MARGINS)


def test_the_table_of_runs_is_read_as_it_was_written(tmp_path: Path) -> None:
    runs = [*paired(1.0, 0.0)[:30], run(trial(None, 1 / 3), trial(1.5, restored=3), method="other")]
    write_runs(tmp_path / "runs.parquet", runs)
    found = read_runs(tmp_path / "runs.parquet")
    assert {one.cell: one.trials[1:] for one in found} == {one.cell: one.trials[1:] for one in runs}
    assert found[[one.method for one in found].index("other")].trials[0].charged == pytest.approx(1 / 3, abs=1e-6)
    with pytest.raises(ValueError, match=r"\('diamond', 'other', 0\) is there more than once"):
        write_runs(tmp_path / "runs.parquet", [*runs, runs[-1]])


def test_a_trial_of_a_log_is_counted_with_its_charge_and_what_was_restored() -> None:
    stages = (StageCost("a", "a", "k", False, 5.0, 0.1), StageCost("b", "b", "k", True, 7.0, 7.0))
    outcome = Outcome("ok", 3.5, stages, ("a: foreseen to run, but it was restored",))
    one = Trial(4, {}, False, Foresight({}, frozenset()), 0.5, {}, outcome)
    assert tried(one, 1.25) == Tried(False, 3.5, pytest.approx(7.6), 1, 2, 1, 1.25)
    with pytest.raises(ValueError, match="trial 4 has not ended"):
        tried(replace(one, outcome=None), 0.0)


def test_the_stage_writes_claims_in_the_projects_form(tmp_path: Path) -> None:
    write_runs(tmp_path / "runs.parquet", paired(2.5, 0.1))
    inputs, outputs = {"runs": [tmp_path / "runs.parquet"]}, {"claims": [tmp_path / "claims.json"]}
    claims.main(Stage("modelworks.eeipu.claims", "eeipu_claims", inputs, outputs, {"eeipu": {"claims": MARGINS}}))
    found = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))
    assert found["system"].startswith("eeipu")
    first = found["claims"][0]
    assert (first["name"], first["margin"], len(first["seeds"])) == ("candidates-synthetic", 2.0, 10)
    assert "148 %" in first["reported_by_the_paper"]["text"]


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    one = run(trial(1.0, 1 / 3, warm_up=True), trial(None))
    benchmark.write_run(tmp_path / "one.json", one)
    assert benchmark.read_run(tmp_path / "one.json") == one
    assert [file.name for file in tmp_path.iterdir()] == ["one.json"]


def test_the_page_and_the_tables_show_every_problem_method_and_contrast() -> None:
    runs = paired(2.5, 0.1)
    found = {table.title: table for table in comparison_tables.tables(runs, 0.95)}
    assert found["Candidates"].header == ("problem", *METHODS)
    assert {row[0] for row in found["Candidates"].rows} == {*PROBLEMS, REAL}
    assert len(found["Contrasts"].rows) == 3 * (4 * len(PROBLEMS) + 2)
    diamond = next(row for row in found["Candidates"].rows if row[0] == "diamond")
    assert diamond[1].startswith("24.5 (") and diamond[4].startswith("61.2 (")
    real = next(row for row in found["Candidates"].rows if row[0] == REAL)
    assert real[1] == real[5] == "" and real[2].startswith("21.0 (")
    page = comparison.page(runs, 0.95)
    assert page.count("<svg") == 2 and page.count("<table>") == len(found)
    assert comparison.page(runs, 0.95) == page
    text = comparison_tables.markdown(found["Area"])
    assert text.splitlines()[0] == "### Area"
    assert {line.count("|") for line in text.splitlines() if line.startswith("|")} == {len(METHODS) + 2}


def test_proposing_is_told_by_the_slowest_proposal_of_a_run() -> None:
    slow = replace(trial(1.0), proposer_s=2.5)
    runs = [run(trial(1.0, warm_up=True), slow, trial(1.0), seed=seed) for seed in (0, 1)]
    (row,) = comparison_tables.proposing(runs).rows
    assert row == ("diamond", "2.50 (2.50 to 2.50)")
