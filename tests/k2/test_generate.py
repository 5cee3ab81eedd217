"""Claims about the generated texts of k2's corpus: arithmetic, questions, cloze."""

import copy
import json
from pathlib import Path
from typing import Any

import polars
import pytest

from modelworks.k2 import arithmetic, questions
from modelworks.lm.arithmetic import is_correct
from modelworks.lm.prose import normalised
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage

REFERENCE = Path(__file__).parents[2] / "data/python_reference.jsonl"
TEXT_COLUMNS = ["id", "source", "document", "text"]
LEVELS: dict[str, dict[str, Any]] = {
    "easy": {"terms": 3, "digits": 1, "operations": "+-", "words": False, "examples": 400, "cases": 120},
    "mixed": {"terms": 3, "digits": 1, "operations": "*+ +* *-", "words": False, "examples": 300, "cases": 100},
    "stories": {"terms": 2, "digits": 2, "operations": "+ -", "words": True, "examples": 300, "cases": 110},
}
PARAMS: dict[str, Any] = {
    "seed": 7,
    "k2": {
        "arithmetic": {"held_out_fraction": 0.2, "levels": LEVELS},
        "questions": {"source": "reference", "most_per_document": 30, "cloze": 40},
    },
}
Made = dict[str, polars.DataFrame]


def run(module: Any, out: Path, names: list[str], inputs: dict[str, list[Path]], params: dict[str, Any]) -> Made:
    out.mkdir(parents=True, exist_ok=True)
    outputs = {name: [out / f"{name}.parquet"] for name in names}
    stage = module.__name__
    module.main(Stage(stage, stage.replace("modelworks.k2.", "k2_"), inputs, outputs, params))
    return {name: polars.read_parquet(paths[0]) for name, paths in outputs.items()}


def made_arithmetic(out: Path, params: dict[str, Any] = PARAMS) -> Made:
    return run(arithmetic, out, ["train", "validation", "cases", "training_operands"], {}, params)


def made_questions(out: Path, shards: dict[str, list[Path]], params: dict[str, Any] = PARAMS) -> Made:
    return run(questions, out, ["train", "validation", "cloze"], shards, params)


def changed(*keys: str, to: Any) -> dict[str, Any]:
    params = copy.deepcopy(PARAMS)
    at = params["k2"]
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = to
    return params


