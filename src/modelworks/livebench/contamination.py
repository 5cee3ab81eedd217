"""Which questions a model has seen in what it was trained on: runs of words, and passages that say the same."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import polars

from modelworks.livebench import question
from modelworks.livebench.passages import read
from modelworks.livebench.question import Question
from modelworks.livebench.seen_grams import Seen, sums, wordings
from modelworks.livebench.seen_passages import Near, near
from modelworks.lm.stable import write_json, write_parquet
from modelworks.lm.tables import row_groups
from modelworks.stage import Stage

SCHEMA = {
    "model": polars.String,
    "question_id": polars.String,
    "ngram_share": polars.Float64,
    "embedding_cosine": polars.Float64,
    "embedding_excess": polars.Float64,
    "excluded": polars.Boolean,
    "reason": polars.String,
}
UNKNOWN = "its training text is unknown"
_TOGETHER = 256
_DIGITS = 6


def main(stage: Stage) -> None:
    """Inputs: questions (a file a release), corpus (the model's training text; none where it is unknown), and, both or

    none, question_embeddings and corpus_embeddings, in the same order. Args: model. Outputs: table (Parquet: a row a
    question, `reason` null where it is not excluded), summary (JSON).
    """
    settings = stage.params["livebench"]["contamination"]
    asked = [one for path in stage.inputs["questions"] for one in question.read(path)]
    corpus = stage.inputs.get("corpus", [])
    shares = seen_shares(asked, corpus, settings["ngram_words"]) if corpus else {}
    found = nearness(stage, asked, settings["embedding_margin"]) if stage.inputs.get("corpus_embeddings") else None
    rows = [
        _row(stage.args["model"], one, shares.get(one.question_id), _of(found, place), settings)
        for place, one in enumerate(asked)
    ]
    table = polars.DataFrame(rows, schema=SCHEMA, orient="row")
    write_parquet(stage.output("table"), table)
    write_json(stage.output("summary"), summary(stage, table, asked))


def seen_shares(asked: Sequence[Question], corpus: Sequence[Path], words: int) -> dict[str, float]:
    """For each question the share of its runs of words that the files hold (`modelworks.livebench.seen_grams`)."""
    seen = Seen(wordings(asked, words), sums(asked, words))
    for path in corpus:
        for rows in row_groups(path, ["text"]):
            texts = rows.column("text")
            for begin in range(0, len(texts), _TOGETHER):
                seen.read(texts.slice(begin, _TOGETHER).to_pylist())
    return seen.shares()


def nearness(stage: Stage, asked: Sequence[Question], margin: float) -> Near:
    """How near each question is to the passages that were embedded. Raises ValueError if embeddings do not fit."""
    parts = [read(path)["embeddings"] for path in stage.inputs["question_embeddings"]]
    questions = numpy.concatenate(parts).astype(numpy.float32)
    if len(questions) != len(asked):
        raise ValueError(f"{len(questions)} embeddings of {len(asked)} questions: build them anew")
    passages = [read(path)["embeddings"] for path in stage.inputs["corpus_embeddings"]]
    return near(questions, [one.task for one in asked], passages, margin)


def verdict(share: float | None, cosine: float | None, excess: float | None, settings: Any) -> tuple[bool, str | None]:
    """(excluded, why); nothing is excluded for what was not compared."""
    if share is None and cosine is None:
        return False, UNKNOWN
    if share is not None and share >= settings["most_ngrams"]:
        return True, f"{100 * share:.0f} % of its runs of words are in the training text"
    near = cosine is not None and cosine >= settings["embedding_threshold"]
    if near and excess is not None and excess >= settings["embedding_margin"]:
        return True, f"a passage of the training text says the same (cosine {cosine:.2f})"
    return False, None


def summary(stage: Stage, table: polars.DataFrame, asked: Sequence[Question]) -> dict[str, Any]:
    """What was compared with what, and how many questions of each task are excluded."""
    embedded = [read(path) for path in stage.inputs.get("corpus_embeddings", [])]
    excluded = set(table.filter("excluded")["question_id"].to_list())
    by_words = table["ngram_share"].fill_null(0) >= stage.params["livebench"]["contamination"]["most_ngrams"]
    return {
        "model": stage.args["model"],
        "corpus": [str(path) for path in stage.inputs.get("corpus", [])],
        "passages": sum(int(one["passages"][0]) for one in embedded),
        "passages_embedded": sum(len(one["places"]) for one in embedded),
        "questions": len(asked),
        "excluded": len(excluded),
        "excluded_by_words": int(by_words.sum()),
        "excluded_by_embeddings_alone": len(excluded) - int(by_words.sum()),
        "excluded_by_task": dict(sorted(Counter(one.task for one in asked if one.question_id in excluded).items())),
    }


def _of(found: Near | None, place: int) -> tuple[float, float] | None:
    return None if found is None else (float(found.cosine[place]), float(found.excess[place]))


def _row(
    model: str, one: Question, share: float | None, nearest: tuple[float, float] | None, settings: Any
) -> tuple[Any, ...]:
    cosine, excess = (round(value, _DIGITS) for value in nearest) if nearest else (None, None)
    known = None if share is None else round(share, _DIGITS)
    return model, one.question_id, known, cosine, excess, *verdict(known, cosine, excess, settings)
