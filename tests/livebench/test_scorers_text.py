"""Scorers of language and data analysis: what LiveBench's own give, what is right, and which status."""

import difflib
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers import (
    connections,
    connections_before_2024_11_25,
    consecutive_events,
    cta,
    instruction_following,
    plot_unscrambling,
    tablejoin,
    tablereformat_v1,
    tablereformat_v2,
    typos,
)
from modelworks.livebench.scorers.spans import without_thoughts
from modelworks.livebench.scorers.verdict import GroundTruthError

ROWS = Path(__file__).parents[3] / "shared" / "data" / "livebench" / "scored_answers.jsonl"
SCORERS = {
    module.__name__.rpartition(".")[2]: module.score
    for module in (
        connections,
        connections_before_2024_11_25,
        consecutive_events,
        cta,
        instruction_following,
        plot_unscrambling,
        tablejoin,
        tablereformat_v1,
        tablereformat_v2,
        typos,
    )
}
WORDS = "one,lion,iron,pear,three,gold,blue,red"
PLOT = "The king loses his ring. A fisherman finds a fish. He brings it to court. The cook finds the ring."
EVENTS = [{"user_id": 3, "max_consecutive_growth_months": 4}, {"user_id": 7, "max_consecutive_growth_months": 2}]
JOIN = {"id": "identifier", "nm": "name", "dt": "date"}


def test_the_originals_scores_are_reached_on_all_their_rows() -> None:
    if not ROWS.exists():
        pytest.skip("../shared/data is not there")
    seen: Counter[str] = Counter()
    for row in map(json.loads, ROWS.read_text().splitlines()):
        if row["task"] in SCORERS:
            judged = SCORERS[row["task"]](without_thoughts(row["answer"]), row["ground_truth"], row["context"])
            assert judged.score == pytest.approx(row.get("score")), row
            seen[row["task"]] += 1
    assert set(seen) == set(SCORERS)
    assert sum(seen.values()) >= 570


@pytest.mark.parametrize(
    ("task", "truth", "answer", "score", "strict", "status"),
    [
        ("connections", WORDS, "<solution>pear,iron,lion,one,red,blue,gold,three</solution>", 1, 1, "ok"),
        ("connections", WORDS, f"<solution>{WORDS},extra</solution>", 1, 2 / 3, "ok"),
        ("connections", WORDS, f"<solution>[{WORDS}]</solution>", 0, 1, "ok"),
        ("connections", WORDS, "<solution>one,one,lion,iron,pear,three,gold,blue,red</solution>", 1, 0, "wrong"),
        ("connections", WORDS, f"<SOLUTION>{WORDS}</SOLUTION>", 0, 1, "ok"),
        ("connections", WORDS, WORDS, 0, 0, "unparsed"),
        ("connections", WORDS, "\\boxed{" + WORDS, None, 0, "unparsed"),
        ("connections_before_2024_11_25", WORDS, "**one,lion,iron,pear**\n**three,gold,blue,red**", 0.5, 1, "ok"),
        ("connections_before_2024_11_25", WORDS, WORDS, 0, 0, "unparsed"),
        ("plot_unscrambling", PLOT, f"<PLOT_SUMMARY>{PLOT}</PLOT_SUMMARY>", 1, 1, "ok"),
        ("plot_unscrambling", PLOT, f"{PLOT} {PLOT}", 1, 0.5, "ok"),
        ("plot_unscrambling", PLOT, f"Sure. {PLOT}", 0.5, 1, "ok"),
        ("plot_unscrambling", PLOT, "I do not know", 0.25, 0, "wrong"),
        ("plot_unscrambling", PLOT, "", 0, 0, "unparsed"),
        ("typos", "A quick test.", "<solution>A quick test.</solution>", 1, 1, "ok"),
        ("typos", "A quick test.", "A quick test. A quikc test.", 1, 0, "wrong"),
        ("typos", "A quick test.", "Now <solution>A quick\n test.</solution>", 0, 1, "ok"),
        ("typos", "A quick test.", "here --- A quick test. --- done", 1, 1, "ok"),
        ("typos", "A quick test.", "<solution></solution>", 0, 0, "unparsed"),
        ("cta", "name", "first name", 1, 0, "wrong"),
        ("cta", "Postal Code", "The answer is not Postal Code", 1, 0, "wrong"),
        ("cta", "name", "<solution>name</solution>", 0, 1, "ok"),
        ("cta", "Postal Code", "Postal_Code", 0, 1, "ok"),
        ("cta", "Postal Code", "\\boxed{Postal Code", None, 1, "ok"),
        ("cta", "name", "column: name", 1, 1, "ok"),
        ("cta", "name", " ", 0, 0, "unparsed"),
        ("tablejoin", JOIN, "join = {'id': 'identifier', 'nm': 'name', 'dt': 'date'}", 0, 1, "ok"),
        ("tablejoin", JOIN, "{'id': 'identifier', 'nm': 'name', 'dt': None}", 0.8, 0.8, "ok"),
        ("tablejoin", JOIN, "{'id': 'identifier', 'nm': 'date', 'dt': 'date'}", 0.67, 2 / 3, "ok"),
        ("tablejoin", JOIN, "{'id': 'identifier'", 0, 0, "unparsed"),
        ("tablejoin", JOIN, "{'id': 'name'}", 0, 0, "wrong"),
        ("tablejoin", JOIN, "\\boxed1{x}", None, 0, "unparsed"),
        ("consecutive_events", EVENTS, f"<solution>{json.dumps(EVENTS)}</solution>", 1, 1, "ok"),
        ("consecutive_events", EVENTS, f"<solution>```json\n{json.dumps(EVENTS)}\n```</solution>", 0, 1, "ok"),
        ("consecutive_events", EVENTS, f"<solution>{json.dumps([*EVENTS, 'x'])}</solution>", 1, 2 / 3, "ok"),
        ("consecutive_events", EVENTS, f"<solution>{json.dumps([EVENTS[0], *EVENTS])}</solution>", 1, 0.25, "ok"),
        ("consecutive_events", EVENTS, "<solution>7</solution>", None, 0, "unparsed"),
        ("consecutive_events", EVENTS, json.dumps(EVENTS), 0, 0, "unparsed"),
        ("consecutive_events", EVENTS, "<solution>" + "[" * 100_000 + "</solution>", None, 0, "unparsed"),
    ],
)
def test_compatible_and_strict_scores(
    task: str, truth: Any, answer: str, score: float | None, strict: float, status: str
) -> None:
    judged = SCORERS[task](answer, truth, {})
    assert (judged.score, judged.strict, judged.status) == (score, pytest.approx(strict), status)


