"""Claims about contamination: what a model was trained on, runs of words, template text, passages that say the same."""

import json
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy
import polars
import pytest

from modelworks.build import lineage
from modelworks.livebench import contamination, detection, passages, question, seen_text
from modelworks.livebench.embedder import embed, embedder
from modelworks.livebench.paraphrase import paraphrase
from modelworks.livebench.question import Question, question_id
from modelworks.livebench.seen_grams import Search, wordings
from modelworks.livebench.seen_passages import Sentences, near
from modelworks.livebench.seen_sums import canonical
from modelworks.livebench.training_text import LineageError, from_records, from_rules
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage
from tests.build.repository import PROJECT

SETTINGS = {
    "ngram_words": 13,
    "most_ngrams": 0.2,
    "embedding_threshold": 0.6,
    "embedding_margin": 0.02,
    "passage_words": 60,
    "most_passages": 100,
    "threads": 1,
}
PARAMS = {"seed": 7, "livebench": {"contamination": SETTINGS}}
NAMES = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivo", "Jana"]
LONG = "{0} keeps a boat at the pier and paints it in the colour that {0} saw on the roof of the old mill near the sea"
FILLER = "The for statement is used to iterate over the elements of a sequence or another iterable object in order."


def asked(text: str, truth: str = "1", task: str = "boats", **extra: Any) -> Question:
    turns = [text]
    return Question(question_id(task, turns, truth), "reasoning", task, turns, truth, date(2026, 8, 31), extra=extra)


def shares(questions: Sequence[Question], texts: Sequence[str], words: int = 13) -> list[float]:
    told = wordings(questions, words)
    search = Search(one for some in told.values() for one in some)
    found = seen_text.shares(seen_text.located(told, search, [("text", ([FILLER, text] for text in texts))]))
    return [found[one.question_id] for one in questions]


def long_question(number: int) -> str:
    """18 words before the ones that all questions end with."""
    own = " ".join(f"{NAMES[(number + place) % 10].lower()}{number * place}" for place in range(18))
    return f"{own} Think step by step and then put your answer in bold as a single integer please"


def test_a_verbatim_leak_is_found_whatever_its_case_and_layout_and_others_are_not() -> None:
    questions = [asked(long_question(number)) for number in range(8)]
    leak = "before it\n" + long_question(3).upper().replace(" ", "\n  ") + " after it"
    assert shares(questions, [leak]) == [0, 0, 0, 1, 0, 0, 0, 0]


def test_a_part_of_a_leak_gives_the_share_of_the_runs_that_it_holds() -> None:
    questions = [asked(long_question(number)) for number in range(8)]
    own = long_question(3).split()
    # 18 own words and 16 of the template: 22 runs of 13 words, of which the last 4 hold only template text.
    assert shares(questions, [" ".join(own[:15])])[3] == pytest.approx(3 / 18)


def test_template_text_in_the_corpus_is_no_leak() -> None:
    questions = [asked(long_question(number)) for number in range(8)]
    template = " ".join(long_question(0).split()[18:])
    assert shares(questions, [template]) == [0] * 8
    assert shares(questions[:1], [template]) == [pytest.approx(4 / 22)]


def test_text_that_only_two_questions_of_a_task_share_is_template_text_too() -> None:
    common = "a b c d e f g h i j k l m n"
    mine = [asked(f"{common} {number} own") for number in range(2)]
    others = [asked(long_question(number)) for number in range(8)]
    assert shares([*mine, *others], [common])[:2] == [0, 0]
    assert shares([mine[0], *others], [common])[0] > 0
    assert shares([mine[0], asked(f"{common} 1 own", task="ships"), *others], [common])[0] > 0


def test_a_question_shorter_than_a_run_is_compared_whole() -> None:
    questions = [asked("What is 4+5-6?"), asked("What is 4+5-7?"), asked("What is 4+5?", stem="4+5 =")]
    assert shares(questions, ["Question: what  is 4+5-6? 3"]) == [1, 0, 0]
    assert shares(questions, ["What", "4+5 -6?"]) == [0, 0, 1]
    assert shares(questions, ["14+5 = 19", "4+55"]) == [0, 0, 0]


def test_a_sum_is_what_a_short_question_is_about_however_it_is_asked() -> None:
    questions = [asked("What is 47+85?"), asked("What is 47+85 less 3+4?"), asked(long_question(1) + " 47+85")]
    others = [asked(long_question(number)) for number in range(2, 8)]
    assert shares([*questions, *others], ["Find 47+85-6. 7+5=12,47+85=132;132-6=126"])[:3] == [1, 0, 0]
    assert shares([*questions, *others], ["Find 47+85-6."])[:3] == [0, 0, 0]


