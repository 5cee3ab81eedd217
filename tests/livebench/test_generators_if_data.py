"""Generators of instruction following and data analysis: what they promise, and mutants that their proofs catch."""

import functools
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest

from modelworks.livebench.generators import (
    cta,
    drawing,
    instruction_questions,
    instruction_wording,
    paraphrase,
    simplify,
    story_generation,
    summarize,
    table_domains,
    table_formats,
    tablejoin,
    tablereformat,
)
from modelworks.livebench.generators.cta_types import TYPES
from modelworks.livebench.judgment import Judgment
from modelworks.livebench.proofs import catalogue
from modelworks.livebench.proofs import instruction_following as instructions_proof
from modelworks.livebench.proofs.instruction_checks import CHECKS
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question
from modelworks.livebench.scorers.dispatch import judge
from modelworks.livebench.scorers.instruction_following import judge_instructions

RELEASE = date(2025, 6, 1)
INSTRUCTED: list[Any] = [paraphrase, summarize, simplify, story_generation]
TABLES: list[Any] = [cta, tablejoin, tablereformat]
CASES = [
    pytest.param(module, level, id=f"{module.TASK}-{level}")
    for module in INSTRUCTED + TABLES
    for level in module.LEVELS
]


@functools.cache
def asked(module: Any, level: int) -> list[Question]:
    """200 questions of a level."""
    questions: list[Question] = module.generate(1, level, 200, RELEASE)
    return questions


def context(question: Question) -> dict[str, Any]:
    return {"question_text": question.turns[0], **question.extra}


@pytest.mark.parametrize(("module", "level"), CASES)
def test_questions_are_proven_distinct_and_of_many_templates(module: Any, level: int) -> None:
    questions = asked(module, level)
    for question in questions:
        catalogue.proof(module.TASK).prove(question)
    assert len({question.turns[0] for question in questions}) == 200
    assert len({question.extra["template"] for question in questions}) >= 20
    assert {question.extra["level"] for question in questions} == {level}
    assert {(question.category, question.task) for question in questions} == {(module.CATEGORY, module.TASK)}


@pytest.mark.parametrize("module", INSTRUCTED + TABLES)
def test_the_same_seed_gives_the_same_questions_and_another_other_ones(module: Any) -> None:
    first = module.generate(1, 1, 30, RELEASE)
    assert first == module.generate(1, 1, 30, RELEASE)
    assert not {one.question_id for one in first} & {one.question_id for one in module.generate(2, 1, 30, RELEASE)}


@pytest.mark.parametrize("module", INSTRUCTED + TABLES)
def test_months_of_two_years_share_no_question_even_if_they_draw_alike(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "Random", lambda seed: Random(0))
    months = [date(year, month, 1) for year in (2025, 2026) for month in range(1, 13)]
    texts = [one.turns[0] for month in months for one in module.generate(1, 1, 3, month)]
    assert len(set(texts)) == 24 * 3


@pytest.mark.parametrize(("module", "level"), CASES)
def test_the_oracle_is_right_by_the_scorers(module: Any, level: int) -> None:
    for question in asked(module, level)[:20]:
        for release in (RELEASE, date(2024, 6, 1)):  # tables were scored in another way before 2025-04-25
            given = module.oracle_answer(question)
            judged = judge(module.TASK, given, question.ground_truth, context(question), release)
            assert (judged.score, judged.strict, judged.status) == (1.0, 1.0, "ok")


@pytest.mark.parametrize("module", INSTRUCTED + TABLES)
def test_chance_is_the_mean_score_of_random_answers(module: Any) -> None:
    questions, rng = asked(module, 1)[:120], Random(0)
    scores = [
        judge(module.TASK, module.random_answer(one, rng), one.ground_truth, context(one), RELEASE).score
        for one in questions
        for _ in range(2)
    ]
    assert None not in scores
    expected = sum(map(module.chance, questions)) / 120
    assert 0 < expected < 0.5
    assert sum(score or 0.0 for score in scores) / len(scores) == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("module", INSTRUCTED)