@pytest.mark.parametrize("task", sorted(set(SCORERS) - {"instruction_following"}))
def test_a_ground_truth_that_is_none_is_no_wrong_answer(task: str) -> None:
    context = {"prompt": "Please convert the Input Table from CSV format to JSON format.\nTarget Format: JSON"}
    with pytest.raises(GroundTruthError, match="ground_truth"):
        SCORERS[task]("x", None, context)


@pytest.mark.parametrize("task", ["tablereformat_v1", "tablereformat_v2"])
def test_a_prompt_without_a_format_is_no_wrong_answer(task: str) -> None:
    with pytest.raises(GroundTruthError, match="the prompt asks for '': none of json, jsonl"):
        SCORERS[task]("x", "a,b\n1,2", {"question_text": "Convert it."})


TRUTHS = {
    "json": '[{"name":"Ann","age":31,"score":1.5},{"name":"Bob","age":45,"score":2.0}]',
    "jsonl": '{"name":"Ann","age":31,"score":1.5}\n{"name":"Bob","age":45,"score":2.0}',
    "csv": "name,age,score\nAnn,31,1.5\nBob,45,2.0",
    "tsv": "name\tage\tscore\nAnn\t31\t1.5\nBob\t45\t2.0",
    "markdown": "| name | age | score |\n|:--|--:|--:|\n| Ann | 31 | 1.5 |\n| Bob | 45 | 2.0 |",
    "html": "<table><tr><th>name</th><th>age</th><th>score</th></tr><tr><td>Ann</td><td>31</td><td>1.5</td></tr>"
    "<tr><td>Bob</td><td>45</td><td>2.0</td></tr></table>",
}


def reformat(kind: str, answer: str, truth: str | None = None, version: str = "v2") -> Judgment:
    prompt = f"Please convert the Input Table from XML format to {kind.upper()} format.\nTarget Format: {kind}"
    return SCORERS[f"tablereformat_{version}"](answer, truth or TRUTHS[kind], {"question_text": prompt})


