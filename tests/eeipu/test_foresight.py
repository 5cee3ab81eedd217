"""What is foreseen of a candidate is what its build does, whatever other builds do to the cache meanwhile."""

import itertools
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelworks.build import workspace
from modelworks.eeipu.accounts import Clock
from modelworks.eeipu.builds import BuildPipeline, Means
from modelworks.eeipu.processes import Builds
from modelworks.eeipu.trial import Foresight, Outcome

from . import diamond
from .diamond import HORIZON, STAGES, TOKENS, VALIDATION, VOCAB, WARMUP

NUMBERS = itertools.count()
CANDIDATES = 50
BULK = 1_000_000


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuildPipeline]:
    """A sweep of the diamond on one core, with the synthetic clock."""
    folder = tmp_path_factory.mktemp("foresight")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAN", str(folder / "ran"))
        root = diamond.repository(folder / "repository", BULK).root
        made = BuildPipeline(diamond.tuned(root), Means(clock=Clock("synthetic")))
        yield made
        made.close()


class Elsewhere:
    """Builds of the same target in other workspaces on the same cache."""

    def __init__(self, pipeline: BuildPipeline) -> None:
        self._folder = Path(pipeline._tuned.folder)
        self._builds = Builds(Path(pipeline._tuned.root), 2, 2, self._folder / "elsewhere.log")
        self._count = itertools.count()

    def build(self, values: dict[str, Any]) -> None:
        folder = self._folder / "elsewhere" / str(next(self._count))
        workspace.copy(self._folder / "base", folder, values)
        arguments = ["--directory", str(folder), "--cores", "1", "--", VALIDATION.artifact]
        assert self._builds.run(arguments, folder / "build.log") == 0, (folder / "build.log").read_text()

    def stop(self) -> None:
        self._builds.stop()


@pytest.fixture(scope="module")
def elsewhere(pipeline: BuildPipeline) -> Iterator[Elsewhere]:
    made = Elsewhere(pipeline)
    yield made
    made.stop()


def tried(pipeline: BuildPipeline, values: dict[str, Any], foresight: Foresight | None = None) -> Outcome:
    """The outcome of a new trial, which must be ok."""
    outcome = pipeline.run(next(NUMBERS), values, foresight or pipeline.foresee(values))
    assert outcome.status == "ok", outcome
    return outcome


def ran(outcome: Outcome) -> list[str]:
    return [stage.stage for stage in outcome.stages if stage.ran]


def test_what_runs_upstream_makes_the_rest_uncertain_and_early_cutoff_is_foreseen(pipeline: BuildPipeline) -> None:
    values = {VOCAB: 300, WARMUP: 40, HORIZON: 5, TOKENS: 7}
    first = pipeline.foresee(values)
    assert dict(first.stages) == {"text": "run", **dict.fromkeys(STAGES[1:], "perhaps")} and not first.hits
    assert ran(tried(pipeline, values, first)) == list(STAGES)
    again = pipeline.foresee(values)
    assert set(again.stages.values()) == {"restore"} and again.hits == {group.name for group in pipeline.groups}
    other = pipeline.foresee({**values, WARMUP: 41})
    assert dict(other.stages) == dict(zip(STAGES, ("restore", "run", "restore", "perhaps", "perhaps"), strict=True))
    assert other.hits == {"text", "right"}
    cut = tried(pipeline, {**values, WARMUP: 41}, other)
    assert ran(cut) == ["left"] and not cut.mismatches, "41 / 10 is 4, too"


def test_foresight_agrees_with_50_builds_while_others_fill_the_cache(
    pipeline: BuildPipeline, elsewhere: Elsewhere
) -> None:
    candidates = diamond.random_values(1, CANDIDATES)
    ended, errors = threading.Event(), []

    def fill() -> None:
        for values in diamond.random_values(2, 10):
            if ended.is_set():
                return
            try:
                elsewhere.build(values)
            except BaseException as error:
                errors.append(error)
                return

    thread = threading.Thread(target=fill)
    thread.start()
    outcomes = []
    try:
        for number, values in enumerate(candidates):
            foresight = pipeline.foresee(values)
            if number in (3, 9):
                elsewhere.build(values)  # between foresight and build
            outcomes.append(tried(pipeline, values, foresight))
    finally:
        ended.set()
        thread.join()
    assert not errors, errors
    assert len(outcomes) == CANDIDATES and [one.mismatches for one in outcomes] == [()] * CANDIDATES
    assert sum(len(one.explained) for one in outcomes) >= 1
    happened = {stage.ran for one in outcomes for stage in one.stages}
    assert happened == {True, False} and all(len(one.stages) == len(STAGES) for one in outcomes)


