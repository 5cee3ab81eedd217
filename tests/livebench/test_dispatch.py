from datetime import date
from typing import Any

import pytest

from modelworks.livebench.scorers import dispatch
from modelworks.livebench.scorers.catalogue import SCORERS

BEFORE, SINCE = date(2024, 8, 31), date(2024, 11, 25)


@pytest.mark.parametrize(
    ("task", "context", "release", "name"),
    [
        ("math_competitions_amc", {}, None, "math_competitions_amc"),
        ("math_comp", {"subtask": "amc_12a_2023"}, None, "math_competitions_amc"),
        ("math_comp", {"subtask": "smc"}, None, "math_competitions_amc"),
        ("math_comp", {"subtask": "updated_amc_12a_2023"}, None, "math_competitions_amc"),
        ("math_comp", {"subtask": "aime_i_2024"}, None, "math_competitions_aime"),
        ("olympiad", {"subtask": "usamo_2023"}, None, "olympiad"),
        ("olympiad", {"subtask": "imo_2023"}, None, "olympiad"),
        ("AMPS_Hard", {"subtask": "derivatives"}, None, "amps_hard"),
        ("LCB_generation", {}, None, "lcb_generation"),
        ("paraphrase", {}, None, "instruction_following"),
        ("zebra_puzzle", {}, None, "zebra_puzzle"),
        ("zebra_puzzle", {}, BEFORE, "zebra_puzzle_before_2024_11_25"),
        ("zebra_puzzle", {}, SINCE, "zebra_puzzle"),
        ("connections", {}, BEFORE, "connections_before_2024_11_25"),
        ("connections", {}, SINCE, "connections"),
        ("tablereformat", {}, date(2025, 4, 24), "tablereformat_v1"),
        ("tablereformat", {}, date(2025, 4, 25), "tablereformat_v2"),
    ],
)
def test_names_of_the_original_find_their_scorer(
    task: str, context: dict[str, Any], release: date | None, name: str
) -> None:
    assert dispatch.scorer_name(task, context, release) == name
    assert name in SCORERS


def test_an_unknown_task_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(
        dispatch.DispatchError, match=r"task chess: no scorer of that name; known: amc_\*.*zebra_puzzle"
    ):
        dispatch.judge("chess", "e4", "e4", {})


def test_a_scorer_that_changed_within_a_task_needs_the_release() -> None:
    with pytest.raises(
        dispatch.DispatchError, match="task tablereformat: its scorer depends on the release: give the release date"
    ):
        dispatch.judge("tablereformat", "", "", {})


def test_thoughts_are_not_judged() -> None:
    assert dispatch.judge("aime_i", "<think>446</think> 445", "446", {}).score == 0.0


@pytest.mark.parametrize(
    ("task", "truth"),
    [("amc_8", "F"), ("amc_8", None), ("aime_i", 446), ("imo_1", "a"), ("spatial", None), ("sudoku", 3)],
)
def test_a_ground_truth_of_another_kind_is_an_error_not_a_wrong_answer(task: str, truth: object) -> None:
    judgment = dispatch.judge(task, "x", truth, {"question_text": ""})
    assert (judgment.score, judgment.strict, judgment.status) == (None, None, "error")
