"""Instructions: what IFEval's checks give, what the instructions say, and questions of several."""

import random
import re
from typing import Any

import pytest

from modelworks.livebench.scorers.ifeval import marks
from modelworks.livebench.scorers.ifeval.check import ArgumentError, holds, number, word, words
from modelworks.livebench.scorers.ifeval.sentences import sentences
from modelworks.livebench.scorers.ifeval.tokens import words_and_marks
from modelworks.livebench.scorers.instruction_following import CHECKS, judge_instructions, readings, score

ENGLISH = "the river ran past the old stone house near the town"
LEAST = {"relation": "at least"}
CASES: list[tuple[str, dict[str, Any], str, int, int]] = [
    ("keywords:existence", {"keywords": ["river"]}, "the driver", 1, 0),
    ("keywords:existence", {"keywords": ["river"]}, "The River", 1, 1),
    ("keywords:frequency", {"keyword": "tree", "frequency": 2, **LEAST}, "treetop tree", 1, 0),
    ("keywords:frequency", {"keyword": "tree", "frequency": 2.0, "relation": "less than"}, "tree", 1, 1),
    ("keywords:forbidden_words", {"forbidden_words": ["cat"]}, "a catalog", 1, 1),
    ("keywords:forbidden_words", {"forbidden_words": ["U.S."]}, "the U.S. is", 1, 0),
    ("keywords:letter_frequency", {"letter": "E", "let_frequency": 2, "let_relation": "at least"}, "eel", 1, 1),
    ("language:response_language", {"language": "fr"}, "Le chat est sur la table et il dort bien.", 1, 1),
    ("language:response_language", {"language": "fr"}, "123 456", 1, 0),
    ("length_constraints:number_sentences", {"num_sentences": 3, **LEAST}, "Dr. X left. Why? He was tired.", 1, 1),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb", 1, 1),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "so ***very good", 1, 0),
    ("length_constraints:number_words", {"num_words": 3, **LEAST}, "don't stop", 1, 0),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "Then"},
        "a\n\n\n\n**then** b",
        0,
        1,
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "then"},
        "a\n\nthen, b",
        1,
        1,
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 1}, "see [here](there)", 1, 0),
    ("detectable_content:number_placeholders", {"num_placeholders": 1}, "[name]", 1, 1),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "the maps. p.s.", 1, 0),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "text\n\nP.S. more", 1, 1),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "text\nP.P.S more", 1, 1),
    ("detectable_format:number_bullet_lists", {"num_bullets": 1}, "*well* said", 1, 0),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* one\n- two", 1, 1),
    ("detectable_format:constrained_response", {}, "My answer is yes. My answer is no.", 1, 0),
    ("detectable_format:constrained_response", {}, "**My answer is no.**", 1, 1),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "***one***", 1, 0),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*one* and **two**", 1, 1),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "Section", "num_sections": 2},
        "Section 1\na\nSection 2\nb\nSection 3\nc",
        1,
        0,
    ),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "Section", "num_sections": 2},
        "## Section 1\na\n**Section 2**\nb",
        1,
        1,
    ),
    ("detectable_format:json_format", {}, '"text"', 1, 0),
    ("detectable_format:json_format", {}, '{"a": NaN}', 1, 0),
    ("detectable_format:json_format", {}, '```json\n{"a": 1}\n```', 1, 1),
    ("detectable_format:title", {}, "<<>> text <<>>", 1, 0),
    ("detectable_format:title", {}, "<<A title>>\nbody", 1, 1),
    ("combination:two_responses", {}, "One\n******\nTwo", 1, 1),
    ("combination:two_responses", {}, "One\n******\none", 1, 0),
    ("combination:two_responses", {}, "a\n*******\nb", 1, 0),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say hello"}, "say hello", 1, 0),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say hello"}, "Say hello\nHello!", 1, 1),
    ("startend:end_checker", {"end_phrase": "That is all."}, "so THAT IS ALL.", 1, 0),
    ("startend:end_checker", {"end_phrase": "That is all."}, "**That is all.**", 0, 1),
    ("change_case:capital_word_frequency", {"capital_frequency": 2, "capital_relation": "at least"}, "DON'T", 1, 0),
    ("change_case:capital_word_frequency", {"capital_frequency": 2, "capital_relation": "at least"}, "GO ON", 1, 1),
    ("change_case:english_capital", {}, ENGLISH.upper(), 0, 1),
    ("change_case:english_lowercase", {}, ENGLISH, 1, 1),
    ("change_case:english_lowercase", {}, "a cat, a dog", 0, 1),
    ("punctuation:no_comma", {}, "a\uff0cb", 1, 0),
    ("punctuation:no_comma", {}, "a b", 1, 1),
    ("startend:quotation", {}, '"a" and "b"', 1, 0),
    ("startend:quotation", {}, '"He said "hi" to me"', 1, 1),
    ("startend:quotation", {}, "“text”", 0, 1),
]