def shards(folder: Path, count: int) -> dict[str, list[Path]]:
    """The reference, every fifth document held out, each document in two sections, spread over the shards."""
    rows: dict[str, list[tuple[str, str, str, str]]] = {"train": [], "validation": []}
    for number, line in enumerate(REFERENCE.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        parts = row["text"].split("\n\n")
        halves = ["\n\n".join(parts[: len(parts) // 2]), "\n\n".join(parts[len(parts) // 2 :])]
        part = "train" if number % 5 else "validation"
        rows[part] += [
            (f"reference/{row['id']}#{half}", "reference", row["id"], text) for half, text in enumerate(halves)
        ]
        rows[part].append((f"docstrings/{row['id']}", "docstrings", row["id"], "A decoy is a thing nobody asks for."))
    paths: dict[str, list[Path]] = {}
    for part, all_rows in rows.items():
        for shard in range(count):
            path = folder / f"{count}-{part}-{shard}.parquet"
            schema = dict.fromkeys(TEXT_COLUMNS, polars.String)
            write_parquet(path, polars.DataFrame(all_rows[shard::count], schema=schema, orient="row"))
            paths.setdefault(part, []).append(path)
    return paths


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made_arithmetic(tmp_path_factory.mktemp("arithmetic"))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("questions")
    return made_questions(folder / "out", shards(folder, 3))


def operand_sets(table: polars.DataFrame) -> set[tuple[int, ...]]:
    return {tuple(operands) for operands in table["operands"].to_list()}


def test_no_operands_of_a_case_of_any_level_are_trained_on_at_any_level(numbers: Made) -> None:
    trained, held_out = operand_sets(numbers["training_operands"]), operand_sets(numbers["cases"])
    assert len(trained) > 100 and len(held_out) > 40
    assert not trained & held_out
    assert all(list(operands) == sorted(operands) for operands in trained | held_out)
    shown = {tuple(map(int, name.split(","))) for name in numbers["train"]["document"]}
    assert shown == trained
    assert not set(numbers["train"]["document"]) & set(numbers["validation"]["document"])


def test_the_tables_of_the_arithmetic_are_what_the_other_stages_read(numbers: Made) -> None:
    assert numbers["train"].columns == numbers["validation"].columns == TEXT_COLUMNS
    assert numbers["train"].height == sum(level["examples"] for level in LEVELS.values())
    assert numbers["validation"].height == 100 * len(LEVELS)
    cases = numbers["cases"]
    assert dict(cases.schema) == {
        **dict.fromkeys(("id", "level", "prompt", "answer"), polars.String),
        "operands": polars.List(polars.Int64),
    }
    assert dict(cases["level"].value_counts().iter_rows()) == {name: one["cases"] for name, one in LEVELS.items()}
    assert all(prompt.endswith("\n<think>") for prompt in cases["prompt"])
    assert numbers["training_operands"].schema["operands"] == polars.List(polars.Int64)
    assert numbers["training_operands"].is_unique().all()
    ids = [*numbers["train"]["id"], *numbers["validation"]["id"]]
    assert len(set(ids)) == len(ids) and all(name.startswith("arithmetic/") for name in ids)


def test_the_worked_texts_of_cases_are_their_prompts_with_the_right_answer(numbers: Made) -> None:
    both = numbers["validation"].join(numbers["cases"], on="id", validate="1:1")
    assert both.height == numbers["validation"].height
    for text, prompt, answer in both.select("text", "prompt", "answer").iter_rows():
        assert text.startswith(prompt)
        assert is_correct(text, answer)


def test_more_examples_of_a_level_change_no_case_and_no_other_level(numbers: Made, tmp_path: Path) -> None:
    other = made_arithmetic(tmp_path, changed("arithmetic", "levels", "mixed", "examples", to=50))
    assert other["cases"].equals(numbers["cases"])
    assert other["validation"].equals(numbers["validation"])
    for level in ("easy", "stories"):
        mine = polars.col("id").str.starts_with(f"arithmetic/{level}/")
        assert other["train"].filter(mine).equals(numbers["train"].filter(mine))
    assert other["train"].height == numbers["train"].height - 250


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "cases",
            10**6,
            r"k2\.arithmetic\.levels: level easy: the held-out operands give \d+ prompts, .*: lower cases",
        ),
        ("operations", "+-*", r"k2\.arithmetic\.levels: level easy: operations must be 2 of \+ - \* .*, got '\+-\*'"),
        ("operations", "+/", r"level easy: operations must be 2 of \+ - \*"),
    ],
)
def test_a_level_that_cannot_be_made_is_named_with_its_remedy(
    tmp_path: Path, key: str, value: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        made_arithmetic(tmp_path, changed("arithmetic", "levels", "easy", key, to=value))


def test_a_level_without_training_problems_is_refused_not_searched_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelworks.lm.arithmetic._MOST_ATTEMPTS", 100)
    with pytest.raises(ValueError, match="level easy: no training problem is left in 100 draws: lower held_out_frac"):
        made_arithmetic(tmp_path, changed("arithmetic", "held_out_fraction", to=1 - 1e-12))


def test_every_answer_is_in_a_document_of_its_own_part(asked: Made) -> None:
    words = {}
    for line in REFERENCE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        words[row["id"]] = normalised(row["text"])
    assert asked["train"].columns == asked["validation"].columns == TEXT_COLUMNS
    for part in ("train", "validation"):
        for document, text in asked[part].select("document", "text").iter_rows():
            question, _, answer = text.partition("\nAnswer: ")
            assert question.startswith("Question: ")
            assert normalised(answer) in words[document], text
    assert not set(asked["train"]["document"]) & set(asked["validation"]["document"])
    assert asked["train"].height > 500 and asked["validation"].height > 100
    assert not any("decoy" in text for text in asked["train"]["text"])


def test_a_document_gives_at_most_so_many_questions_whatever_sections_it_is_cut_into(asked: Made) -> None:
    most = asked["train"]["document"].value_counts()["count"].max()
    assert most == PARAMS["k2"]["questions"]["most_per_document"]
    ids = [*asked["train"]["id"], *asked["validation"]["id"]]
    assert len(set(ids)) == len(ids)


def test_cloze_items_are_on_held_out_documents_and_spread_their_answers(asked: Made) -> None:
    items = asked["cloze"]
    assert dict(items.schema) == {
        **dict.fromkeys(("id", "document", "prompt"), polars.String),
        "choices": polars.List(polars.String),
        "answer": polars.Int64,
    }
    assert dict(items["answer"].value_counts().iter_rows()) == dict.fromkeys(range(4), 10)
    held_out = [json.loads(line)["id"] for line in REFERENCE.read_text(encoding="utf-8").splitlines()][::5]
    assert set(items["document"]) <= set(held_out)
    assert items["id"].is_unique().all()


def test_one_shard_and_eight_give_the_same_questions(asked: Made, tmp_path: Path) -> None:
    for count in (1, 8):
        other = made_questions(tmp_path / str(count), shards(tmp_path, count))
        assert all(other[name].equals(asked[name]) for name in asked)


def test_a_source_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"k2\.questions\.source: no document has source 'x'; name one of docstr.*, ref"
    ):
        made_questions(tmp_path / "out", shards(tmp_path, 1), changed("questions", "source", to="x"))


def test_a_source_without_held_out_documents_gives_empty_tables(tmp_path: Path) -> None:
    paths = shards(tmp_path, 1)
    made = made_questions(tmp_path / "out", {"train": paths["train"], "validation": [_empty(tmp_path)]})
    assert made["validation"].height == made["cloze"].height == 0
    assert made["validation"].columns == TEXT_COLUMNS


def _empty(folder: Path) -> Path:
    path = folder / "empty.parquet"
    write_parquet(path, polars.DataFrame(schema=dict.fromkeys(TEXT_COLUMNS, polars.String)))
    return path


def test_the_same_inputs_give_the_same_bytes_and_another_seed_gives_others(tmp_path: Path) -> None:
    paths = shards(tmp_path, 2)
    for folder, params in (("a", PARAMS), ("b", PARAMS), ("c", PARAMS | {"seed": 8})):
        made_arithmetic(tmp_path / folder / "numbers", params)
        made_questions(tmp_path / folder / "words", paths, params)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.parquet"))
    assert len(files) == 7
    for file in files:
        a, b, c = ((tmp_path / folder / file).read_bytes() for folder in "abc")
        assert a == b
        assert a != c


def test_a_document_in_both_parts_gives_ids_that_differ(tmp_path: Path) -> None:
    for part, words in (("train", "A burrow is a hole."), ("validation", "A warren is a town.")):
        row = (f"book#{part}", "reference", "book", words)
        schema = dict.fromkeys(TEXT_COLUMNS, polars.String)
        write_parquet(tmp_path / f"{part}.parquet", polars.DataFrame([row], schema=schema, orient="row"))
    made = made_questions(tmp_path, {part: [tmp_path / f"{part}.parquet"] for part in ("train", "validation")})
    ids = [*made["train"]["id"], *made["validation"]["id"]]
    assert ids == ["questions/train/book/000", "questions/validation/book/000"]
