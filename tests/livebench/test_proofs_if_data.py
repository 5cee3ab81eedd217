"""Proofs of instruction following and data analysis: every fault of a question, and what is said of it."""

import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from modelworks.livebench.generators import cta, paraphrase, tablejoin, tablereformat
from modelworks.livebench.proofs import cta as cta_proof
from modelworks.livebench.proofs import instruction_following as instructions_proof
from modelworks.livebench.proofs import table_readers
from modelworks.livebench.proofs import tablejoin as tablejoin_proof
from modelworks.livebench.proofs import tablereformat as tablereformat_proof
from modelworks.livebench.proofs.instruction_checks import follows, may_follow
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question

RELEASE = date(2025, 6, 1)


def refused(prove: Callable[[Question], None], question: Question, **changed: Any) -> str:
    with pytest.raises(ProofError) as caught:
        prove(replace(question, **changed))
    assert caught.value.question_id == question.question_id
    return caught.value.reason


def _ids(question: Question) -> list[str]:
    return list(question.extra["instruction_id_list"])


def test_a_witness_that_breaks_an_instruction_is_caught() -> None:
    question = _with("punctuation:no_comma")
    extra = {**question.extra, "witness": question.extra["witness"] + " So, there."}
    assert refused(instructions_proof.prove_instructions, question, extra=extra) == (
        "punctuation:no_comma: the witness does not follow it"
    )


def test_a_violator_that_follows_its_instruction_is_caught() -> None:
    question = _with("punctuation:no_comma")
    extra = {**question.extra, "violators": [question.extra["witness"]]}
    assert (
        refused(instructions_proof.prove_instructions, question, extra=extra)
        == "punctuation:no_comma: its violator follows it"
    )


def test_a_violator_that_breaks_another_instruction_is_caught() -> None:
    first, second = _with("punctuation:no_comma"), _with("change_case:english_lowercase")
    extra = {
        "instruction_id_list": [*_ids(first), *_ids(second)],
        "kwargs": [{}, {}],
        "witness": "it is the news of the day.",
        "violators": ["It is, in short, the news.", "It is the news of the day."],
    }
    assert refused(instructions_proof.prove_instructions, first, extra=extra) == (
        "punctuation:no_comma: its violator breaks change_case:english_lowercase too"
    )


def test_instructions_that_cannot_hold_together_have_no_witness() -> None:
    question = _with("change_case:english_lowercase")
    extra = {
        **question.extra,
        "instruction_id_list": ["change_case:english_lowercase", "change_case:english_capital"],
        "kwargs": [{}, {}],
        "violators": ["", ""],
    }
    reason = refused(instructions_proof.prove_instructions, question, extra=extra)
    assert reason == "change_case:english_capital: the witness does not follow it"


def test_an_argument_that_the_question_does_not_say_is_caught() -> None:
    question = _with("detectable_format:number_bullet_lists")
    text = question.turns[0].replace("exactly", "exactly 97 or")
    reason = refused(instructions_proof.prove_instructions, question, turns=[text])
    assert reason.startswith("detectable_format:number_bullet_lists: the question does not say 'Your answer must")


def test_an_instruction_that_is_not_listed_is_caught() -> None:
    question = _with("punctuation:no_comma")
    for text in (question.turns[0] + " Use no commas.", question.turns[0].replace(" In your", " Be brief. In your")):
        assert refused(instructions_proof.prove_instructions, question, turns=[text]) == (
            "the question does not end with its task and its instructions alone"
        )


def test_what_is_to_be_repeated_must_be_all_that_stands_before() -> None:
    question = _with("combination:repeat_prompt")
    assert refused(instructions_proof.prove_instructions, question, turns=["Hello. " + question.turns[0]]) == (
        "combination:repeat_prompt: what is to be repeated is not all that stands before this instruction"
    )


def test_lists_of_instructions_are_checked() -> None:
    question = _with("punctuation:no_comma")
    extra = question.extra
    assert refused(instructions_proof.prove_instructions, question, extra={**extra, "violators": []}) == (
        "1 instructions have 1 arguments and 0 violators"
    )
    twice = {name: extra[name] * 2 for name in ("instruction_id_list", "kwargs", "violators")}
    assert (
        refused(instructions_proof.prove_instructions, question, extra={**extra, **twice})
        == "an instruction is given twice"
    )
    unknown = {**extra, "instruction_id_list": ["a:b"]}
    assert refused(instructions_proof.prove_instructions, question, extra=unknown) == "there is no check of a:b"


@functools.cache
def _with(identifier: str) -> Question:
    return next(one for one in _single() if _ids(one) == [identifier])


@functools.cache
def _single() -> list[Question]:
    return paraphrase.generate(1, 1, 200, RELEASE)