@pytest.mark.parametrize(("name", "kwargs", "answer", "compatible", "strict"), CASES)
def test_an_instruction_as_the_original_checks_it_and_as_it_is_meant(
    name: str, kwargs: dict[str, Any], answer: str, compatible: int, strict: int
) -> None:
    judged = score(answer, None, {"instruction": name, "kwargs": kwargs})
    assert (judged.score, judged.strict, judged.status) == (compatible, strict, "ok" if strict else "wrong")


def test_every_instruction_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(CHECKS)
    assert len(CHECKS) == 25


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_blank_answer_follows_nothing(name: str) -> None:
    kwargs = next(case[1] for case in CASES if case[0] == name)
    judged = score(" \n", None, {"instruction": name, "kwargs": kwargs})
    assert (judged.score, judged.strict, judged.status) == (0, 0, "unparsed")


@pytest.mark.parametrize(
    "context",
    [
        {"instruction": "keywords:no_such", "kwargs": {}},
        {"instruction": "keywords:existence", "kwargs": {}},
        {"instruction": "keywords:existence", "kwargs": {"keywords": "river"}},
        {"instruction": "punctuation:no_comma", "kwargs": {"letter": "a"}},
        {"instruction": "length_constraints:number_words", "kwargs": {"num_words": 3, "relation": "about"}},
        {"instruction": "detectable_format:number_bullet_lists", "kwargs": {"num_bullets": -1}},
        {
            "instruction": "length_constraints:nth_paragraph_first_word",
            "kwargs": {"num_paragraphs": 1, "nth_paragraph": 2, "first_word": "a"},
        },
        {"instruction_id_list": [], "kwargs": []},
        {"instruction_id_list": ["punctuation:no_comma"], "kwargs": []},
        {},
    ],
)
@pytest.mark.parametrize("answer", ["text", ""])
def test_a_question_that_cannot_be_checked_is_an_error(context: dict[str, Any], answer: str) -> None:
    judged = score(answer, None, context)
    assert (judged.score, judged.strict, judged.status) == (None, None, "error")


def test_what_is_wrong_with_an_argument_is_said() -> None:
    with pytest.raises(ArgumentError, match=r"^num_words must be a number, got '3'$"):
        number({"num_words": "3"}, "num_words")
    with pytest.raises(ArgumentError, match=r"^language must be text, got None$"):
        word({}, "language")
    with pytest.raises(ArgumentError, match=r"^keywords must be a list of texts, got \[\]$"):
        words({"keywords": []}, "keywords")
    with pytest.raises(ArgumentError, match=r"^relation must be 'less than' or 'at least', got 'about'$"):
        holds(1, {"relation": "about"}, "num_words", "relation")
    place = {"num_paragraphs": 1, "nth_paragraph": 2, "first_word": "a"}
    with pytest.raises(ArgumentError, match=r"^nth_paragraph must be one of the paragraphs, got 2$"):
        CHECKS["length_constraints:nth_paragraph_first_word"].strict("a", place)


