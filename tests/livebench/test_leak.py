"""Claims about the leak experiment: what is planted, what is measured, and verdicts that turn with the figures."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars
import pytest
from pydantic import ValidationError

from modelworks.build.params import load
from modelworks.livebench import (
    contamination,
    leak_claims,
    leak_data,
    leak_page,
    leak_results,
    leak_task,
    leak_text,
    leak_train,
    question,
)
from modelworks.livebench.leak_params import Leak
from modelworks.lm.stable import write_parquet
from modelworks.stage import Stage
from tests.build.repository import PROJECT

QUESTIONS, LEAKED, DOSES, SEEDS = 40, 20, (0, 16), ("1", "2", "3")
MODEL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 14,
    "rms_norm_eps": 1e-5,
    "initializer_range": 0.02,
    "rope_theta": 10000.0,
    "attention_dropout": 0.0,
    "tie_word_embeddings": True,
}
TRAIN = {
    "vocab_size": 280,
    "base_texts": 6400,
    "arm_texts": 3200,
    "batch_rows": 32,
    "learning_rate": 1e-2,
    "final_learning_rate_share": 0.1,
    "warmup_steps": 5,
    "weight_decay": 0.1,
    "beta1": 0.9,
    "beta2": 0.95,
    "epsilon": 1e-8,
    "gradient_clip": 1.0,
    "threads": 1,
}
MARGINS = {"confidence": 0.95, "none_within": 0.05, "grows": 0.0, "most_dose": 0.05, "excluded_within": 0.05}
LEAK: dict[str, Any] = {
    "seeds": [1, 2, 3],
    "doses": list(DOSES),
    "questions": QUESTIONS,
    "leaked": LEAKED,
    "model": MODEL,
    "train": TRAIN,
    "claims": MARGINS,
}
CONTAMINATION = {"ngram_words": 13, "most_ngrams": 0.2, "embedding_threshold": 0.8, "embedding_margin": 0.1}
PARAMS = {"seed": 7, "livebench": {"leak": LEAK, "contamination": CONTAMINATION}}


def run(module: Any, inputs: dict[str, Any], outputs: dict[str, Path], **args: str) -> None:
    given = {name: found if isinstance(found, list) else [found] for name, found in inputs.items()}
    stage = Stage(module.__name__, "rule", given, {name: [path] for name, path in outputs.items()}, PARAMS, args)
    module.main(stage)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of seed 1."""
    folder = tmp_path_factory.mktemp("leak")
    names = {"questions": "questions.parquet", "text": "text.parquet", "tokenizer": "tokenizer.json"}
    run(leak_data, {}, {name: folder / file for name, file in names.items()}, seed="1")
    for dose in DOSES:
        inputs = {name: folder / names[name] for name in ("questions", "text")}
        run(leak_text, inputs, {"text": folder / f"text-{dose}.parquet"}, seed="1", dose=str(dose))
    return folder


def test_releases_and_training_text_share_no_question_and_the_answers_are_right() -> None:
    parts = leak_task.split(3, 1000)
    leaked, fresh = ({one.turns[0] for one in part} for part in (parts.leaked, parts.fresh))
    trained = {text.split("?")[0] + "?" for text in parts.background}
    assert len(leaked | fresh | trained) == len(leaked) + len(fresh) + len(trained) == 4000
    for one in parts.leaked:
        assert one.ground_truth == str(eval(one.turns[0].removeprefix("What is ").removesuffix("?")))
    assert leak_task.split(3, 1000) == parts
    assert leak_task.split(4, 1000) != parts
    with pytest.raises(ValueError, match=r"livebench\.leak\.questions must be below 2000: there are 4000"):
        leak_task.split(3, 2000)


def test_an_arm_holds_each_leaked_question_as_often_as_its_dose_and_all_arms_are_as_long(data: Path) -> None:
    asked = question.read(data / "questions.parquet")
    for dose in DOSES:
        texts = polars.read_parquet(data / f"text-{dose}.parquet")["text"].to_list()
        counts = [texts.count(leak_task.text_of(one)) for one in asked]
        assert len(texts) == TRAIN["arm_texts"]
        assert counts == [dose] * LEAKED + [0] * (2 * QUESTIONS - LEAKED)


def test_an_arm_is_trained_from_its_beginning_and_what_it_was_trained_on_is_found(data: Path) -> None:
    tokenizer = {"tokenizer": data / "tokenizer.json"}
    run(leak_train, {**tokenizer, "text": data / "text.parquet"}, {"checkpoint": data / "base"}, seed="1")
    answers = {}
    for name, dose in (("first", 0), ("again", 0), ("leaked", 16)):
        inputs = {
            **tokenizer,
            "text": data / f"text-{dose}.parquet",
            "checkpoint": data / "base",
            "questions": data / "questions.parquet",
        }
        run(leak_train, inputs, {"answers": data / f"{name}.parquet"}, seed="1")
        answers[name] = polars.read_parquet(data / f"{name}.parquet")
    assert (data / "first.parquet").read_bytes() == (data / "again.parquet").read_bytes()
    assert not answers["first"].equals(answers["leaked"])
    assert answers["first"]["release"].value_counts()["count"].to_list() == [QUESTIONS, QUESTIONS]
    for dose, excluded in ((0, 0), (16, LEAKED)):
        corpus = [data / "text.parquet", data / f"text-{dose}.parquet"]
        outputs = {"table": data / "seen.parquet", "summary": data / "seen.json"}
        run(
            contamination, {"questions": data / "questions.parquet", "corpus": corpus}, outputs, model="leak", sums="no"
        )
        seen = polars.read_parquet(data / "seen.parquet")["excluded"].to_list()
        assert seen == [True] * excluded + [False] * (2 * QUESTIONS - excluded)