def test_what_others_make_after_the_foresight_explains_a_restore(pipeline: BuildPipeline, elsewhere: Elsewhere) -> None:
    values = {VOCAB: 310, WARMUP: 40, HORIZON: 5, TOKENS: 7}
    foresight = pipeline.foresee(values)
    elsewhere.build(values)
    outcome = tried(pipeline, values, foresight)
    assert ran(outcome) == [] and outcome.mismatches == ()
    assert outcome.explained == ("text was restored, and run was foreseen",)


def test_what_goes_another_way_than_foreseen_for_no_reason_is_a_mismatch(pipeline: BuildPipeline) -> None:
    values = {VOCAB: 320, WARMUP: 40, HORIZON: 5, TOKENS: 7}
    tried(pipeline, values)
    honest = pipeline.foresee(values)
    wrong = Foresight(dict.fromkeys(STAGES, "run"), frozenset(), honest.at + 2)
    assert tried(pipeline, values, wrong).mismatches == tuple(
        f"{name} was restored, and run was foreseen" for name in STAGES
    )
    new = {**values, VOCAB: 321}
    eager = Foresight(dict.fromkeys(STAGES, "restore"), frozenset(), pipeline.foresee(new).at)
    assert tried(pipeline, new, eager).mismatches == tuple(
        f"{name} was run, and restore was foreseen" for name in STAGES
    )


def test_a_prefix_whose_object_is_gone_is_costed_anew(pipeline: BuildPipeline) -> None:
    values = {VOCAB: 330, WARMUP: 40, HORIZON: 5, TOKENS: 7}
    first = tried(pipeline, values)
    key = next(stage.key for stage in first.stages if stage.stage == "left")
    assert key is not None
    entry = next((pipeline._cache / "runs" / key[:2] / key).iterdir())
    md5 = json.loads(entry.read_text())["outs"][0]["md5"]
    (pipeline._cache / "files" / "md5" / md5[:2] / md5[2:]).unlink()
    foresight = pipeline.foresee({**values, TOKENS: 8})
    assert foresight.stages["left"] == "run" and foresight.stages["joined"] == "perhaps"
    assert foresight.hits == {"text", "right"}
    outcome = tried(pipeline, {**values, TOKENS: 8}, foresight)
    assert outcome.mismatches == () and ran(outcome) == ["left", "joined", "validation"]
    charged = {stage.stage: stage.charged for stage in outcome.stages}
    assert charged == {**diamond.COSTS, "text": 0.1, "right": 0.1}


def test_an_edit_of_a_source_is_foreseen(pipeline: BuildPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {VOCAB: 340, WARMUP: 40, HORIZON: 5, TOKENS: 7}
    tried(pipeline, values)
    source = Path(pipeline._tuned.root) / "data" / "in.txt"
    before = source.read_text()
    try:
        source.write_text("other data\n")
        foresight = pipeline.foresee(values)
        assert foresight.stages["text"] == "run"
        assert ran(tried(pipeline, values, foresight)) == list(STAGES)
    finally:
        source.write_text(before)


def test_trials_take_at_most_a_fifth_more_disk_than_their_content(pipeline: BuildPipeline) -> None:
    trials = Path(pipeline._tuned.folder) / "trials"
    folders = sorted(trials.iterdir())
    assert len(folders) > CANDIDATES
    names = {"params.yaml", "dvc.lock", "outcome.json", "artifacts"}
    assert all({path.name for path in folder.iterdir()} == names for folder in folders)
    assert all(os.listdir(folder / "artifacts") == ["validation.json"] for folder in folders)
    objects = [path for path in (pipeline._cache / "files").rglob("*") if path.is_file()]
    content = sum(path.stat().st_size for path in objects)
    assert content > 10 * BULK
    used = {(one.st_dev, one.st_ino): one.st_blocks * 512 for one in map(os.lstat, _below(pipeline._cache, trials))}
    assert sum(used.values()) <= 1.2 * content


def _below(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield folder
        yield from folder.rglob("*")
