"""A trial is a build: its account, its objective, how it fails, is stopped, is killed, and goes on."""

import concurrent.futures
import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from modelworks.build import params
from modelworks.eeipu.accounts import Account, Clock, RestoreTimes
from modelworks.eeipu.builds import BuildPipeline, Means, finite_values
from modelworks.eeipu.errors import SweepError
from modelworks.eeipu.measured import measure
from modelworks.eeipu.memo_process import MemoProcess
from modelworks.eeipu.mismatch import Witness
from modelworks.eeipu.processes import Builds
from modelworks.eeipu.stages import Metric
from modelworks.eeipu.trial import Foresight, Outcome, StageCost, Trial
from snakemake_executor_plugin_dvc.ledger import Ledger

from . import diamond, driver
from .diamond import HORIZON, SHARDS, STAGES, TOKENS, VOCAB, WARMUP

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BuildPipeline, Path]]:
    """A sweep of the diamond for two trials at a time on two cores, and the log of what runs."""
    folder = tmp_path_factory.mktemp("builds")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAN", str(folder / "ran"))
        root = diamond.repository(folder / "repository").root
        made = BuildPipeline(diamond.tuned(root), Means(cores=2, parallel=2, clock=Clock("synthetic")))
        yield made, folder / "ran"
        made.close()


@pytest.fixture
def pipeline(started: tuple[BuildPipeline, Path], ran: Path) -> BuildPipeline:
    return started[0]


@pytest.fixture
def ran(started: tuple[BuildPipeline, Path]) -> Path:
    """The log of what runs, empty."""
    for path in started[1].parent.glob("ran*"):
        path.unlink()
    started[1].touch()
    return started[1]


def values(vocab: int, **other: int) -> dict[str, Any]:
    return {VOCAB: vocab, WARMUP: 20, HORIZON: 1, TOKENS: other.get("tokens", 2)}


def run(pipeline: BuildPipeline, number: int, tried: Mapping[str, Any]) -> Outcome:
    return pipeline.run(number, tried, pipeline.foresee(tried))


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline, "not in a minute"
        time.sleep(0.02)
    return found


