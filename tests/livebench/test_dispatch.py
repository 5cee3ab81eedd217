from datetime import date
from typing import Any

import pytest

from modelworks.livebench import sandbox
from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers import dispatch, symbolic
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
    [
        ("amc_8", "F"),
        ("amc_8", None),
        ("aime_i", 446),
        ("imo_1", "a"),
        ("spatial", None),
        ("sudoku", 3),
        ("integrals_with_game", "1/0"),
        ("integrals_with_game", "\\frac{1}{0}"),
    ],
)
def test_a_ground_truth_of_another_kind_is_an_error_not_a_wrong_answer(task: str, truth: object) -> None:
    judgment = dispatch.judge(task, "x", truth, {"question_text": ""})
    assert (judgment.score, judgment.strict, judgment.status) == (None, None, "error")


RAISED = (AttributeError, KeyError, MemoryError, NotImplementedError, RecursionError, RuntimeError, UnicodeError)


@pytest.mark.parametrize("error", RAISED)
def test_what_a_scorer_raises_on_an_answer_is_unparsed_and_on_a_question_an_error(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def score(answer: str, ground_truth: str, context: dict[str, Any]) -> Judgment:
        if answer or ground_truth == "none":
            raise error
        return Judgment(0.0, 0.0, "unparsed")

    monkeypatch.setattr(dispatch, "scorer", lambda name: score)
    assert dispatch.judge("aime_i", "446", "446", {}) == Judgment(0.0, 0.0, "unparsed")
    assert dispatch.judge("aime_i", "446", "none", {}) == Judgment(None, None, "error")
    assert dispatch.judge("LCB_generation", "446", "446", {}) == Judgment(None, None, "error")


@pytest.mark.parametrize("error", [sandbox.SandboxError, symbolic.SymbolicError, BlockingIOError])
def test_a_machine_that_judges_nothing_is_no_wrong_answer(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def score(answer: str, ground_truth: str, context: dict[str, Any]) -> Judgment:
        if answer:
            raise error("no process can be started")
        return Judgment(0.0, 0.0, "unparsed")

    monkeypatch.setattr(dispatch, "scorer", lambda name: score)
    with pytest.raises(error, match="no process can be started"):
        dispatch.judge("aime_i", "446", "446", {})


TWO_HEADERS = (
    "<table><thead><tr><th>a</th></tr><tr><th>b</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>\n"
    "<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"
)


@pytest.mark.parametrize(
    ("task", "truth", "answer", "kind", "judgment"),
    [
        ("tablereformat_v2", TWO_HEADERS.partition("\n")[2], TWO_HEADERS, "HTML", (0.0, 0.0, "wrong")),
        ("tablereformat_v2", '{"age":1}', '{"age\ud800":1}', "JSONL", (0.0, 0.0, "unparsed")),
        ("olympiad", "3,1,2", "Answer: 3\x1c, 1, 2", "", (1.0, 1.0, "ok")),
    ],
)
def test_no_answer_makes_a_scorer_fail(
    task: str, truth: str, answer: str, kind: str, judgment: tuple[float, float, str]
) -> None:
    context = {"prompt": f"Source Format: CSV\nTarget Format: {kind}\n"}
    assert dispatch.judge(task, answer, truth, context) == Judgment(*judgment)  # type: ignore[arg-type]