@pytest.mark.parametrize("kind", sorted(TRUTHS))
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_table_is_right_and_another_is_not(kind: str, version: str) -> None:
    right = reformat(kind, f"<solution>\n{TRUTHS[kind]}\n</solution>", version=version)
    assert (right.strict, right.status) == (1, "ok")
    assert right.score == 1
    wrong = reformat(kind, TRUTHS[kind].replace("45", "46"), version=version)
    assert (wrong.score, wrong.strict, wrong.status) == (0, 0, "wrong")
    none = reformat(kind, "I cannot.", version=version)
    assert (none.score, none.strict, none.status) == (0, 0, "unparsed")


@pytest.mark.parametrize(
    ("kind", "answer", "score", "strict"),
    [
        ("json", TRUTHS["json"].replace("31", '"31"'), 1, 0),
        ("json", TRUTHS["json"].replace("1.5", "1.5000001"), 1, 0),
        ("json", TRUTHS["json"] + "\n\nI hope this helps!", 0, 1),
        ("tsv", TRUTHS["tsv"] + "\n\nI hope this helps!", 0, 1),
        ("csv", "index," + TRUTHS["csv"].replace("\n", "\n1,"), 1, 0),
        ("csv", TRUTHS["csv"].replace("Ann", "N/A"), 0, 0),
        ("csv", "Sure, here it is:\n" + TRUTHS["csv"], 1, 1),
        ("csv", TRUTHS["csv"] + '\n"Hope this helps', 1, 0),
        ("tsv", TRUTHS["tsv"] + '\n"', 1, 0),
        ("html", TRUTHS["html"].replace("1.5", "1.50"), 1, 1),
    ],
)
def test_tables_that_the_original_judges_otherwise(kind: str, answer: str, score: float, strict: float) -> None:
    judged = reformat(kind, answer)
    assert (judged.score, judged.strict) == (score, strict)


def test_a_number_with_zeros_before_it_is_no_text_that_the_original_can_compare() -> None:
    judged = reformat("csv", "a,b\nx,007\ny,Z", truth="a,b\nx,007\ny,Z")
    assert (judged.score, judged.strict, judged.status) == (0, 1, "ok")


def test_an_empty_last_cell_is_kept() -> None:
    judged = reformat("tsv", "```tsv\na\tb\nx\t\n```", truth="a\tb\nx\t")
    assert (judged.score, judged.strict, judged.status) == (1, 1, "ok")


def test_words_for_nothing_are_equal_to_the_original_only() -> None:
    judged = reformat("csv", "a,b\nx,null", truth="a,b\nx,NA")
    assert (judged.score, judged.strict, judged.status) == (1, 0, "wrong")


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("html", '<table><tr><td colspan="999999999" rowspan="999999999">a</td></tr></table>'),
        ("html", "<table><tr><td>" * 30_000),
        ("json", "[" * 200_000),
        ("json", '{"a":' * 100_000),
        ("csv", "name,age,score\n" + "a,b,c,d\n" * 30_000),
        ("csv", "name,age,score\n" + '"a,1,2\n' * 30_000),
        ("csv", "a," * 140_000),
        ("markdown", "|" * 200_000),
        ("jsonl", "<solution>" * 20_000),
    ],
)
def test_a_hostile_table_is_wrong_and_is_not_waited_for(kind: str, answer: str) -> None:
    for version in ("v1", "v2"):
        judged = reformat(kind, answer, version=version)
        assert (judged.score, judged.strict) == (0, 0)


def test_the_closest_sentence_is_that_of_difflib() -> None:
    rng = random.Random(5)
    words = ["the", "king", "ring", "fish", "finds", "loses", "court", "cook", "old", "brings", "a"]
    for _ in range(60):
        given = [" ".join(rng.choices(words, k=rng.randint(1, 8))) for _ in range(rng.randint(1, 9))]
        wanted = " ".join(rng.choices(words, k=5))
        expected = difflib.get_close_matches(wanted, given, n=1, cutoff=0.0)[0]
        assert plot_unscrambling._Matcher(given).closest(wanted)[1] == expected


@pytest.mark.parametrize("task", ["connections", "connections_before_2024_11_25", "cta", "typos", "plot_unscrambling"])
@pytest.mark.parametrize("piece", ["<solution>", "**a", "\\boxed{", " --- ", ". a", "a"])
def test_an_answer_of_a_megabyte_is_judged(task: str, piece: str) -> None:
    truth = {"plot_unscrambling": PLOT}.get(task, WORDS)
    judged = SCORERS[task](piece * (1_000_000 // len(piece)), truth, {})
    assert judged.strict == 0 or task == "plot_unscrambling"