def test_a_sum_is_the_same_with_the_operands_of_plus_and_times_in_another_order() -> None:
    questions = [asked("What is 47+85?"), asked("What is 47-85?"), asked("What is 6+2*3-4?")]
    assert shares(questions, ["85+47=132", "85-47=38"]) == [1, 0, 0]
    assert shares(questions, ["3*2-4+6"]) == [0, 0, 1]
    assert shares(questions, ["6+2*4-3", "2+6*3-4", "6-2*3+4"]) == [0, 0, 0]
    same = [("8/2*3", "3*8/2"), ("1-2-3", "1-3-2"), ("10+2", "2+10"), ("7*1+9", "9+1*7")]
    other = [("8/2", "2/8"), ("12+3", "1+23"), ("1-2", "2-1"), ("2*3+4", "2+3*4"), ("5+5", "5"), ("1+1", "1+1+1")]
    assert [canonical(one) == canonical(two) for one, two in same] == [True] * 4
    assert [canonical(one) == canonical(two) for one, two in other] == [False] * 6


def test_a_question_that_is_all_template_is_compared_whole() -> None:
    questions = [asked(long_question(1), str(truth)) for truth in range(3)]
    assert shares(questions, [long_question(1)]) == [1, 1, 1]
    assert shares(questions, [" ".join(long_question(1).split()[:20])]) == [0, 0, 0]


def test_runs_do_not_span_two_texts_and_files_are_read_in_blocks(tmp_path: Path) -> None:
    questions = [asked(long_question(number)) for number in range(8)]
    half = long_question(2).split()
    texts = [*[FILLER] * 700, " ".join(half[:12]), " ".join(half[12:18])]
    write_parquet(tmp_path / "halves.parquet", polars.DataFrame({"text": texts}))
    write_parquet(tmp_path / "whole.parquet", polars.DataFrame({"text": [*texts, long_question(2)]}))
    told = wordings(questions, 13)
    halves, whole = (
        seen_text.shares(seen_text.table(told, [tmp_path / f"{name}.parquet"]))[questions[2].question_id]
        for name in ("halves", "whole")
    )
    assert (halves, whole) == (0, 1)


def test_only_what_a_model_has_read_of_the_training_text_counts(tmp_path: Path) -> None:
    questions = [asked(long_question(number)) for number in range(4)]
    question.write(tmp_path / "questions.parquet", questions)
    half = " ".join(long_question(2).split()[:15])
    for name, texts in (("a", [FILLER] * 300 + [long_question(0), long_question(1)]), ("b", [FILLER, half])):
        write_parquet(tmp_path / f"{name}.parquet", polars.DataFrame({"text": texts}))
    inputs = {
        "questions": [tmp_path / "questions.parquet"],
        "corpus": [tmp_path / "a.parquet", tmp_path / "b.parquet"],
    }
    (seen,) = _run(seen_text, tmp_path, inputs, ["seen.parquet"])
    found = {}
    chunks = {"001": [("a", 1), ("a", 300), ("a", 300)], "002": [("b", 1), ("a", 2)], "003": [("a", 301)]}
    for name, read in chunks.items():
        order = polars.DataFrame(read, schema={"shard": polars.String, "document": polars.Int64}, orient="row")
        write_parquet(tmp_path / f"{name}.parquet", order)
        given = {
            "questions": inputs["questions"],
            "seen": [seen],
            "order": [tmp_path / f"{one}.parquet" for one in chunks if one <= name],
        }
        table, summary = _run(contamination, tmp_path, given, ["table.parquet", "summary.json"], model=f"k2-{name}")
        found[name] = polars.read_parquet(table)["ngram_share"].round(3).to_list()
        told = json.loads(summary.read_text(encoding="utf-8"))
    assert found == {"001": [1, 0, 0, 0], "002": [1, 0, 0.167, 0], "003": [1, 1, 0.167, 0]}
    assert (told["corpus"], told["documents_read"]) == (["a", "b"], 5)


def test_a_later_release_does_not_change_what_is_seen_of_an_earlier_one(tmp_path: Path) -> None:
    common = "a b c d e f g h i j k l m n"
    write_parquet(tmp_path / "corpus.parquet", polars.DataFrame({"text": [common]}))
    for name, number in (("first", 1), ("second", 2)):
        question.write(tmp_path / f"{name}.parquet", [asked(f"{common} {number} own")])
    tables = {}
    for names in (["first"], ["first", "second"]):
        inputs = {"questions": [tmp_path / f"{one}.parquet" for one in names], "corpus": [tmp_path / "corpus.parquet"]}
        (path,) = _run(seen_text, tmp_path, inputs, ["seen.parquet"])
        tables[names[-1]] = list(seen_text.shares(polars.read_parquet(path)).values())
    # What both hold is told to be template text by the second release.
    assert tables == {"first": [pytest.approx(2 / 4)], "second": [0]}


