"""A sweep file made ready over a real small graph: what a refused, a stopped and a changed sweep leave for the next."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelworks.build import params
from modelworks.build.errors import ModelworksError
from modelworks.eeipu import dependent, places, state
from modelworks.eeipu.assemble import Assembled, Resources, assemble
from modelworks.eeipu.errors import SweepError
from modelworks.eeipu.log import Log
from modelworks.eeipu.resuming import ChangedError, differences
from modelworks.eeipu.state import StateError

from . import diamond
from .diamond import HORIZON, SHARDS, TEST, VALIDATION, VOCAB

MARKED = {"artifact": VALIDATION.artifact, "key": "loss", "goal": "min"}
UNMARKED = {**MARKED, "artifact": "artifacts/unmarked.json"}


class Sweeps:
    """A repository of the diamond, and its sweep files."""

    def __init__(self, root: Path) -> None:
        self.root = diamond.repository(root).root

    def write(self, name: str, **changes: Any) -> Path:
        """A sweep of one random trial, with other sections."""
        file = {
            "target": VALIDATION.artifact,
            "objective": MARKED,
            "space": {VOCAB: {"int": [400, 500]}},
            "budget": {"trials": 1},
            "method": {"name": "random", "warm_up": 1},
        }
        path = self.root / "sweeps" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump({**file, **changes}))
        return path

    def ready(self, path: Path) -> None:
        """Make a sweep ready, and begin nothing."""
        with assemble(path, self.root, Resources(1)):
            pass

    def run(self, path: Path) -> None:
        with assemble(path, self.root, Resources(1)) as assembled:
            assert isinstance(assembled, Assembled)
            assert assembled.run(lambda event: None).winner is not None

    def folder(self, path: Path) -> Path:
        return self.root / state.SWEEPS / path.stem

    def values(self, path: Path, place: str, *keys: str) -> list[Any]:
        """What the params.yaml of a folder of a sweep says."""
        found = params.load(self.folder(path) / place / params.FILE)
        return [params.reads(found, key)[key] for key in keys]


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sweeps]:
    before, folder = Path.cwd(), tmp_path_factory.mktemp("assemble")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAN", str(folder / "ran"))
        yield Sweeps(folder / "repository")
    os.chdir(before)


def test_a_sweep_that_was_refused_is_built_with_what_its_file_says_by_then(sweeps: Sweeps) -> None:
    with pytest.raises(SweepError, match="objective: no stage"):
        sweeps.ready(sweeps.write("mended", objective=UNMARKED))
    path = sweeps.write("mended", set={HORIZON: 77})
    sweeps.run(path)
    first = Log(sweeps.folder(path) / state.LOG).first()
    assert first is not None and first["base"]["k2"]["train"]["horizon_steps"] == 77
    assert sweeps.values(path, "base", HORIZON) == [77]
    lock = (sweeps.folder(path) / "trials/0001/dvc.lock").read_text()
    assert [line.split()[-1] for line in lock.splitlines() if HORIZON in line] == ["77"]


def test_a_sweep_that_was_stopped_before_its_first_event_has_the_shapes_and_the_params_of_its_next_start(
    sweeps: Sweeps,
) -> None:
    path = sweeps.write("stopped", space={VOCAB: {"int": [400, 500]}, SHARDS: {"choice": [1, 2]}})
    sweeps.ready(path)
    assert sweeps.values(path, "shapes/1", SHARDS) == [2]
    sweeps.write("stopped", space={VOCAB: {"int": [400, 500]}, SHARDS: {"choice": [1, 3]}})
    sweeps.ready(path)
    assert sweeps.values(path, "shapes/1", SHARDS) == [3]
    before = _edited(sweeps.root, "shards: 1", "shards: 3")
    sweeps.ready(path)
    (sweeps.root / params.FILE).write_text(before)
    assert (sweeps.values(path, "base", SHARDS), sweeps.values(path, "shapes/0", SHARDS)) == ([3], [1])
    assert not (sweeps.folder(path) / "shapes/1").exists()


def test_changed_params_are_refused_of_a_sweep_that_has_begun_and_its_workspaces_stay(sweeps: Sweeps) -> None:
    path = sweeps.write("begun", set={HORIZON: 5})
    sweeps.run(path)
    made = (sweeps.folder(path) / "base" / params.FILE).stat().st_ino
    before = _edited(sweeps.root, "warmup_steps:", "warmup_steps: 1")
    with pytest.raises(ChangedError, match=r"params\.yaml: k2\.train\.warmup_steps was"):
        sweeps.ready(path)
    (sweeps.root / params.FILE).write_text(before)
    sweeps.run(path)
    assert (sweeps.folder(path) / "base" / params.FILE).stat().st_ino == made


def _edited(root: Path, old: str, new: str) -> str:
    """Replace the first `old`, and what follows on its line; the text as it was."""
    path = root / params.FILE
    before = path.read_text()
    head, found, rest = before.partition(old)
    assert found
    path.write_text(head + new + rest[rest.index("\n") :])
    return before


def test_a_base_with_other_values_than_the_log_is_refused_with_the_key(sweeps: Sweeps) -> None:
    path = sweeps.write("foreign", set={HORIZON: 6})
    sweeps.run(path)
    base = sweeps.folder(path) / "base" / params.FILE
    base.write_text(base.read_text().replace("horizon_steps: 6", "horizon_steps: 0"))
    with pytest.raises(ModelworksError) as caught:
        sweeps.ready(path)
    assert "base/params.yaml: k2.train.horizon_steps was 0 and is 6 in the sweep" in str(caught.value)
    assert "begin anew: modelworks sweep clean foreign --yes" in str(caught.value)


def test_a_base_that_a_kill_has_left_without_params_is_made_anew(sweeps: Sweeps) -> None:
    path = sweeps.write("halved", set={HORIZON: 8})
    sweeps.run(path)
    (sweeps.folder(path) / "base" / params.FILE).unlink()
    sweeps.run(path)
    assert sweeps.values(path, "base", HORIZON) == [8]


def test_long_values_that_differ_at_their_end_are_different() -> None:
    then, now = ({"k2": {"files": [f"data/{number}.txt" for number in range(40)] + [last]}} for last in ("a", "b"))
    (text,) = differences(then, now)
    assert text.startswith("k2.files was ['data/0.txt', ")
    assert differences(then, then) == []


def test_a_process_whose_parent_has_died_before_it_could_ask_ends_without_running_its_module(tmp_path: Path) -> None:
    (tmp_path / "late.py").write_text("def main():\n    print('ran')\n")
    environ = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    mine = dependent.command("late")
    for command, status, said in ((mine, 0, "ran\n"), ([*mine[:3], "1", "late"], 1, "")):
        ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout) == (status, said), ran.stderr


def faults(sweeps: Sweeps, **changes: Any) -> list[str]:
    """Why a sweep file with other sections is refused, without the file's name."""
    path = sweeps.write("faulty", **changes)
    with pytest.raises(SweepError) as caught:
        sweeps.ready(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith("sweeps/faulty.yaml: ") for line in lines)
    return [line.removeprefix("sweeps/faulty.yaml: ") for line in lines]