def test_where_the_original_draws_or_fails_there_is_no_compatible_score() -> None:
    kwargs = {"letter": "!", "let_frequency": 1, "let_relation": "at least"}
    judged = score("Oh!", None, {"instruction": "keywords:letter_frequency", "kwargs": kwargs})
    assert (judged.score, judged.strict, judged.status) == (None, 1, "ok")
    judged = score("C++ is", None, {"instruction": "keywords:existence", "kwargs": {"keywords": ["c++"]}})
    assert (judged.score, judged.strict, judged.status) == (None, 1, "ok")
    judged = score("[" * 200_000, None, {"instruction": "detectable_format:json_format", "kwargs": {}})
    assert (judged.score, judged.strict, judged.status) == (None, 0, "wrong")


def test_a_question_is_half_whether_all_and_half_how_many_are_followed() -> None:
    names = ["punctuation:no_comma", "detectable_format:title", "startend:quotation", "detectable_format:json_format"]
    context = {"instruction_id_list": names, "kwargs": [{"letter": None}, {}, {}, {}]}
    judged = score('"<<A title>> text"', None, context)
    assert (judged.score, judged.strict) == (1, 0.375)
    assert judge_instructions('"<<A title>> text"', names[:3], [{}, {}, {}]).score == 1
    assert judge_instructions("a,b", names[:3], [{}, {}, {}]).score == 0


def test_loosely_an_instruction_may_be_followed_without_the_first_line_the_last_or_asterisks() -> None:
    answer = 'Sure, here it is:\n*{"a": 1}*\nI hope, this helps.'
    context = {"instruction_id_list": ["punctuation:no_comma", "detectable_format:json_format"], "kwargs": [{}, {}]}
    assert score(answer, None, context).score == 0
    judged = score(answer, None, {**context, "variant": "loose"})
    assert (judged.score, judged.strict, judged.status) == (1, 1, "ok")
    assert len(readings("a*\nb\nc", "loose")) == 8
    assert readings("one line", "loose") == ["one line", "one line"]


def test_bullets_are_those_of_the_originals_expressions() -> None:
    rng = random.Random(3)
    for _ in range(3000):
        text = "".join(rng.choices("*-a \n\t", k=rng.randint(0, 14)))
        stars = re.findall(r"^\s*\*[^\*].*$", text, flags=re.MULTILINE)
        hyphens = re.findall(r"^\s*-.*$", text, flags=re.MULTILINE)
        assert marks.bullets_compatible(text) == len(stars) + len(hyphens), repr(text)


def test_titles_are_those_of_the_originals_expression() -> None:
    rng = random.Random(4)
    for _ in range(3000):
        text = "".join(rng.choices("<>a \n", k=rng.randint(0, 12)))
        found = any(one.lstrip("<").rstrip(">").strip() for one in re.findall(r"<<[^\n]+>>", text))
        assert marks.title_compatible(text) == found, repr(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Wow!! Next one. ok", 3),
        ('He said "Hi." Then he left.', 2),
        ("It was the U.S. and Dr. Smith at 5 p.m. The end came. J. K. Rowling wrote.", 3),
        ("1. one\n2. two", 1),
        ("Wait... and so on. It cost 3.5 dollars.", 2),
        ("In 1999. The end. see it", 3),
        ("Is it? (Yes.) No", 3),
        ("", 0),
    ],
)
def test_sentences_end_where_nltk_ends_them(text: str, count: int) -> None:
    assert len(sentences(text)) == count


def test_words_are_split_as_nltk_splits_them() -> None:
    assert words_and_marks("DON'T GO, IT'S A WELL-KNOWN CANNOT (OK)") == (
        ["DO", "N'T", "GO", ",", "IT", "'S", "A", "WELL-KNOWN", "CAN", "NOT", "(", "OK", ")"]
    )


@pytest.mark.parametrize("piece", ["\n", "<<", "!", "***"])
def test_an_answer_of_a_megabyte_is_checked_by_every_instruction(piece: str) -> None:
    answer = piece * (1_000_000 // len(piece))
    names = sorted(CHECKS)
    kwargs = [next(case[1] for case in CASES if case[0] == name) for name in names]
    judged = judge_instructions(answer, names, kwargs)
    assert judged.strict is not None and judged.strict < 1