def processes(ran: Path) -> list[psutil.Process]:
    """What runs in a build's environment, this process apart."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("RAN") == str(ran) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid()]


def test_what_ran_is_charged_by_the_ledger_and_the_rest_by_its_restore(pipeline: BuildPipeline) -> None:
    first = run(pipeline, 1, values(500))
    assert first.status == "ok" and first.value == measured(pipeline, 1)
    assert [stage.stage for stage in first.stages] == list(STAGES)
    assert {stage.stage: (stage.ran, stage.cost, stage.charged) for stage in first.stages} == {
        name: (True, cost, cost) for name, cost in diamond.COSTS.items()
    }
    second = run(pipeline, 2, values(500, tokens=3))
    assert {stage.stage: (stage.ran, stage.cost, stage.charged) for stage in second.stages} == {
        name: (name in ("joined", "validation"), cost, cost if name in ("joined", "validation") else 0.1)
        for name, cost in diamond.COSTS.items()
    }
    assert {stage.group for stage in second.stages} == {group.name for group in pipeline.groups}
    assert len({stage.key for stage in second.stages}) == len(STAGES)
    assert pipeline.restore_cost("joined+1") == 0.2


def measured(pipeline: BuildPipeline, number: int) -> float | None:
    return measure(Path(pipeline._tuned.folder, "trials", f"{number:04d}", "artifacts/validation.json"), "loss")


def test_by_the_ledger_a_restore_costs_its_measured_seconds(pipeline: BuildPipeline) -> None:
    run(pipeline, 3, values(510))
    run(pipeline, 4, values(510))
    folder, ledger = Path(pipeline._tuned.folder, "trials", "0004").resolve(), Ledger(pipeline._cache)
    times = RestoreTimes()
    costs = Account(folder, 0.0, pipeline.groups).costs(ledger, Clock(), times)
    assert [stage.ran for stage in costs] == [False] * 5
    noted = next(note for note in ledger.notes() if note.workspace == str(folder))
    assert [stage.charged for stage in costs] == [
        dict(zip(noted.keys, noted.seconds, strict=True))[stage.key] for stage in costs
    ]
    made = ledger.made()
    assert [stage.cost for stage in costs] == [made[str(stage.key)]["cpu_s"] for stage in costs]
    assert times.typical("text") == costs[0].charged


def test_money_is_the_price_of_the_device() -> None:
    prices = {"cpu": 0.36, "gpu": 3.6}
    on_cpu = {"device": "cpu", "cpu_s": 20.0, "wall_s": 10.0, "figures": {}}
    on_gpu = {**on_cpu, "device": "NVIDIA H100"}
    assert [Clock().cost(record) for record in (on_cpu, on_gpu)] == [20.0, 10.0]
    assert [Clock(prices=prices).cost(record) for record in (on_cpu, on_gpu)] == pytest.approx([0.002, 0.01])
    assert Clock(prices=prices).restore(10.0) == pytest.approx(0.001)
    assert Clock("synthetic").cost({**on_cpu, "figures": {"sweep_cost": 7}}) == 7.0
    assert Clock("synthetic").cost(on_cpu) == 0.0


def test_what_was_never_restored_costs_the_least_that_is_known() -> None:
    times = RestoreTimes()
    assert times.typical("a") == 1e-3
    times.least_run = 0.5
    assert times.typical("a") == 0.5
    times.measured["b"] = [3.0, 1.0, 2.0]
    assert (times.typical("a"), times.typical("b")) == (1.0, 2.0)


def test_a_finished_trial_is_not_built_again(pipeline: BuildPipeline, ran: Path) -> None:
    first = run(pipeline, 5, values(520))
    assert sorted(ran.read_text().split()) == sorted(STAGES)
    folder = Path(pipeline._tuned.folder, "trials", "0005")
    assert params.leaves(params.load(folder / "params.yaml")) == [
        (tuple(key.split(".")), value) for key, value in values(520).items()
    ]
    (folder / "left-by-a-kill").write_text("while it was cleaned up")
    assert run(pipeline, 5, values(520)) == first
    assert sorted(ran.read_text().split()) == sorted(STAGES) and not (folder / "left-by-a-kill").exists()
    other = run(pipeline, 5, values(521))
    assert [stage.ran for stage in other.stages] == [True] * 5, "another trial that had its number"


def test_a_failing_stage_fails_the_trial_with_its_message_and_is_charged(pipeline: BuildPipeline) -> None:
    outcome = run(pipeline, 6, values(530, tokens=13))
    assert (outcome.status, outcome.value, outcome.mismatches) == ("failed", None, ())
    assert outcome.error is not None
    lines = outcome.error.splitlines()
    assert lines[0].startswith("joined failed on ") and lines[2] == "  13 brings bad luck"
    assert {stage.stage: stage.charged for stage in outcome.stages} == {
        name: diamond.COSTS[name] for name in ("text", "left", "right", "joined")
    }
    assert [stage.stage for stage in outcome.stages if stage.key is None] == ["joined"]
    trial = Trial(6, values(530, tokens=13), False, Foresight({}, frozenset()), 0.0, {}, outcome)
    learned = {name for group in pipeline.groups if group.name in trial.costs(pipeline.groups) for name in group.stages}
    assert learned == {"text", "left", "right"}, "how long it took until it failed is not what a run costs"


def test_an_objective_that_is_no_finite_number_has_diverged(
    pipeline: BuildPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = dataclasses.replace(pipeline._tuned, objective=Metric("artifacts/validation.json", "odd"))
    monkeypatch.setattr(pipeline, "_tuned", odd)
    outcome = run(pipeline, 7, values(500))
    assert (outcome.status, outcome.value) == ("diverged", None)
    assert outcome.error == "artifacts/validation.json has no finite number odd" and len(outcome.stages) == len(STAGES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": {"b": 2}}', 2.0),
        ('{"a": {"b": Infinity}}', None),
        ('{"a": {"b": true}}', None),
        ('{"a": 1}', None),
        ("{", None),
    ],
)
def test_an_objective_is_a_finite_number_at_a_dotted_key(tmp_path: Path, text: str, value: float | None) -> None:
    (tmp_path / "m.json").write_text(text)
    assert measure(tmp_path / "m.json", "a.b") == value
    assert measure(tmp_path / "none.json", "a.b") is None


def test_an_objective_key_that_the_first_artifact_lacks_stops_the_sweep_and_leaves_the_trial_open(
    pipeline: BuildPipeline, ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = dataclasses.replace(pipeline._tuned, objective=Metric("artifacts/validation.json", "los"))
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "_tuned", wrong)
        patch.setattr(pipeline, "_folder", tmp_path / "typo")
        with pytest.raises(SweepError) as caught:
            run(pipeline, 1, values(540))
        assert str(caught.value).splitlines()[0] == (
            "sweeps/typo.yaml: objective.key: artifacts/validation.json has no key los; its keys: loss, odd;"
            " the nearest is loss"
        )
        patch.setattr(pipeline, "_tuned", dataclasses.replace(wrong, objective=diamond.VALIDATION))
        assert run(pipeline, 1, values(540)).status == "ok"
        assert ran.read_text().split().count("validation") == 1
        patch.setattr(pipeline, "_tuned", wrong)
        late = run(pipeline, 2, values(540, tokens=3))
    assert late.status == "diverged", "another trial has a value, so the key is right and the trial is not"


def test_an_absent_test_key_is_named_with_its_file_and_those_that_are_there(
    pipeline: BuildPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = dataclasses.replace(pipeline._tuned, test=Metric("artifacts/test.json", "lost"))
    monkeypatch.setattr(pipeline, "_tuned", wrong)
    with pytest.raises(
        SweepError, match=r"^sweeps/toy\.yaml: test\.key: artifacts/test\.json has no key lost; its keys"
    ):
        pipeline.test(values(540))


def test_the_winner_gets_its_test_score(pipeline: BuildPipeline, ran: Path) -> None:
    run(pipeline, 8, values(500))
    assert pipeline.test(values(500)) >= 1000
    assert ran.read_text().split() == ["test"]
    with pytest.raises(SweepError, match="13 brings bad luck"):
        pipeline.test(values(500, tokens=13))


def test_two_trials_at_a_time_share_the_cores(pipeline: BuildPipeline, ran: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda number: run(pipeline, number, values(560 + number)), (10, 11)))
    assert [outcome.status for outcome in outcomes] == ["ok", "ok"]
    assert Path(f"{ran}.threads").read_text().split() == ["1", "1"], "a rule that asks for two threads"


@pytest.mark.parametrize(
    ("cores", "parallel", "shares"),
    [(1, 1, [1]), (1, 3, [1]), (2, 2, [1, 1]), (5, 2, [3, 2]), (2, 4, [1, 1]), (4, 1, [4])],
)
def test_shares_are_never_more_than_the_cores(cores: int, parallel: int, shares: list[int], tmp_path: Path) -> None:
    builds = Builds(tmp_path, cores, parallel, tmp_path / "log")
    assert [builds._shares.get_nowait() for _ in shares] == shares and builds._shares.empty()


def test_with_a_profile_all_trials_at_a_time_run_with_a_core_each_for_what_is_local(tmp_path: Path) -> None:
    builds = Means(cores=2, parallel=4, profile="profiles/slurm").builds(tmp_path, tmp_path / "log")
    assert [builds._shares.get_nowait() for _ in range(4)] == [1, 1, 1, 1] and builds._shares.empty()
    builds = Means(cores=5, parallel=2).builds(tmp_path, tmp_path / "log")
    assert [builds._shares.get_nowait() for _ in range(2)] == [3, 2] and builds._shares.empty()


@pytest.mark.parametrize("killed", ["build", "what it was forked from"])
def test_a_killed_build_goes_on_without_repeating_a_finished_stage(
    pipeline: BuildPipeline, ran: Path, killed: str
) -> None:
    number, vocab = (12, 550) if killed == "build" else (16, 551)
    run(pipeline, number + 5, values(vocab, tokens=4))
    before = {process.pid for process in processes(ran)}
    pause = Path(f"{ran}.wait-joined")
    pause.touch()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(run, pipeline, number, {**values(vocab), HORIZON: 7})
        job = psutil.Process(int(wait_for(lambda: contents(f"{ran}.waiting"))))
        pause.unlink()
        parent = pipeline._builds._parent
        assert parent is not None
        if killed == "build":
            next(one for one in job.parents() if one.ppid() == parent.pid).kill()
        else:
            parent.kill()
        outcome = future.result()
    assert (outcome.status, outcome.error, outcome.mismatches) == ("ok", None, ())
    assert sorted(ran.read_text().split()) == sorted([*STAGES, "right", "joined", "joined", "validation"])
    charged = {stage.stage: stage.charged for stage in outcome.stages}
    assert charged == {**diamond.COSTS, "text": 0.1, "left": 0.1}, "a killed build cannot note its restores"
    left = [process for process in processes(ran) if process.pid not in before]
    assert [process for process in left if "build_process" not in process.cmdline()[-1]] == []


def contents(path: str) -> str:
    return Path(path).read_text().strip() if Path(path).exists() else ""


def test_a_stopped_driver_leaves_no_process_and_its_trial_goes_on(pipeline: BuildPipeline, ran: Path) -> None:
    pause, before = Path(f"{ran}.wait-joined"), {process.pid for process in processes(ran)}
    pause.touch()
    for number in (signal.SIGINT, signal.SIGKILL):
        Path(f"{ran}.waiting").unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.eeipu.driver", pipeline._tuned.root]
        process = subprocess.Popen(command, cwd=PROJECT, start_new_session=True)
        wait_for(lambda: contents(f"{ran}.waiting"))
        os.killpg(process.pid, number)
        assert process.wait(30) == (130 if number == signal.SIGINT else -number)
        wait_for(lambda: {one.pid for one in processes(ran)} <= before)
    pause.unlink()
    outcome = run(pipeline, driver.NUMBER, driver.VALUES)
    assert outcome.status == "ok"
    assert sorted(ran.read_text().split()) == sorted([*STAGES, "joined", "joined"]), "no finished stage was repeated"
    assert {stage.stage: stage.charged for stage in outcome.stages} == diamond.COSTS


def test_a_profile_that_is_given_is_used(pipeline: BuildPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = Path(pipeline._tuned.root, "profiles", "own", "config.yaml")
    profile.parent.mkdir()
    profile.write_text("executor: dvc\ncores: 1\nscheduler: greedy\n")
    monkeypatch.setattr(pipeline, "_means", Means(profile="profiles/own"))
    assert run(pipeline, 15, values(500, tokens=13)).status == "failed", "so that the output stays"
    log = Path(pipeline._tuned.folder, "trials", "0015", "build.log").read_text()
    assert "Using workflow specific profile profiles/own" in log


def test_a_stopped_sweep_interrupts_the_threads_that_build(
    pipeline: BuildPipeline, ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Builds(Path(pipeline._tuned.root), 1, 1, Path(pipeline._tuned.folder, "own.log"))
    monkeypatch.setattr(pipeline, "_builds", own)
    Path(f"{ran}.wait-left").touch()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(run, pipeline, number, values(560)) for number in (13, 14)]
        wait_for(lambda: contents(f"{ran}.waiting"))
        pipeline.stop()
        assert [type(future.exception()) for future in futures] == [KeyboardInterrupt] * 2
    assert not Path(pipeline._tuned.folder, "trials", "0013", "outcome.json").exists()


def test_the_cpu_time_of_look_ups_is_told(pipeline: BuildPipeline) -> None:
    process = pipeline._memo._process
    assert process is not None
    told, used = pipeline.look_up_seconds(), _cpu_seconds(process.pid)
    for vocab in range(600, 620):
        pipeline.foresee(values(vocab))
    more, really = pipeline.look_up_seconds() - told, _cpu_seconds(process.pid) - used
    # The system counts in hundredths of a second.
    assert 0.0 < more <= really + 0.02


def _cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def test_a_look_up_that_was_killed_is_started_anew(pipeline: BuildPipeline) -> None:
    before = pipeline.foresee(values(500))
    assert pipeline._memo._process is not None
    pipeline._memo._process.kill()
    assert pipeline.foresee(values(500)).stages == before.stages


def test_a_searched_structural_key_has_a_graph_for_each_value(pipeline: BuildPipeline, ran: Path) -> None:
    tuned = diamond.tuned(Path(pipeline._tuned.root), "shaped", (VOCAB,), test=None)
    memo = MemoProcess(dataclasses.replace(tuned, values={VOCAB: None, SHARDS: [1, 2]}))
    try:
        assert {group.name: group.keys for group in memo.known.groups} == {
            "text+3": (VOCAB,),
            "validation+1": (SHARDS, VOCAB),
        }
        one, two = (memo.foresee({VOCAB: 500, SHARDS: shards}).stages for shards in (1, 2))
        assert set(two) - set(one) == {"shard--1"}
        places = {dict(shape)[SHARDS]: Path(place).name for shape, place in memo.known.shapes}
        assert places == {1: "base", 2: "1"}
    finally:
        memo.close()


def test_what_cannot_be_swept_is_said_before_anything_is_built(pipeline: BuildPipeline) -> None:
    tuned = diamond.tuned(Path(pipeline._tuned.root), "refused", test=None, target="artifacts/unmarked.json")
    with pytest.raises(SweepError, match=r"objective: no stage of artifacts/unmarked\.json makes artifacts/val"):
        MemoProcess(tuned)


def test_only_few_values_are_finite() -> None:
    @dataclasses.dataclass
    class Parameter:
        kind: str
        low: float = 0
        high: float = 1
        choices: tuple[Any, ...] = ()
        when: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    parameters = {
        "a": Parameter("float"),
        "b": Parameter("int", 1, 3),
        "c": Parameter("int", 1, 100),
        "d.e": Parameter("choice", choices=("x", "y"), when={"b": (1,)}),
    }
    found = finite_values(parameters, {"d": {"e": "z"}})
    assert found == {"a": None, "b": [1, 2, 3], "c": None, "d.e": ["x", "y", "z"]}


def test_the_moment_of_a_result_decides_whether_it_explains(tmp_path: Path) -> None:
    stage = StageCost("a", "g", "ab" * 32, False, 1.0, 1.0)
    record = {"key": stage.key, "workspace": "/other", "started": "2026-01-01T00:00:10Z", "wall_s": 5.0}
    moment = 1767225615.0  # it ended then
    assert Witness(tmp_path, Path("/own"), [record]).others_made(stage, moment)
    assert not Witness(tmp_path, Path("/own"), [record]).others_made(stage, moment + 2)
    assert not Witness(tmp_path, Path("/other"), [record]).others_made(stage, moment), "its own"
    entry = tmp_path / "runs" / "ab" / ("ab" * 32) / "x"
    entry.parent.mkdir(parents=True)
    entry.touch()
    assert Witness(tmp_path, Path("/own"), []).others_made(stage, entry.stat().st_mtime - 1)
    assert not Witness(tmp_path, Path("/own"), []).others_made(stage, entry.stat().st_mtime + 1)
    assert not Witness(tmp_path, Path("/own"), []).others_made(dataclasses.replace(stage, ran=True), 0.0)
