"""Claims about the rules of livebench: what hangs on what, and what a change rebuilds."""

import shutil
from pathlib import Path

import pytest

from modelworks.build import params as params_file
from modelworks.build.compiled import compile_graph

PROJECT = Path(__file__).parents[2]
RELEASE = "artifacts/livebench/releases/{}.json"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / ".dvc").mkdir()
    for name in ("params.yaml", ".dvc/config"):
        shutil.copyfile(PROJECT / name, tmp_path / name)
    (tmp_path / "data").symlink_to(PROJECT / "data")
    return tmp_path


def jobs(place: Path, target: str) -> dict[tuple[str, str], str]:
    """The command of each job, by rule and release."""
    with compile_graph(PROJECT / "Snakefile", place, frozenset([target])) as compiled:
        return {(job.rule.name, str(job.wildcards_dict.get("release", ""))): str(job.shellcmd) for job in compiled.jobs}


def test_a_release_is_made_of_its_own_questions_and_earlier_ones(place: Path) -> None:
    first, second = sorted(params_file.load(place / "params.yaml")["livebench"]["releases"])[:2]
    assert set(jobs(place, RELEASE.format(second))) == {
        ("livebench_select", second),
        *((rule, day) for rule in ("livebench_generate", "livebench_prove") for day in (first, second)),
    }


def test_a_new_release_asks_for_the_old_questions_by_the_same_commands(place: Path) -> None:
    params = place / "params.yaml"
    newest = max(params_file.load(params)["livebench"]["releases"])
    before = jobs(place, RELEASE.format(newest))
    text = params.read_text(encoding="utf-8")
    added = '    "2027-01-31": {sources: {}, removed: null}\n'
    params.write_text(text.replace("  removed_after:", added + "  removed_after:", 1), encoding="utf-8")
    after = jobs(place, RELEASE.format("2027-01-31"))
    made = {job: command for job, command in before.items() if job[0] != "livebench_select"}
    assert len(made) == 2 * len(params_file.load(params)["livebench"]["releases"]) - 2 >= 4
    assert made.items() <= after.items()
    assert ("livebench_generate", "2027-01-31") in after


def test_livebench_is_not_in_the_default_target(place: Path) -> None:
    with compile_graph(PROJECT / "Snakefile", place) as compiled:
        names = {job.rule.name for job in compiled.jobs}
    assert "k2_release" in names
    assert not [name for name in names if name.startswith("livebench")]


def test_training_text_is_searched_once_a_release_and_a_checkpoint_counts_what_it_had_read(place: Path) -> None:
    releases = sorted(params_file.load(place / "params.yaml")["livebench"]["releases"])
    with compile_graph(PROJECT / "Snakefile", place, frozenset(["artifacts/livebench/leaderboard.html"])) as compiled:
        made = list(compiled.jobs)
    seen = [job for job in made if job.rule.name == "livebench_seen"]
    assert sorted(job.wildcards_dict["release"] for job in seen) == releases
    assert all("artifacts/k2/corpus/train/000.parquet" in map(str, job.input) for job in seen)
    compared = [job for job in made if job.rule.name == "livebench_contamination"]
    read = {job.wildcards_dict["model"]: [*map(str, job.input.order)] for job in compared}
    assert read.pop("oracle") == read.pop("random") == read.pop("majority") == []
    assert len(read) >= 16
    assert read["k2-001"] == ["artifacts/k2/order/001.parquet"]
    assert sorted(map(len, read.values())) == list(range(1, len(read) + 1))
    assert not [path for job in compared for path in map(str, job.input) if path.startswith("artifacts/k2/corpus/")]


def test_livebench_collects_how_well_leaks_are_found_and_the_leak_experiment_is_a_target_of_its_own(
    place: Path,
) -> None:
    made = {}
    for target in ("livebench", "livebench_leak"):
        with compile_graph(PROJECT / "Snakefile", place, frozenset([target])) as compiled:
            made[target] = {job.rule.name for job in compiled.jobs}
    assert "livebench_detection" in made["livebench"] and "livebench_leak_arm" not in made["livebench"]
    leak = {"livebench_detection", "livebench_leak_page", "livebench_leak_arm", "livebench_claims"}
    assert leak <= made["livebench_leak"]
    assert not {"livebench_leaderboard", "livebench_k2"} & made["livebench_leak"]
