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