def test_a_passage_near_to_the_whole_task_is_no_leak_and_one_near_to_a_single_question_is() -> None:
    generator = numpy.random.default_rng(0)
    template = generator.normal(size=16)
    own = generator.normal(size=(6, 16))
    questions = _unit(template + 0.5 * own)
    asked_for = _single(questions)
    leak, general, far = _unit(questions[2:3] + 0.02), _unit(template[None]), _unit(-template[None])
    tables = [far.astype(numpy.float16), numpy.concatenate([general, leak]).astype(numpy.float16)]
    found = near(asked_for, ["boats"] * 6, [_single(table) for table in tables], 0.1)
    seen = (found.cosine >= 0.9) & (found.excess >= 0.1)
    assert seen.tolist() == [False, False, True, False, False, False]
    assert (near(asked_for, ["boats"] * 6, [_single(general)], 0.1).excess < 0.1).all()
    singly = [_single(table[place : place + 1]) for table in tables for place in range(len(table))]
    split = near(asked_for, ["boats"] * 6, singly, 0.1)
    assert numpy.allclose(split.cosine, found.cosine) and numpy.allclose(split.excess, found.excess)


def test_a_question_is_as_near_as_its_sentences_on_average_each_to_the_nearest_of_the_passage() -> None:
    axes = numpy.eye(4, dtype=numpy.float32)
    questions = Sentences(axes[[0, 1, 3]], numpy.array([0, 0, 1]))
    passages = Sentences(axes[[2, 0, 1, 1, 2]], numpy.array([0, 0, 0, 1, 1]))
    assert near(questions.chosen(numpy.array([0])), ["boats"], [passages], 0.1).cosine.tolist() == [1.0]
    second = passages.chosen(numpy.array([1]))
    assert near(questions, ["boats", "ships"], [second], 0.1).cosine.tolist() == [0.5, 0.0]


def _single(rows: numpy.ndarray) -> Sentences:
    """Of one sentence each."""
    return Sentences(rows.astype(numpy.float16), numpy.arange(len(rows)))


def _unit(rows: numpy.ndarray) -> numpy.ndarray:
    return (rows / numpy.linalg.norm(rows, axis=1, keepdims=True)).astype(numpy.float32)


def _run(module: Any, folder: Path, inputs: dict[str, list[Path]], outputs: Sequence[str], **args: str) -> list[Path]:
    paths = {name.split(".")[0]: [folder / name] for name in outputs}
    module.main(Stage(module.__name__, "rule", inputs, paths, PARAMS, args))
    return [folder / name for name in outputs]


STORIES = [
    "Ada bought four green kites and gave one of them to her brother at the lake.",
    "A baker in Oslo burns two loaves every morning. How many loaves are burnt in a week?",
    "Three frogs sit on a wall, and the smallest frog always lies about the weather.",
    "The train from Rome leaves at nine, and it stops in Pisa for twenty minutes.",
    "Which of the five planets has the largest number of moons in this table?",
    "Ivo sorts his stamps by country, then he counts those from Peru.",
    "A gardener plants eleven rows of beans and waters only the odd rows.",
    "Sort the following words by their last letter: violin, harp, drum, flute.",
]