@pytest.mark.parametrize(
    ("identifier", "asked", "follower", "breaker"),
    [
        ("keywords:existence", {"keywords": ["oak"]}, "An oak.", "A tree."),
        ("keywords:frequency", {"keyword": "oak", "relation": "less than", "frequency": 2}, "An oak.", "Oak oak."),
        ("keywords:forbidden_words", {"forbidden_words": ["oak"]}, "A tree.", "An oak."),
        ("detectable_content:postscript", {"postscript_marker": "P.S."}, "Yes.\nP.S. No.", "Yes."),
        ("detectable_format:multiple_sections", {"section_spliter": "Section", "num_sections": 1}, "Section 1\nA", "A"),
        ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "A.\n***\nB.", "A.\n***\nB.\n***\nC."),
        ("combination:two_responses", {}, "A\n******\nB", "A\n******\nA"),
        ("startend:quotation", {}, '"A b."', 'A "b."'),
        ("combination:repeat_prompt", {"prompt_to_repeat": "Say it."}, "Say it. Yes.", "Yes. Say it."),
    ],
)
def test_checks_tell_followers_from_breakers(
    identifier: str, asked: dict[str, Any], follower: str, breaker: str
) -> None:
    assert follows(identifier, follower, asked)
    assert not may_follow(identifier, breaker, asked)


def test_an_ambiguous_answer_follows_only_widely() -> None:
    asked = {"keywords": ["oak"]}
    assert not follows("keywords:existence", "I soak it.", asked)
    assert may_follow("keywords:existence", "I soak it.", asked)


def test_a_column_of_two_classes_is_caught() -> None:
    text = "Pick.\nColumn sample: [[\"3\"], [\"7\"], [\"11\"]]\nClasses: ['hour' 'month_number' 'price']\nOutput:\n"
    question = replace(cta.generate(1, 1, 1, RELEASE)[0], turns=[text], ground_truth="hour")
    assert refused(cta_proof.prove, question) == (
        "['3', '7', '11'] fit the classes ['hour', 'month_number'], not hour alone"
    )


def test_classes_that_an_answer_cannot_tell_apart_are_caught() -> None:
    question = cta.generate(1, 1, 1, RELEASE)[0]
    text = "Pick.\nColumn sample: [[\"3\"]]\nClasses: ['hour' 'Hour']\nOutput:\n"
    assert refused(cta_proof.prove, question, turns=[text]) == (
        "the class hour is the end of another: an answer could be either"
    )
    assert refused(cta_proof.prove, question, turns=[text.replace("Hour", "shoe size")]) == (
        "there is no checker of the class shoesize"
    )
    assert refused(cta_proof.prove, question, turns=["?"]) == (
        "there is no sample after 'Column sample:' and 'Classes:'"
    )


JOIN = """Both list loans. {} of the records are in both tables. Map: each column in A maps to 0 or 1 columns in B.
CSV Table A:
id,name,size
1,Ada,4
2,Bo,5
CSV Table B:
{}
Output:
"""


def test_a_join_with_two_right_mappings_is_caught() -> None:
    question = tablejoin.generate(1, 1, 1, RELEASE)[0]
    text = JOIN.format(2, "p,q,r\n1,Ada,1\n2,Bo,2")
    reason = refused(tablejoin_proof.prove, question, turns=[text], ground_truth={"id": "p", "name": "q"})
    assert reason.startswith("2 maps of 2 columns join the tables: ")


def test_a_wrong_mapping_is_caught() -> None:
    question = tablejoin.generate(1, 1, 1, RELEASE)[0]
    text = JOIN.format(2, "p,q\n1,Ada\n2,Bo")
    tablejoin_proof.prove(replace(question, turns=[text], ground_truth={"id": "p", "name": "q"}))
    assert refused(tablejoin_proof.prove, question, turns=[text], ground_truth={"id": "p"}) == (
        "the data give {'id': 'p', 'name': 'q'}, not {'id': 'p'}"
    )
    assert refused(tablejoin_proof.prove, question, turns=["?"]) == (
        "there are no tables after 'CSV Table A:' and 'CSV Table B:'"
    )
    assert refused(tablejoin_proof.prove, question, turns=[text.replace("Both", "3")]) == (
        "the number of shared records is not said once: ['3', '2']"
    )
    assert refused(tablejoin_proof.prove, question, turns=[JOIN.format(2, "p,p\n1,Ada")]) == (
        "a table with the columns ['p', 'p'] is ragged or names one twice"
    )


def test_a_number_of_shared_records_that_is_wrong_is_caught() -> None:
    question = tablejoin.generate(1, 1, 1, RELEASE)[0]
    truth = {"id": "p", "name": "q"}
    table = "p,q\n1,Ada\n2,Bo"
    assert refused(tablejoin_proof.prove, question, turns=[JOIN.format(3, table)], ground_truth=truth) == (
        "table B has fewer rows than the 3 that are said to be shared"
    )
    assert refused(tablejoin_proof.prove, question, turns=[JOIN.format(1, table)], ground_truth=truth) == (
        "the tables share 2 records, not 1"
    )
    assert refused(tablejoin_proof.prove, question, turns=[JOIN.format(1, 'p,q\n1,"Ada')]) == (
        "a table is not CSV: unexpected end of data"
    )


