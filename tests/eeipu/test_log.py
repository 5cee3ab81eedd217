"""The trial log: what is on disk is what a sweep remembers, whatever killed it, and one driver writes it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modelworks.eeipu import accounting
from modelworks.eeipu.log import Log, LogError
from modelworks.eeipu.observations import objective_table
from modelworks.eeipu.parameter import Parameter
from modelworks.eeipu.space import Space
from modelworks.eeipu.trial import Foresight, Outcome, Proposal, StageCost, ranked
from tests.eeipu.sweeps import a_sweep

FORESIGHT = Foresight({"tokens": "restore", "model": "run"}, frozenset({"tokens"}))
BEGIN = {"event": "sweep", "version": 1, "sweep": {}, "base": {}, "groups": []}


def outcome(value: float | None, status: Any = "ok", charged: float = 3.0) -> Outcome:
    stages = (
        StageCost("tokens", "tokens", "k1", False, 5.0, 0.5),
        StageCost("model", "model", None, True, charged, charged),
    )
    return Outcome(status, value, stages, ("model: foreseen to run",), None if value is not None else "it broke")


def written(path: Path, values: tuple[float | None, ...] = (0.1 + 0.2, None)) -> Log:
    """A log with a trial for each value, the last trial but one failed, and one that runs."""
    log = Log(path)
    with log:
        log.append(BEGIN)
        for number, value in enumerate(values, 1):
            log.propose(
                number, Proposal({"a": 0.1 * number, "b": [1]}, {"why": float("nan")}), number == 1, FORESIGHT, 2.0
            )
            log.end(number, outcome(value, "ok" if value is not None else "failed"))
        log.propose(len(values) + 1, Proposal({"a": 1}), False, FORESIGHT, 2.0)
    return log


def test_what_is_read_of_a_log_is_what_was_written_to_the_last_bit(tmp_path: Path) -> None:
    log = written(tmp_path / "log.jsonl")
    again = Log(tmp_path / "log.jsonl")
    assert again.trials() == log.trials()
    assert again.events == log.events
    first, second, third = again.trials()
    assert (first.values, first.outcome, first.foresight) == ({"a": 0.1, "b": [1]}, outcome(0.1 + 0.2), FORESIGHT)
    assert first.details == {"why": "nan"}
    assert (first.charged, second.warm_up, third.outcome) == (5.5, False, None)


def test_a_line_torn_at_any_byte_is_cut_off_and_nothing_before_it_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    whole = len(written(path).trials())
    content = path.read_bytes()
    last = content.rfind(b"\n", 0, -1) + 1
    for end in (last + 1, (last + len(content)) // 2, len(content) - 1):
        path.write_bytes(content[:end])
        assert len(Log(path).trials()) == whole - 1
        assert path.stat().st_size == end, "reading changes nothing"
        with Log(path) as log:
            assert path.read_bytes() == content[:last]
            log.propose(3, Proposal({"a": 1}), False, FORESIGHT, 2.0)
        assert len(Log(path).trials()) == whole


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("{broken", "line 3 is no JSON"),
        ('{"event": "proposed"}', "line 3 is not a whole event (KeyError: 'trial')"),
        ('{"event": "done"}', "line 3 has an unknown event, 'done'"),
        ('{"event": "ended", "trial": 9}', "line 3 is of trial 9, which was not proposed"),
        ('{"event": "tested", "trial": 1}', "line 3 is of trial 1, which has not ended"),
        (json.dumps(BEGIN), "line 3 is a second beginning"),
        ("same", "line 3 proposes trial 1 again"),
    ],
)
def test_a_line_that_does_not_follow_is_an_error_that_names_file_line_and_remedy(
    tmp_path: Path, line: str, text: str
) -> None:
    path = tmp_path / "demo" / "log.jsonl"
    written(path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], lines[1] if line == "same" else line, *lines[2:], ""]))
    with pytest.raises(LogError) as caught:
        Log(path)
    remedy = "Restore the file, or begin anew: modelworks sweep clean demo --yes"
    assert str(caught.value) == f"{path}: {text}. {remedy}"


def test_a_trial_ends_once_and_a_log_of_another_version_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "demo" / "log.jsonl"
    written(path)
    with Log(path) as log:
        before = path.read_bytes()
        with pytest.raises(LogError, match="is of trial 1, which has ended"):
            log.end(1, outcome(1.0))
        assert path.read_bytes() == before
    path.write_text(json.dumps({**BEGIN, "version": 2}) + "\n")
    with pytest.raises(LogError, match="line 1 has version 2, this program writes version 1"):
        Log(path)
    path.write_text('{"event": "proposed"}\n')
    with pytest.raises(LogError, match="line 1 stands before the sweep's own"):
        Log(path)


def test_a_second_driver_is_kept_out_and_told_of_the_first_but_may_read(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with written(path):
        with pytest.raises(LogError, match=f"another driver runs this sweep: pid {os.getpid()} on host"), Log(path):
            pass
        assert len(Log(path).trials()) == 3
    with Log(path):
        pass


def test_the_lock_of_a_killed_driver_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    program = (
        "import os, signal, sys; from pathlib import Path; from modelworks.eeipu.log import Log\n"
        "with Log(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == -9
    with Log(path) as log:
        log.append(BEGIN)


def test_a_log_is_not_written_without_its_lock(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="is written to by whoever holds its lock only"):
        Log(tmp_path / "log.jsonl").append(BEGIN)


def test_a_full_disk_leaves_no_part_of_an_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.jsonl"
    written(path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with Log(path) as log:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(LogError, match="cannot be written: No space left on device; the sweep can be resumed"):
            log.end(3, outcome(1.0))
        assert log.trials()[-1].outcome is None
    assert path.read_bytes() == before


def test_what_is_spent_is_the_charges_of_all_trials_with_their_proposals_or_their_number(tmp_path: Path) -> None:
    log = written(tmp_path / "log.jsonl")
    seconds = accounting.history(log, a_sweep(budget={"seconds": 60}), ())
    assert (seconds.spent, seconds.spent_by_warm_up, seconds.budget) == (5.5 + 5.5 + 2.0, 5.5, 60.0)
    trials = accounting.history(log, a_sweep(budget={"trials": 60}), ())
    assert (trials.spent, trials.spent_by_warm_up) == (3.0, 1.0)
    assert [len(seconds.trials), len(seconds.pending)] == [2, 1]


@pytest.mark.parametrize(("goal", "learned", "winner"), [("min", [-5, -1, -5, -5], 2), ("max", [5, 1, 1, 5], 1)])
def test_a_failed_trial_has_the_worst_value_for_methods_and_never_wins(
    tmp_path: Path, goal: str, learned: list[float], winner: int
) -> None:
    log = written(tmp_path / "log.jsonl", (5.0, 1.0, None, 5.0))
    sweep = a_sweep(objective={"artifact": "x", "key": "y", "goal": goal})
    history = accounting.history(log, sweep, ())
    assert objective_table(Space({"a": Parameter("float", 0.0, 1.0)}), history).y.tolist() == learned
    assert ranked(log.trials(), sweep.maximize)[0].number == winner
    failed = history.trials[2].outcome
    assert failed is not None and failed.value is None