def test_a_text_that_does_not_fit_is_refused(data: Path) -> None:
    short = {**LEAK, "model": {**MODEL, "max_position_embeddings": 8}}
    with pytest.raises(ValueError, match=r"livebench\.leak\.model\.max_position_embeddings must be at least \d+"):
        leak_train.rows_of(leak_train.load(data / "tokenizer.json"), ["What is 1+2+3? 6"], short)


def measured(folder: Path, gaps: Sequence[float], unseen_too: float = 0.0) -> dict[str, Any]:
    """Results of made-up runs: `gaps` of each dose on the leaked half, `unseen_too` on the rest of the release."""
    asked = leak_task.split(1, 400)
    answers, seen, runs = [], [], []
    for number, seed in enumerate(SEEDS):
        for dose, gap in enumerate(gaps):
            shares = [0.4 + gap + number / 100] * 200 + [0.4 + unseen_too + number / 100] * 200 + [0.4] * 400
            correct = [place % 100 < round(100 * share) for place, share in enumerate(shares)]
            rows = {
                "question_id": [one.question_id for one in (*asked.leaked, *asked.fresh)],
                "release": [leak_task.LEAKED] * 400 + [leak_task.FRESH] * 400,
                "correct": correct,
            }
            path = folder / f"{seed}-{dose}.parquet"
            write_parquet(path, polars.DataFrame(rows))
            answers.append(path)
            excluded = polars.DataFrame(
                {"question_id": rows["question_id"], "excluded": [dose > 0] * 200 + [False] * 600}
            )
            seen.append(folder / f"seen-{seed}-{dose}.parquet")
            write_parquet(seen[-1], excluded)
            runs.append(f"{seed}:{dose}")
    outputs = {"results": folder / "results.json", "table": folder / "results.csv"}
    run(leak_results, {"answers": answers, "contamination": seen}, outputs, runs=",".join(runs))
    found: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return found


def test_the_gap_is_that_between_the_releases_and_excluded_questions_leave_it(tmp_path: Path) -> None:
    found = measured(tmp_path, (0.0, 0.2))["doses"]
    assert [one["gap"]["estimate"] for one in found] == [pytest.approx(0.01), pytest.approx(0.11)]
    assert [one["gap_without_excluded"]["estimate"] for one in found] == [pytest.approx(0.01), pytest.approx(0.01)]
    assert found[1]["gap"]["low"] < 0.11 < found[1]["gap"]["high"]
    assert found[1]["seeds"]["1"]["excluded_leaked"] == 200
    assert found[0]["seeds"]["1"]["excluded_leaked"] == found[1]["seeds"]["1"]["excluded_fresh"] == 0
    table = polars.read_csv(tmp_path / "results.csv")
    assert table["dose"].to_list() == [0, 1]


def test_answers_that_were_not_compared_are_refused(tmp_path: Path) -> None:
    answers = polars.DataFrame({"question_id": ["a"], "release": [leak_task.LEAKED], "correct": [True]})
    seen = polars.DataFrame({"question_id": ["b"], "excluded": [True]})
    with pytest.raises(ValueError, match="lacks questions that were answered: build both anew"):
        leak_results.measured(answers, seen)


def test_verdicts_turn_with_the_figures(tmp_path: Path) -> None:
    def verdicts(gaps: Sequence[float], unseen_too: float = 0.0) -> dict[str, str]:
        found = measured(tmp_path, gaps, unseen_too)
        return {one.claim.name: one.verdict for one in leak_claims.judged(found["doses"], MARGINS)}

    grown = verdicts((0.0, 0.2, 0.4))
    assert set(grown.values()) == {"supported"}
    assert {"no-leak-below", "no-leak-above", "leak-0-to-1", "leak-1-to-2", "leak-most", "leak-slope"} < set(grown)
    falling = verdicts((0.04, 0.02, 0.0))
    assert (falling["leak-most"], falling["leak-1-to-2"], falling["leak-slope"]) == ("not supported",) * 3
    assert verdicts((0.4, 0.4, 0.4))["no-leak-below"] == "not supported"
    assert verdicts((0.0, 0.2, 0.4), unseen_too=0.3)["excluded-below"] == "not supported"


def test_the_page_shows_both_gaps_of_every_dose(tmp_path: Path) -> None:
    measured(tmp_path, (0.0, 0.2))
    run(leak_page, {"results": tmp_path / "results.json"}, {"page": tmp_path / "leak.html"})
    shown = (tmp_path / "leak.html").read_text(encoding="utf-8")
    assert shown.count("<svg") == 1
    assert "<td>+11.0 <span>(" in shown
    assert shown.count("<td>+1.0 <span>(") == 3


@pytest.mark.parametrize(
    ("section", "key", "value", "text"),
    [
        ("", "seeds", [1, 1, 2], "seeds must be at least 0, and none twice"),
        ("", "doses", [1, 4], "doses must rise from 0"),
        ("", "leaked", 40, "leaked must be below questions"),
        ("train", "arm_texts", 319, "leaked times the highest of doses must be at most train.arm_texts"),
    ],
)
def test_params_that_do_not_fit_are_refused(section: str, key: str, value: object, text: str) -> None:
    Leak(**LEAK)
    given = json.loads(json.dumps(LEAK))
    (given[section] if section else given)[key] = value
    with pytest.raises(ValidationError, match=text):
        Leak(**given)


def test_the_declared_experiment_has_the_doses_and_seeds_of_the_claim() -> None:
    declared = load(PROJECT / "params.yaml")["livebench"]["leak"]
    assert declared["doses"] == [0, 1, 4, 16]
    assert len(declared["seeds"]) >= 5