def test_a_sample_that_is_no_list_of_texts_is_caught() -> None:
    question = cta.generate(1, 1, 1, RELEASE)[0]
    for sample in ("[3]", "[[3]]", "[", "[]"):
        text = f"Pick.\nColumn sample: {sample}]\nClasses: ['hour' 'year']\nOutput:\n"
        reason = refused(cta_proof.prove, question, turns=[text])
        assert reason == f"the sample is not a list of lists of one text: {sample}]"


REFORMAT = """Please convert the Input Table from {0} format to {1} format.
Source Format: {0}
Target Format: {1}
Input Table:
{2}
Output:
"""


@pytest.mark.parametrize(
    ("source", "target", "table", "truth", "reason"),
    [
        ("CSV", "JSON", "a\n007", '{"0":{"a":7}}', "source table: the cell '007' can be read in two ways"),
        ("CSV", "TSV", "a,a\n1,2", "a\ta\n1\t2", "source table: a column occurs twice among ['a', 'a']"),
        ("CSV", "TSV", "a\nNA", "a\nNA", "source table: the cell 'NA' can be read in two ways"),
        ("MARKDOWN", "CSV", "| a |\n|---|\n| x | y |", "a\nx", "source table: a row has 2 cells for 1 columns"),
        ("CSV", "JSON", "a\n7", '{"0":{"a":"7"}}', "ground truth: the cell '7' is text that can be read as a number"),
        ("CSV", "HTML", "a\nx", "<p>a</p>", "ground truth: 'a' stands outside of the cells"),
        ("CSV", "JSONL", "a\nx", '{"a":"y"}', "row 1, a: x became y"),
        ("CSV", "JSONL", "a\nx", '{"b":"x"}', "columns ['a'] became ['b']"),
        ("CSV", "JSONL", "a\nx", '{"a":"x"}\n{"a":"x"}', "1 rows became 2"),
        ("CSV", "CSV", "a\nx", "a\nx", "CSV is asked for as CSV: nothing to convert"),
        ("CSV", "XML", "a\nx", "a\nx", "ground truth: unknown format 'XML'"),
    ],
)
def test_a_table_that_is_wrong_or_two_tables_is_caught(
    source: str, target: str, table: str, truth: str, reason: str
) -> None:
    question = tablereformat.generate(1, 1, 1, RELEASE)[0]
    text = REFORMAT.format(source, target, table)
    assert refused(tablereformat_proof.prove, question, turns=[text], ground_truth=truth).startswith(reason)


def test_formats_must_be_named_and_a_table_given() -> None:
    question = tablereformat.generate(1, 1, 1, RELEASE)[0]
    assert refused(tablereformat_proof.prove, question, turns=["?"]) == "the formats are not named alike once: [], []"
    text = REFORMAT.format("CSV", "TSV", "a\n1").replace("Input Table:\n", "")
    assert refused(tablereformat_proof.prove, question, turns=[text]) == (
        "there is no table between 'Input Table:' and 'Output:'"
    )


@pytest.mark.parametrize(
    ("kind", "text", "error"),
    [
        ("CSV", "a", "a table needs a header and a row"),
        ("CSV", 'a\n"b', "not separated values: unexpected end of data"),
        ("JSON", "{", "not JSON: "),
        ("JSON", '{"1":{"a":1}}', "the rows must be keyed 0, 1, 2, ... in this order"),
        ("JSON", '{"0":1}', "each row must be an object"),
        ("JSONL", '{"a":1}\n{"b":1}', "the rows have different columns"),
        ("JSONL", '{"a":null}', "the cell None is neither text nor a number"),
        ("MARKDOWN", "a", "not a Markdown table"),
        ("MARKDOWN", "|a|\n|b|\n|c|", "the second line of a Markdown table must be its rule"),
        ("HTML", "<table><tr><td>1</td></tr></table>", "not one HTML table with a header"),
        ("HTML", "<table><tr><th colspan=2>1</th></tr></table>", "a cell spans several"),
        (
            "HTML",
            "<table><tr><th>1</th></tr><tr><th>2</th></tr></table>",
            "a row below the header has header cells, or none",
        ),
    ],
)
def test_what_is_no_table_is_refused(kind: str, text: str, error: str) -> None:
    with pytest.raises(table_readers.TableError) as caught:
        table_readers.read(kind, text)
    assert str(caught.value).startswith(error)


def test_a_join_that_is_too_large_to_try_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tablejoin_proof, "_MOST", 3)
    question = tablejoin.generate(1, 1, 1, RELEASE)[0]
    assert refused(tablejoin_proof.prove, question) == "more than 3 maps would have to be tried"