def test_a_paraphrase_is_found_by_embeddings_and_not_by_words_and_all_is_written_down(tmp_path: Path) -> None:
    questions = [asked(text) for text in STORIES]
    question.write(tmp_path / "questions.parquet", questions)
    other = paraphrase(STORIES[3], 1)
    write_parquet(tmp_path / "corpus.parquet", polars.DataFrame({"text": [FILLER, other, STORIES[5]]}))
    (embedded,) = _run(passages, tmp_path, {"text": [tmp_path / "corpus.parquet"]}, ["embeddings.corpus"])
    (own,) = _run(passages, tmp_path, {"questions": [tmp_path / "questions.parquet"]}, ["embeddings.questions"])
    inputs = {
        "questions": [tmp_path / "questions.parquet"],
        "corpus": [tmp_path / "corpus.parquet"],
        "question_embeddings": [own],
        "corpus_embeddings": [embedded],
    }
    table, summary = _run(contamination, tmp_path, inputs, ["table.parquet", "summary.json"], model="k2-001")
    rows = polars.read_parquet(table)
    assert dict(rows.schema) == contamination.SCHEMA
    assert rows["excluded"].to_list() == [False, False, False, True, False, True, False, False]
    assert rows["ngram_share"].to_list() == [0, 0, 0, 0, 0, 1, 0, 0]
    assert rows["reason"][3].startswith("a passage of the training text says the same (cosine 0.")
    assert rows["reason"][5] == "100 % of its runs of words are in the training text"
    counted = json.loads(summary.read_text(encoding="utf-8"))
    assert counted["excluded_by_task"] == {"boats": 2}
    assert (counted["excluded_by_words"], counted["excluded_by_embeddings_alone"]) == (1, 1)
    assert (counted["passages"], counted["passages_compared"], counted["questions"]) == (3, 3, 8)
    order = {"shard": ["corpus", "corpus"], "document": [0, 2]}
    write_parquet(tmp_path / "order.parquet", polars.DataFrame(order))
    (seen,) = _run(seen_text, tmp_path, inputs, ["seen.parquet"])
    read = {**{name: one for name, one in inputs.items() if name != "corpus"}, "seen": [seen]}
    read["order"] = [tmp_path / "order.parquet"]
    # A file of embeddings has the name of the text that its passages are from.
    read["corpus_embeddings"] = [embedded.rename(tmp_path / "corpus.safetensors")]
    table, summary = _run(contamination, tmp_path, read, ["table.parquet", "summary.json"], model="k2-001")
    assert polars.read_parquet(table)["excluded"].to_list() == [False] * 5 + [True] + [False] * 2
    assert json.loads(summary.read_text(encoding="utf-8"))["passages_compared"] == 2
    write_parquet(tmp_path / "order.parquet", polars.DataFrame({"shard": ["other"], "document": [0]}))
    with pytest.raises(ValueError, match="the order names other, of which there are no embeddings: build them anew"):
        _run(contamination, tmp_path, read, ["table.parquet", "summary.json"], model="k2-001")
    embedded = (tmp_path / "corpus.safetensors").rename(embedded)
    with pytest.raises(ValueError, match="3 embeddings of 8 questions: build them anew"):
        _run(
            contamination,
            tmp_path,
            {**inputs, "question_embeddings": [embedded]},
            ["table.p", "summary.j"],
            model="k2-001",
        )


def test_a_model_of_unknown_training_text_excludes_nothing_and_says_so(tmp_path: Path) -> None:
    question.write(tmp_path / "questions.parquet", [asked(text) for text in STORIES])
    inputs: dict[str, list[Path]] = {"questions": [tmp_path / "questions.parquet"], "corpus": []}
    table, _ = _run(contamination, tmp_path, inputs, ["table.parquet", "summary.json"], model="oracle")
    rows = polars.read_parquet(table)
    assert rows["ngram_share"].null_count() == rows["embedding_cosine"].null_count() == 8
    assert not rows["excluded"].any()
    assert set(rows["reason"]) == {"its training text is unknown"}


def test_passages_cover_a_file_and_of_a_large_one_an_even_sample_is_embedded(tmp_path: Path) -> None:
    texts = ["a b c d e", "", "f g"]
    write_parquet(tmp_path / "text.parquet", polars.DataFrame({"text": texts}))
    found = list(passages.passages_of(tmp_path / "text.parquet", 2))
    assert found == [(0, "a b"), (0, "c d"), (0, "e"), (2, "f g")]
    assert passages.sampled(4, 9, 1).tolist() == [0, 1, 2, 3]
    few = passages.sampled(1000, 10, 1)
    assert len(set(few.tolist())) == 10 and (numpy.diff(few) > 0).all() and few.max() > 500
    assert few.tolist() != passages.sampled(1000, 10, 2).tolist()