def test_the_scorer_takes_no_violator_for_a_follower(module: Any) -> None:
    for question in asked(module, 3)[:40]:
        listed = zip(question.extra["instruction_id_list"], question.extra["kwargs"], strict=True)
        for (identifier, arguments), violator in zip(listed, question.extra["violators"], strict=True):
            judged = judge_instructions(violator, [identifier], [arguments])
            assert (judged.score, judged.strict) == (0.0, 0.0)


def test_a_witness_that_the_scorer_refuses_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instruction_questions, "judge_instructions", lambda *given: Judgment(0.0, 1.0, "ok"))
    monkeypatch.setattr(drawing, "_TRIES", 200)
    with pytest.raises(drawing.GenerationError, match=r"^simplify: level 1 has only 0 questions for 2025-06-01"):
        simplify.generate(1, 1, 1, RELEASE)


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(drawing.GenerationError, match=r"^cta: level must be one of 1, 2, 3, got 4$"):
        cta.generate(1, 4, 1, RELEASE)


def test_levels_grow() -> None:
    assert [len(cta.generate(1, level, 1, RELEASE)[0].extra["classes"]) for level in cta.LEVELS] == [4, 8, 14]
    counts = [{len(one.extra["kwargs"]) for one in asked(paraphrase, level)} for level in (1, 2, 3)]
    assert counts == [{1}, {2, 3}, {4, 5}]
    cells = [[len(one.turns[0]) for one in asked(tablereformat, level)] for level in (1, 2, 3)]
    assert max(cells[0]) < min(cells[2])


def test_every_instruction_but_the_language_and_the_fixed_answers_is_asked() -> None:
    listed = {one for level in (1, 2) for q in asked(paraphrase, level) for one in q.extra["instruction_id_list"]}
    assert listed == set(CHECKS)
    assert len(listed) == 23


def test_texts_of_the_caller_are_used() -> None:
    source = "A comet was seen over the sea. Experts were surprised. It will return."
    questions = summarize.generate(1, 3, 20, RELEASE, sources=[source])
    for question in questions:
        assert f"-------\n{source}\n-------\n" in question.turns[0]
        instructions_proof.prove_instructions(question)


def _caught(module: Any, level: int) -> set[str]:
    """The reasons for which questions of a mutant generator are refused."""
    reasons = set()
    for question in module.generate(1, level, 40, RELEASE):
        try:
            catalogue.proof(module.TASK).prove(question)
        except ProofError as error:
            reasons.add(error.reason)
    return reasons


def test_a_generator_that_joins_any_instructions_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _caught(paraphrase, 2)
    monkeypatch.setattr(instruction_wording, "can_join", lambda one, other: one != other)
    monkeypatch.setattr(instruction_questions, "_is_right", lambda *given: True)
    assert any("the witness does not follow it" in reason for reason in _caught(paraphrase, 2))


def test_a_generator_that_says_other_than_it_means_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    said = instruction_wording.said
    monkeypatch.setattr(instruction_wording, "said", lambda *given: said(*given).replace("at least", "less than"))
    assert any("the question does not say" in reason for reason in _caught(paraphrase, 1))


def test_a_generator_that_offers_two_fitting_classes_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _caught(cta, 3)
    blind = tuple(replace(one, fits=lambda value: False) for one in TYPES)
    monkeypatch.setattr(cta, "TYPES", blind)
    monkeypatch.setattr(cta, "_OVERLAPPING", ())
    assert any("fit the classes" in reason for reason in _caught(cta, 3))


def test_a_generator_of_joins_with_two_answers_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def twins(*given: Any, **options: Any) -> list[dict[str, str]]:
        records = table_domains.records_of(*given, **options)
        return [dict.fromkeys(record, next(iter(record.values()))) for record in records]

    assert not _caught(tablejoin, 1)
    monkeypatch.setattr(tablejoin, "records_of", twins)
    monkeypatch.setattr(tablejoin, "_is_clear", lambda *given: True)
    reasons = _caught(tablejoin, 1)
    assert reasons
    assert all("join the tables" in reason for reason in reasons)


def test_a_generator_of_tables_that_can_be_read_in_two_ways_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _caught(tablereformat, 3)
    monkeypatch.setattr(table_formats, "_quoted", lambda cell, separator: cell)
    assert any("cells for" in reason for reason in _caught(tablereformat, 3))
