"""The driver: what it proposes and spends, what it does about failures, and that its log is all it needs to resume."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelworks.eeipu import driver
from modelworks.eeipu.driver import Finish
from modelworks.eeipu.errors import SweepError
from modelworks.eeipu.log import Log
from modelworks.eeipu.methods_simple import Grid
from modelworks.eeipu.resuming import ChangedError
from modelworks.eeipu.simulated import Simulated, Stage
from modelworks.eeipu.sweep_schema import Sweep
from modelworks.eeipu.trial import Foresight, History, Outcome, Pipeline, Proposal, Trial, Values
from tests.eeipu.sweeps import Slow, a_method, a_sweep, loss, pipeline, space_of

ROOT = Path(__file__).parents[2]


def swept(
    path: Path, sweep: Sweep, method: Any = "random", built: Pipeline | None = None, **options: Any
) -> tuple[Finish, Log]:
    space = space_of(sweep)
    with Log(path) as log:
        built = built or pipeline()
        if isinstance(built, Simulated):
            built.replay(log.trials())
        proposer = a_method(method, space) if isinstance(method, str) else method
        return driver.run(sweep, space, built, proposer, log, **options), log


def timeless(path: Path) -> list[dict[str, Any]]:
    """The events of a log without their times, and without the seconds that a method notes of its own work."""
    events = [json.loads(line) for line in path.read_text().splitlines()]
    for event in events:
        event.get("details", {}).pop("seconds", None)
    return [{key: value for key, value in event.items() if key != "at"} for event in events]


@pytest.mark.parametrize(("method", "trials"), [("random", 60), ("near", 60), ("eeipu", 20)])
def test_a_sweep_killed_at_ten_random_moments_has_the_log_of_an_undisturbed_one(
    tmp_path: Path, method: str, trials: int
) -> None:
    if method == "eeipu":
        pytest.importorskip("modelworks.eeipu.methods")
    killed, rng = 0, np.random.default_rng(22238)
    command = [sys.executable, "-m", "tests.eeipu.sweeps"]
    calm, path = tmp_path / "calm" / "log.jsonl", tmp_path / "killed" / "log.jsonl"
    subprocess.run([*command, str(calm), method, str(trials)], cwd=ROOT, check=True, timeout=300)
    assert len(timeless(calm)) == 2 * trials + 2
    whole = calm.stat().st_size
    for moment in sorted(rng.uniform(0.02, 0.9, 10)):
        program = subprocess.Popen([*command, str(path), method, str(trials)], cwd=ROOT)
        while program.poll() is None and (not path.exists() or path.stat().st_size < moment * whole):
            time.sleep(0.0005)
        time.sleep(rng.uniform(0, 0.01))
        program.kill()
        killed += program.wait() == -signal.SIGKILL
    assert killed == 10
    subprocess.run([*command, str(path), method, str(trials)], cwd=ROOT, check=True, timeout=300)
    assert timeless(path) == timeless(calm)
    counts = Counter((event["event"], event.get("trial")) for event in timeless(path))
    assert {trial for kind, trial in counts if kind == "ended"} == set(range(1, trials + 1))
    assert set(counts.values()) == {1}


def test_ctrl_c_stops_proposing_and_leaves_the_trial_open_for_the_resumed_sweep(tmp_path: Path) -> None:
    path, sweep = tmp_path / "log.jsonl", a_sweep()
    released = threading.Event()

    class Interrupted(Simulated):
        def run(self, number: int, values: Values, foresight: Foresight) -> Outcome:
            if number < 6:
                return super().run(number, values, foresight)
            os.kill(os.getpid(), signal.SIGINT)
            assert released.wait(20)
            return Outcome("failed", None, (), (), "killed")

    before = signal.getsignal(signal.SIGINT)
    finish, log = swept(path, sweep, built=pipeline(kind=Interrupted), stop=released.set, test=lambda trial: 0.0)
    assert (finish.reason, finish.status) == ("interrupted", 130)
    assert signal.getsignal(signal.SIGINT) is before
    assert [trial.number for trial in log.trials() if trial.outcome is None] == [6]
    assert log.tested() == {}
    proposed = log.trials()[-1]
    finish, log = swept(path, sweep)
    assert (finish.reason, finish.status) == ("budget", 0)
    assert replace(log.trials()[5], outcome=None) == proposed
    assert all(trial.outcome for trial in log.trials())
    undisturbed, _ = tmp_path / "calm.jsonl", swept(tmp_path / "calm.jsonl", sweep)
    assert timeless(undisturbed) == timeless(path)


def test_the_warm_up_is_the_same_for_all_methods_and_another_with_another_seed(tmp_path: Path) -> None:
    def warm_up(name: str, method: str, seed: int) -> list[Values]:
        _, log = swept(tmp_path / f"{name}.jsonl", a_sweep(seed=seed), method)
        assert [trial.warm_up for trial in log.trials()] == [True] * 4 + [False] * 8
        return [trial.values for trial in log.trials() if trial.warm_up]

    assert warm_up("a", "random", 1) == warm_up("b", "near", 1) != warm_up("c", "random", 2)


@pytest.mark.parametrize("parallel", [1, 3])
def test_a_budget_of_trials_is_met_exactly_warm_up_included(tmp_path: Path, parallel: int) -> None:
    finish, log = swept(tmp_path / "log.jsonl", a_sweep(parallel=parallel))
    assert (len(log.trials()), finish.reason) == (12, "budget")


def test_a_budget_of_seconds_ends_with_the_trial_that_reaches_it(tmp_path: Path) -> None:
    _, log = swept(tmp_path / "log.jsonl", a_sweep(budget={"seconds": 150}))
    charged = [trial.charged for trial in log.trials()]
    assert sum(charged) >= 150 > sum(charged[:-1])
    assert all(trial.proposer == 0 for trial in log.trials())


class Thinking:
    """Spends a known amount of CPU time on a proposal."""

    def propose(self, history: History, pipeline: Pipeline, number: int) -> Proposal:
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass
        return Proposal({"a": number, "kind": "x", "b": 0.5})


class _LooksUpElsewhere(Simulated):
    """Another process answers each look-up, in a hundred seconds of its CPU time."""

    asked = 0

    def foresee(self, values: Any) -> Foresight:
        self.asked += 1
        return super().foresee(values)

    def look_up_seconds(self) -> float:
        """So far."""
        return 100.0 * self.asked


def test_look_ups_in_another_process_are_charged_to_who_asked(tmp_path: Path) -> None:
    sweep = a_sweep(clock="ledger", budget={"trials": 6})
    _, log = swept(tmp_path / "log.jsonl", sweep, "near", built=pipeline(kind=_LooksUpElsewhere))
    warm_up, own = ([t.proposer // 100 for t in log.trials() if t.warm_up is which] for which in (True, False))
    assert warm_up == [1, 1, 1, 1]
    assert own == [11, 11], "ten candidates, and the one of them that is proposed"


def test_the_proposers_own_cpu_time_is_charged_at_its_price(tmp_path: Path) -> None:
    sweep = a_sweep(clock="ledger", budget={"seconds": 200})
    _, log = swept(tmp_path / "log.jsonl", sweep, Thinking())
    own = [trial for trial in log.trials() if not trial.warm_up]
    assert own and all(trial.proposer >= 0.05 for trial in own)
    dollars = replace(a_sweep(clock="ledger", budget={"dollars": 200}), base={"prices": {"cpu": 36.0, "gpu": 1.0}})
    assert dollars.cpu_second == 0.01
    _, log = swept(tmp_path / "dollars.jsonl", dollars, Thinking())
    assert all(0.0005 <= trial.proposer < 0.05 for trial in log.trials() if not trial.warm_up)


class Stuck:
    """Proposes what the first trial was."""

    def propose(self, history: History, pipeline: Pipeline, number: int) -> Proposal:
        return Proposal(dict(history.trials[0].values), {"stuck": True})


def test_a_candidate_that_was_tried_is_replaced_by_a_random_one_and_that_is_counted(tmp_path: Path) -> None:
    _, log = swept(tmp_path / "log.jsonl", a_sweep(), Stuck())
    values = [json.dumps(trial.values, sort_keys=True) for trial in log.trials()]
    assert len(set(values)) == 12
    assert [trial.details for trial in log.trials()[4:]] == [{"stuck": True, "duplicate_of": 1, "redraws": 1}] * 8


def test_a_space_that_is_used_up_ends_the_sweep(tmp_path: Path) -> None:
    small: Any = {"a": {"int": [1, 3]}, "kind": {"choice": ["x", "y"]}}
    objective: Any = lambda values: float(values["a"])  # noqa: E731
    for method in ("random", Stuck()):
        path = tmp_path / f"{type(method).__name__}.jsonl"
        finish, log = swept(path, a_sweep(space=small), method, pipeline(objective))
        assert (finish.reason, finish.status, len(log.trials())) == ("exhausted", 0, 6)
    finish, log = swept(
        tmp_path / "warm.jsonl", a_sweep(space=small, method={"name": "random"}), "random", pipeline(objective)
    )
    assert [trial.warm_up for trial in log.trials()] == [True] * 6


def test_a_grid_is_tried_once_in_its_order_and_then_the_sweep_ends(tmp_path: Path) -> None:
    sweep = a_sweep(method={"name": "grid"}, budget={"trials": 100})
    grid = Grid(space_of(sweep), {"a": 3, "b": 2, "c": 1})
    finish, log = swept(tmp_path / "log.jsonl", sweep, grid)
    assert finish.reason == "exhausted"
    points = list(space_of(sweep).grid({"a": 3, "b": 2, "c": 1}))
    assert [trial.values for trial in log.trials()] == points
    assert len(points) == 12


def test_failed_and_diverged_trials_are_recorded_and_do_not_stop_the_sweep(tmp_path: Path) -> None:
    def objective(values: Values) -> float:
        return math.nan if values["a"] == 3 else loss(values)

    finish, log = swept(tmp_path / "log.jsonl", a_sweep(budget={"trials": 60}), built=pipeline(objective))
    outcomes = {trial.values["a"]: trial.outcome for trial in log.trials()}
    failed, diverged = outcomes[7], outcomes[3]
    assert failed and (failed.status, failed.error) == ("failed", "RuntimeError: seven does not train")
    assert diverged and (diverged.status, diverged.value, diverged.error) == ("diverged", None, "the objective is nan")
    assert len(log.trials()) == 60
    assert finish.winner and finish.winner.values["a"] == 5


def test_an_ok_trial_without_a_finite_value_has_diverged(tmp_path: Path) -> None:
    class Infinite(Simulated):
        def run(self, number: int, values: Values, foresight: Foresight) -> Outcome:
            outcome = super().run(number, values, foresight)
            return replace(outcome, status="ok", value=math.inf, error=None) if number == 2 else outcome

    _, log = swept(tmp_path / "log.jsonl", a_sweep(), built=pipeline(kind=Infinite))
    outcome = log.trials()[1].outcome
    assert outcome and (outcome.status, outcome.value, outcome.error) == ("diverged", None, "the objective is inf")


def test_a_warm_up_that_fails_whole_stops_the_sweep_with_its_first_error_also_when_resumed(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(SweepError) as caught:
            swept(tmp_path / "log.jsonl", a_sweep(), built=pipeline(lambda values: 1 / 0))
        assert str(caught.value) == (
            "the first 4 trials have all failed; trial 1: ZeroDivisionError: division by zero\n"
            "Mend the cause, then begin anew: modelworks sweep clean demo --yes"
        )
    assert len(Log(tmp_path / "log.jsonl").trials()) == 4


def test_what_a_pipeline_raises_stops_the_builds_and_is_raised_and_the_trial_stays_open(tmp_path: Path) -> None:
    class Broken(Simulated):
        def run(self, number: int, values: Values, foresight: Foresight) -> Outcome:
            if number == 5:
                raise RuntimeError("a fault of the program")
            return super().run(number, values, foresight)

    stopped: list[bool] = []
    with pytest.raises(RuntimeError, match="a fault of the program"):
        swept(tmp_path / "log.jsonl", a_sweep(), built=pipeline(kind=Broken), stop=lambda: stopped.append(True))
    assert stopped == [True]
    assert Log(tmp_path / "log.jsonl").trials()[-1].outcome is None


def test_the_winner_is_tested_once_at_the_end_and_again_only_if_another_one_wins(tmp_path: Path) -> None:
    tested: list[int] = []

    def test(trial: Trial) -> float:
        tested.append(trial.number)
        return 0.5

    path = tmp_path / "log.jsonl"
    events: list[str] = []
    for _ in range(2):
        finish, log = swept(path, a_sweep(), test=test, on_event=lambda event: events.append(event["event"]))
        assert finish.winner is not None
        assert tested == [finish.winner.number]
    assert log.tested() == {tested[0]: 0.5}
    assert Counter(events) == {"sweep": 1, "proposed": 12, "ended": 12, "tested": 1}


def test_trials_in_parallel_build_together_and_the_method_waits_for_the_warm_up(tmp_path: Path) -> None:
    together = threading.Barrier(2, timeout=20)

    class Meeting(Simulated):
        def run(self, number: int, values: Values, foresight: Foresight) -> Outcome:
            together.wait()
            return super().run(number, values, foresight)

    seen: list[int] = []

    class Watching:
        def propose(self, history: History, pipeline: Pipeline, number: int) -> Proposal:
            seen.append(len(history.trials))
            assert not any(trial.warm_up for trial in history.pending)
            return Proposal({"a": number, "kind": "x", "b": 0.25})

    swept(tmp_path / "log.jsonl", a_sweep(parallel=2), Watching(), pipeline(kind=Meeting))
    assert len(seen) == 8
    assert seen[0] == 4


def test_only_what_no_trial_depends_on_may_change(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    swept(path, a_sweep())
    _, log = swept(path, a_sweep(budget={"trials": 15}, parallel=2))
    assert len(log.trials()) == 15
    assert [event["event"] for event in log.events].count("changed") == 1
    last = Log(path).sweep()
    assert last and (last["budget"]["trials"], last["parallel"]) == (15, 2)
    changed = replace(a_sweep(seed=2, budget={"seconds": 9}, method={"name": "random"}), base={"k2": {"rate": 1}})
    with pytest.raises(ChangedError) as caught:
        swept(path, changed)
    assert str(caught.value).splitlines() == [
        "sweeps/demo.yaml: method.warm_up was 4 and is null",
        "sweeps/demo.yaml: seed was 1 and is 2",
        "sweeps/demo.yaml: budget was 'trials' and is 'seconds'",
        "params.yaml: k2.rate was not there and is 1",
        f"The trials in {path} are of the sweep as it was: undo the changes, begin anew (modelworks sweep clean demo"
        " --yes), or give the file another name. Only parallel, test and the amount of the budget may change, and"
        " objective.key until a trial has a value",
    ]


def objective(key: str) -> dict[str, str]:
    return {"artifact": "artifacts/join.json", "key": key, "goal": "min"}


def test_the_key_of_the_objective_may_change_until_a_trial_has_a_value(tmp_path: Path) -> None:
    class Refusing(Simulated):
        def run(self, number: int, values: Values, foresight: Foresight) -> Outcome:
            raise SweepError("no such key")

    path = tmp_path / "log.jsonl"
    with pytest.raises(SweepError, match="no such key"):
        swept(path, a_sweep(objective=objective("los")), built=pipeline(kind=Refusing))
    for _ in range(2):
        _, log = swept(path, a_sweep(objective=objective("loss")))
        assert len(log.ended()) == 12
    with pytest.raises(ChangedError, match=r"objective\.key was 'loss' and is 'los'"):
        swept(path, a_sweep(objective=objective("los")))


def test_a_winner_that_cannot_be_tested_ends_the_sweep_and_is_tested_once_the_test_is_mended(tmp_path: Path) -> None:
    def fails(trial: Trial) -> float:
        raise SweepError("no such key")

    def test(key: str) -> dict[str, str]:
        return {"artifact": "artifacts/test.json", "key": key}

    path = tmp_path / "log.jsonl"
    finish, log = swept(path, a_sweep(test=test("los")), test=fails)
    assert finish.winner and str(finish.untested) == "no such key" and finish.reason == "budget"
    for key, score in (("loss", 1.0), ("other", 2.0)):
        finish, log = swept(path, a_sweep(test=test(key)), test=lambda trial, score=score: score)
        assert finish.winner and finish.untested is None
        assert log.tested() == {finish.winner.number: score}


@pytest.mark.parametrize("parallel", [1, 2, 4])
def test_trials_in_parallel_begin_only_where_those_that_run_leave_some_of_the_budget(
    tmp_path: Path, parallel: int
) -> None:
    built = Slow([Stage("only", ("a", "b"), lambda values: 10.0)], lambda values: float(values["a"]))
    space: Any = {"a": {"int": [1, 12]}, "b": {"float": [0.0, 1.0]}}
    sweep = a_sweep(space=space, budget={"seconds": 95}, parallel=parallel)
    _, log = swept(tmp_path / "log.jsonl", sweep, built=built)
    assert sum(trial.charged for trial in log.trials()) == 100


def test_a_changed_graph_is_another_sweep(tmp_path: Path) -> None:
    swept(tmp_path / "log.jsonl", a_sweep())
    built = pipeline()
    built.groups = built.groups[1:]
    with pytest.raises(ChangedError, match="Snakefile: which stages read which of the searched keys has changed"):
        swept(tmp_path / "log.jsonl", a_sweep(), built=built)


def test_what_is_foreseen_is_what_happens_in_every_trial(tmp_path: Path) -> None:
    built = pipeline()
    swept(tmp_path / "log.jsonl", a_sweep(budget={"trials": 60}), "near", built)
    assert built.counts["foreseen"] == built.counts["restored"] > 60
    assert built.counts["mismatched"] == 0