def test_embeddings_do_not_depend_on_what_they_are_made_with(tmp_path: Path) -> None:
    model = embedder(1)
    together = embed(model, STORIES[:3])
    assert numpy.allclose(together[1], embed(model, [STORIES[1]])[0], atol=1e-5)
    assert numpy.allclose(numpy.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert embed(model, []).shape == (0, 384)


def test_a_paraphrase_keeps_names_and_numbers_and_changes_words_and_order() -> None:
    text = "The train leaves at 9, and Ada has exactly 20 minutes. Find the total number of stops."
    other = paraphrase(text, 1)
    assert other == paraphrase(text, 1)
    assert {"9", "20", "Ada"} <= set(re.findall(r"\w+", other))
    assert text not in other
    assert shares([asked(text)], [other], 8) == [0]


def test_the_detection_report_finds_verbatim_leaks_by_words_and_paraphrases_by_embeddings(tmp_path: Path) -> None:
    question.write(tmp_path / "questions.parquet", [asked(text) for text in STORIES])
    write_parquet(tmp_path / "corpus.parquet", polars.DataFrame({"text": [FILLER] * 3}))
    (embedded,) = _run(passages, tmp_path, {"text": [tmp_path / "corpus.parquet"]}, ["embeddings.corpus"])
    (own,) = _run(passages, tmp_path, {"questions": [tmp_path / "questions.parquet"]}, ["embeddings.questions"])
    inputs = {
        "questions": [tmp_path / "questions.parquet"],
        "question_embeddings": [own],
        "corpus": [tmp_path / "corpus.parquet"],
        "corpus_embeddings": [embedded],
    }
    (path,) = _run(detection, tmp_path, inputs, ["detection.json"])
    found = json.loads(path.read_text(encoding="utf-8"))
    wanted = ("verbatim_by_words", "paraphrased_by_words", "paraphrased_by_embeddings_calibrated")
    everything = {
        name: tuple(found[name]["all"][rate]["found"] for rate in ("recall", "false_positives")) for name in wanted
    }
    assert everything["verbatim_by_words"] == (2, 0)
    # One of the two paraphrases keeps 13 words in a row.
    assert everything["paraphrased_by_words"] == (1, 0)
    # Two controls choose the threshold here, so what it does to the others says nothing.
    assert everything["paraphrased_by_embeddings_calibrated"][0] == 2
    assert found["verbatim_by_words"]["boats"]["recall"]["of"] == found["calibrated_on"] == 2


RULES = """
rule tokens:
    input:
        code="artifacts/code/modelworks.k2.tokens.json",
        tokenizer="tokenizer.json",
        text="{corpus}/{name}.parquet",
    output:
        "tokens/{corpus}/{name}",
    shell:
        "python -m modelworks.build.run modelworks.k2.tokens --in code {input.code} --in tokenizer {input.tokenizer}"
        " --in text {input.text} --out tokens {output}"


rule tokenizer:
    input:
        text="raw/all.parquet",
    output:
        "tokenizer.json",
    shell:
        "python -m modelworks.build.run modelworks.k2.tokenizer --in text {input.text} --out tokenizer {output}"


rule train:
    input:
        rows=lambda wildcards: [f"tokens/{wildcards.model}/{name}" for name in ("a", "b")],
        previous=lambda wildcards: ["model/old"] if wildcards.model == "new" else [],
    output:
        "model/{model}",
    shell:
        "python -m modelworks.build.run modelworks.k2.train --in rows {input.rows} --out model {output}"
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The rules above, as Snakemake reads them."""
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import ResourceSettings

    folder = tmp_path_factory.mktemp("rules")
    (folder / "Snakefile").write_text(RULES, encoding="utf-8")
    with SnakemakeApi() as api:
        workflow = api.workflow(ResourceSettings(cores=1), snakefile=folder / "Snakefile", workdir=folder)
        return list(workflow._workflow.rules)


def test_a_model_is_compared_with_the_text_that_it_was_trained_on(rules: Any) -> None:
    assert from_rules(rules, "model/old") == ["old/a.parquet", "old/b.parquet"]
    assert from_rules(rules, "model/other") == ["other/a.parquet", "other/b.parquet"]
    assert from_rules(rules, "model/new") == ["new/a.parquet", "new/b.parquet", "old/a.parquet", "old/b.parquet"]


def test_a_model_without_training_text_is_an_error(rules: Any) -> None:
    with pytest.raises(LineageError, match=r"nowhere/model: no rule makes it, so what it was trained on is unknown"):
        from_rules(rules, "nowhere/model")
    with pytest.raises(LineageError, match=r"tokenizer\.json: nothing in its lineage turns text into tokens; a stage"):
        from_rules(rules, "tokenizer.json")


def test_what_was_built_names_the_same_text_as_the_rules() -> None:
    known = lineage.entries(PROJECT)
    last = sorted(name for name in known if name.startswith("k2_train--"))[-1]
    checkpoint = next(out["path"] for out in known[last]["outs"] if "checkpoints" in out["path"])
    texts = [f"artifacts/k2/corpus/train/{name}.parquet" for name in ("000", "001", "arithmetic", "questions")]
    assert from_records(known, checkpoint) == texts
    with pytest.raises(LineageError, match=r"nowhere: dvc\.lock knows no such artifact"):
        from_records(known, "nowhere")