def test_options_target_test_metric_and_objective_are_told_at_once(sweeps: Sweeps) -> None:
    found = faults(
        sweeps,
        target="artifacts/validatoin.json",
        objective={**MARKED, "artifact": TEST.artifact},
        test={"artifact": VALIDATION.artifact, "key": "loss"},
        method={"name": "tpe", "startup": 5},
    )
    assert len(found) == 4
    assert found[0].startswith("method.startup is no option of tpe")
    assert found[1].startswith('test: artifacts/validation.json is made by rule validation, which says measures="val')
    assert found[2] == "target: no rule makes artifacts/validatoin.json; the nearest is artifacts/validation.json"
    assert found[3].startswith('objective: artifacts/test.json is made by rule test, which says measures="test": a sw')


def test_too_many_shapes_and_keys_that_no_stage_reads_do_not_hide_the_rest(sweeps: Sweeps) -> None:
    many = faults(sweeps, objective=UNMARKED, space={VOCAB: {"int": [400, 500]}, SHARDS: {"int": [1, 99]}})
    assert [line.partition(":")[0] for line in many] == ["space", "objective"] and "at most 16" in many[0]
    unread = {"k2.train.beta1": {"float": [0.5, 0.9]}}
    wrong = {"artifact": VALIDATION.artifact, "key": "loss"}
    both = faults(sweeps, test=wrong, objective=UNMARKED, space=unread)
    assert [line.partition(":")[0] for line in both] == ["test", "space", "objective", "target"]


def test_a_sweep_that_was_refused_has_not_begun(sweeps: Sweeps) -> None:
    sweeps.run(sweeps.write("good"))
    path = sweeps.write("refused", objective=UNMARKED)
    with pytest.raises(SweepError):
        sweeps.ready(path)
    with pytest.raises(StateError, match=r"nosuch: no such sweep has begun") as caught:
        state.folder(sweeps.root, "nosuch")
    assert "good" in str(caught.value) and "refused" not in str(caught.value)
    folder = state.folder(sweeps.root, "refused")
    with pytest.raises(StateError, match=r"^refused: has not begun: .*run it: modelworks sweep sweeps/refused\.yaml$"):
        state.read(sweeps.root, Log(folder / state.LOG))
    with state.unused(folder):
        state.remove(folder)


def test_params_that_are_edited_while_the_base_is_made_are_told(sweeps: Sweeps) -> None:
    read = params.load(sweeps.root / params.FILE)
    wanted = params.overlay(read, params.nested(tuple(HORIZON.split(".")), 8))
    with pytest.raises(SweepError) as caught:
        places.make_base(sweeps.root, sweeps.root / state.SWEEPS / "raced/base", wanted, (), {})
    assert str(caught.value).endswith("params.yaml was edited while the sweep began: run the same command again")
    assert "k2.train.horizon_steps was 0 and is 8 in the sweep" in str(caught.value)


def test_a_shapes_workspace_is_taken_by_its_values_and_only_whole(sweeps: Sweeps) -> None:
    folder = sweeps.root / state.SWEEPS / "shaped"
    base, place = folder / "base", folder / "shapes/1"
    places.make_base(sweeps.root, base, params.load(sweeps.root / params.FILE), (), {})
    assert places.shaped(sweeps.root, base, place, {SHARDS: 1}) == base

    def made(shards: int) -> int:
        assert places.shaped(sweeps.root, base, place, {SHARDS: shards}) == place
        assert params.reads(params.load(place / params.FILE), SHARDS)[SHARDS] == shards
        return (place / params.FILE).stat().st_ino

    first = made(2)
    assert made(2) == first, "it stays"
    made(3)
    (place / params.FILE).unlink()
    made(3)
