"""Claims about the questions of a release: made, proven, dated, selected."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars
import pytest
import yaml

from modelworks.build import params as params_file
from modelworks.livebench import question
from modelworks.livebench.generators import catalogue as generators
from modelworks.livebench.proofs import catalogue as proofs
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import QuestionError
from modelworks.livebench.releases import models_of
from tests.livebench import boards
from tests.livebench.boards import AUGUST, OCTOBER, RELEASES, SEPTEMBER

ROOT = Path(__file__).parents[2]
TASK = {"questions": [3], "first": None, "last": None, "removed": None}


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for task in boards.CATEGORIES:
        monkeypatch.setitem(generators.GENERATORS, task, lambda task=task: boards.generator(task))
        monkeypatch.setitem(proofs.PROOFS, task, lambda task=task: boards.proof(task))


def generated(folder: Path, release: str, tasks: str = "echo,sums", **change: Any) -> Path:
    made = boards.run(
        "generate",
        folder,
        {"questions": f"{release}.parquet"},
        params={**boards.section(), **change},
        release=release,
        tasks=tasks,
    )
    return made["questions"]


def selected(folder: Path, shards: list[Path], release: str, **change: Any) -> dict[str, Path]:
    return boards.run(
        "select",
        folder,
        {"questions": f"{release}.parquet", "summary": f"{release}.json"},
        {"shards": shards},
        {**boards.section(), **change},
        release=release,
    )


def test_a_release_has_each_tasks_questions_of_each_level_in_equal_bytes_each_time(tmp_path: Path) -> None:
    first, again = (generated(tmp_path / name, AUGUST) for name in ("a", "b"))
    made = question.read(first)
    assert [(one.task, one.extra["level"]) for one in made] == [
        (task, level) for task in ("echo", "sums") for level in (1, 1, 1, 2, 2)
    ]
    assert {one.livebench_release_date for one in made} == {date(2026, 8, 31)}
    assert first.read_bytes() == again.read_bytes()
    other = {one.question_id for one in question.read(generated(tmp_path / "c", SEPTEMBER))}
    assert other.isdisjoint(one.question_id for one in made)


def test_a_generator_that_makes_something_else_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = boards.generator("sums")
    monkeypatch.setitem(generators.GENERATORS, "sums", lambda: few)
    monkeypatch.setattr(few, "generate", lambda *given: [])
    with pytest.raises(QuestionError, match="sums: the generator made 0 questions of level 1, not 3"):
        generated(tmp_path, AUGUST, "sums")
    monkeypatch.setattr(few, "generate", lambda *given: [boards.make("sums", 1, n, SEPTEMBER) for n in range(3)])
    with pytest.raises(QuestionError, match=r"is of sums, level 1 and 2026-09-30, not of level 1 and 2026-08-31"):
        generated(tmp_path, AUGUST, "sums")


def test_a_source_that_a_generator_draws_on_must_be_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dated = boards.generator("sums", SOURCES={"atlas": "2026-08-01"})
    monkeypatch.setitem(generators.GENERATORS, "sums", lambda: dated)
    with pytest.raises(QuestionError, match=r"livebench\.releases\.2026-08-31\.sources must hold atlas: '2026-08-01'"):
        generated(tmp_path, AUGUST, "sums")
    declared = {AUGUST: {"sources": {"atlas": "2026-08-01"}, "removed": None}}
    assert len(question.read(generated(tmp_path, AUGUST, "sums", releases=declared))) == 5


def test_an_unknown_task_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        generators.UnknownGenerator, match="task 'chess' of livebench has no generator; known are amps_hard, "
    ):
        generated(tmp_path, AUGUST, "chess")
    with pytest.raises(proofs.UnknownProof, match="task 'chess' of livebench has no proof; known are amps_hard, "):
        proofs.proof("chess")


def test_what_is_not_proven_goes_no_further(tmp_path: Path) -> None:
    path = tmp_path / "generated.parquet"
    good, bad = boards.make("sums", 1, 1, AUGUST), boards.make("echo", 1, 1, AUGUST, "no")
    question.write(path, [good])
    made = boards.run("prove", tmp_path, {"questions": "proven.parquet"}, {"generated": [path]})
    assert made["questions"].read_bytes() == path.read_bytes()
    question.write(path, [good, bad])
    with pytest.raises(ProofError, match=f"{bad.question_id}: the answer is yes, not no; 1 of 2 are not proven"):
        boards.run("prove", tmp_path, {"questions": "proven.parquet"}, {"generated": [path]})
    question.write(path, [question.Question(**{**vars(good), "turns": ["sums, but another"]})])
    with pytest.raises(ProofError, match="its id is not the hash of what is asked and expected"):
        boards.run("prove", tmp_path, {"questions": "proven.parquet"}, {"generated": [path]})


def in_release(folder: Path, release: str, **change: Any) -> set[tuple[str, str]]:
    counts = {"sums": 2, "echo": 1}
    shards = boards.write_shards(folder / "shards", counts, [day for day in RELEASES if day <= release])
    made = selected(folder, shards, release, **change)
    return {(one.livebench_release_date.isoformat(), one.task) for one in question.read(made["questions"])}


def test_questions_stay_for_two_releases_and_then_leave(tmp_path: Path) -> None:
    assert {day for day, _ in in_release(tmp_path, AUGUST)} == {AUGUST}
    assert {day for day, _ in in_release(tmp_path, SEPTEMBER)} == {AUGUST, SEPTEMBER}
    assert {day for day, _ in in_release(tmp_path, OCTOBER)} == {SEPTEMBER, OCTOBER}
    assert {day for day, _ in in_release(tmp_path, OCTOBER, removed_after=None)} == set(RELEASES)


def test_a_removal_date_is_the_first_release_without_the_question(tmp_path: Path) -> None:
    early = boards.section()["releases"] | {AUGUST: {"sources": {}, "removed": SEPTEMBER}}
    assert {day for day, _ in in_release(tmp_path, SEPTEMBER, releases=early)} == {SEPTEMBER}
    retired = boards.section()["tasks"]
    retired["echo"] = {**retired["echo"], "removed": SEPTEMBER}
    assert in_release(tmp_path, SEPTEMBER, tasks=retired) == {(AUGUST, "sums"), (SEPTEMBER, "sums")}
    dates = polars.read_parquet(tmp_path / f"{SEPTEMBER}.parquet")["livebench_removal_date"].unique()
    assert set(dates) == {date(2026, 10, 31), None}


def test_a_minimum_release_leaves_older_questions_out(tmp_path: Path) -> None:
    assert {day for day, _ in in_release(tmp_path, SEPTEMBER, minimum_release=SEPTEMBER)} == {SEPTEMBER}


def test_the_summary_counts_what_is_new_and_what_left_and_names_the_sources(tmp_path: Path) -> None:
    declared = boards.section()["releases"] | {OCTOBER: {"sources": {"atlas": "2026-10-01"}, "removed": None}}
    in_release(tmp_path, OCTOBER, releases=declared)
    summary = yaml.safe_load((tmp_path / f"{OCTOBER}.json").read_text(encoding="utf-8"))
    assert summary == {
        "release": OCTOBER,
        "sources": {"atlas": "2026-10-01"},
        "questions": {"echo": 2, "sums": 4},
        "new": {"echo": 1, "sums": 2},
        "removed": {"echo": 1, "sums": 2},
    }


def test_an_unknown_or_missing_date_is_an_error_and_never_dropped(tmp_path: Path) -> None:
    shards = boards.write_shards(tmp_path, {"sums": 1}, ["2026-07-31"])
    with pytest.raises(QuestionError, match=r"is of 2026-07-31, which is no release; params\.yaml: livebench"):
        selected(tmp_path, shards, AUGUST)
    undated = polars.read_parquet(shards[0]).with_columns(livebench_release_date=polars.lit(None, polars.Date))
    undated.write_parquet(shards[0])
    with pytest.raises(QuestionError, match="is of no date, which is no release"):
        selected(tmp_path, shards, AUGUST)


def shared(folder: Path, first: str, second: str) -> list[Path]:
    """Two releases of equal questions."""
    folder.mkdir(parents=True, exist_ok=True)
    one = boards.make("sums", 1, 0, first)
    for day in (first, second):
        question.write(folder / f"{day}.parquet", [replace(one, livebench_release_date=date.fromisoformat(day))])
    return [folder / f"{day}.parquet" for day in (first, second)]


def test_two_releases_that_share_a_question_are_refused_and_the_generator_is_named(tmp_path: Path) -> None:
    own = boards.make("sums", 1, 0, AUGUST).question_id
    message = (
        rf"^question {own} of sums is new in the releases {AUGUST} and {SEPTEMBER}, and releases share no question: "
        r"the generator of sums must keep the months apart by is_of_release of generators/partition\.py$"
    )
    with pytest.raises(QuestionError, match=message):
        selected(tmp_path, shared(tmp_path, AUGUST, SEPTEMBER), SEPTEMBER)


@pytest.mark.parametrize("later", ["2028-08-15", "2026-08-31"])
def test_releases_of_one_share_that_meet_are_refused_with_the_remedy_even_after_removal(
    tmp_path: Path, later: str
) -> None:
    first = "2026-08-01"
    shards = [*shared(tmp_path, first, later), *boards.write_shards(tmp_path, {"sums": 1}, ["2026-10-31"])]
    days = {day: {"sources": {}, "removed": None} for day in (first, later, OCTOBER)}
    message = (
        rf"^question \w+ of sums is new in the releases {first} and {later}, and .*: their months, a multiple of 24 "
        rf"apart, draw on one share of what can be asked; params\.yaml: livebench\.releases must give {later} a day of "
    )
    with pytest.raises(QuestionError, match=message):
        selected(tmp_path, shards, max(days), releases=days, removed_after=1)


def test_of_a_release_that_left_before_only_the_ids_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shards = boards.write_shards(tmp_path / "shards", {"sums": 2})
    read, opened = question.read, []
    monkeypatch.setattr(question, "read", lambda path: (opened.append(path.stem), read(path))[1])
    selected(tmp_path, shards, OCTOBER, removed_after=1)
    assert opened == [SEPTEMBER, OCTOBER]
    selected(tmp_path, shards, OCTOBER)
    assert opened[2:] == [AUGUST, SEPTEMBER, OCTOBER]


def test_a_file_that_is_no_release_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("no")
    with pytest.raises(QuestionError, match=r"x\.parquet: not the questions of a release \("):
        selected(tmp_path, [tmp_path / "x.parquet"], AUGUST)


def test_every_preset_is_valid_and_every_task_has_generator_and_proof() -> None:
    base = params_file.load(ROOT / "params.yaml")
    presets = sorted((ROOT / "presets").glob("*.yaml"))
    assert len(presets) >= 2
    for preset in presets:
        tasks = params_file.validate(params_file.overlay(base, params_file.load(preset)))["livebench"]["tasks"]
        assert len(tasks) >= 12
        assert tasks.keys() <= generators.GENERATORS.keys() & proofs.PROOFS.keys()


def test_every_generator_in_the_folder_is_in_the_catalogue() -> None:
    folders = (generators.GENERATORS, "generators", "\nTASK = "), (proofs.PROOFS, "proofs", "\ndef prove(")
    for known, folder, mark in folders:
        files = (ROOT / "src/modelworks/livebench" / folder).glob("*.py")
        found = {path.stem for path in files if mark in path.read_text(encoding="utf-8")}
        assert found - known.keys() == set()


def test_of_k2_the_last_checkpoint_and_every_nth_before_it_are_models() -> None:
    section = {"models": {"oracle": {"kind": "reference"}, "k2": {"kind": "k2", "every": 2}}}
    assert models_of(section, ["001", "002", "003-of-004", "004-of-004"]) == {
        "oracle": ("oracle", None),
        "k2-002": ("k2", "002"),
        "k2-004-of-004": ("k2", "004-of-004"),
    }


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("removed_after", 0, r"livebench\.removed_after must be an integer >= 1 or null, got 0"),
        ("minimum_release", "2026-01-31", r"livebench: minimum_release: 2026-01-31 is no release"),
        ("tasks", {"Zebra": TASK}, r"tasks: 'Zebra' must be the module of a generator: lower-case letters"),
        ("tasks", {"zebra": {**TASK, "last": "2026-01-31"}}, r"tasks\.zebra\.last: 2026-01-31 is no release"),
        ("models", {"a/b": {"kind": "reference", "solver": "oracle"}}, r"'a/b' must be letters, digits, '_' and '-'"),
        ("models", {"a": {"kind": "oracle"}}, r"livebench\.models\.a: .*'k2', 'huggingface', 'local', 'endpoint'"),
        ("most_errors", 2.0, r"livebench\.most_errors must be a number >= 0 and <= 1, got 2\.0"),
    ],
)
def test_what_params_may_not_say(key: str, value: object, message: str) -> None:
    params = params_file.load(ROOT / "params.yaml")
    params["livebench"][key] = value
    with pytest.raises(params_file.ParamsError, match=message):
        params_file.validate(params)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sources": {"atlas": "2026-10-01"}}, "'atlas' is of 2026-10-01, later than the release"),
        ({"removed": "2026-09-30"}, r"releases\.2026-09-30\.removed must be a later release"),
        ({"removed": "2027-08-31"}, r"releases\.2026-09-30\.removed: 2027-08-31 is no release; known are 2026-09-30, "),
        ({"sources": {"atlas": "May"}}, "must be a day YYYY-MM-DD in quotes, got 'May'"),
    ],
)
def test_what_a_release_may_not_declare(change: dict[str, object], message: str) -> None:
    params = params_file.load(ROOT / "params.yaml")
    params["livebench"]["releases"]["2026-09-30"] |= change
    with pytest.raises(params_file.ParamsError, match=message):
        params_file.validate(params)
