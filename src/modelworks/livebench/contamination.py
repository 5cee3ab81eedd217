"""Which questions a model has seen in what it was trained on: runs of words, and passages that say the same."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy
import polars

from modelworks.livebench import question, seen_text
from modelworks.livebench.question import Question
from modelworks.livebench.seen_grams import wordings
from modelworks.livebench.seen_passages import Near, Sentences, joined, near, read, sentences
from modelworks.lm.stable import write_json, write_parquet
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
_DIGITS = 6


def main(stage: Stage) -> None:
    """Inputs: questions (a file a release, in order); what the model was trained on, or nothing where that is unknown.

    That is corpus, files that it read whole; or seen (a file a release, of `seen_text`) and order (Parquet: shard, the
    name of a text, and document, its row, of each document that it read at least a part of). With it, both or none:
    question_embeddings (as questions) and corpus_embeddings (a file a text). Args: model; with corpus also sums=no
    where the sum of a short question in other words is no leak. Outputs: table (Parquet: a row a question, `reason`
    null where it is not excluded), summary (JSON).
    """
    settings = stage.params["livebench"]["contamination"]
    releases = [question.read(path) for path in stage.inputs["questions"]]
    asked = [one for some in releases for one in some]
    documents = what_was_read(stage)
    shares = seen_shares(stage, asked, documents, settings["ngram_words"])
    passages = _passages(stage, documents)
    found = nearness(stage, releases, passages, settings["embedding_margin"]) if passages else None
    rows = [
        _row(
            stage.args["model"],
            one,
            None if shares is None else shares.get(one.question_id, 0.0),
            None if found is None else found[place],
            settings,
        )
        for place, one in enumerate(asked)
    ]
    result = polars.DataFrame(rows, schema=SCHEMA, orient="row")
    write_parquet(stage.output("table"), result)
    write_json(stage.output("summary"), summary(stage, result, asked, documents, passages))


def what_was_read(stage: Stage) -> polars.DataFrame | None:
    """Text and document of each document that the model read at least a part of; None where no order says so."""
    if not stage.inputs.get("order"):
        return None
    chunks = [polars.read_parquet(path, columns=["shard", "document"]).unique() for path in stage.inputs["order"]]
    return polars.concat(chunks).unique().select(text="shard", document="document").sort("text", "document")


def seen_shares(
    stage: Stage, asked: Sequence[Question], documents: polars.DataFrame | None, words: int
) -> dict[str, float] | None:
    """For each question the share of its runs of words that was read; None where the training text is unknown."""
    if stage.inputs.get("corpus"):
        sums = stage.args.get("sums") != "no"
        return seen_text.shares(seen_text.table(wordings(asked, words, sums=sums), stage.inputs["corpus"]))
    if not stage.inputs.get("seen"):
        return None
    return seen_text.shares(polars.concat(polars.read_parquet(path) for path in stage.inputs["seen"]), documents)


def nearness(
    stage: Stage, releases: Sequence[Sequence[Question]], passages: Sequence[Sentences], margin: float
) -> list[tuple[float, float]]:
    """How near each question is to the passages, beside those of its release and of the releases before it.

    Raises ValueError if embeddings do not fit.
    """
    tables = [sentences(read(path)) for path in stage.inputs["question_embeddings"]]
    if [*map(len, tables)] != [*map(len, releases)]:
        raise ValueError(f"{sum(map(len, tables))} embeddings of {sum(map(len, releases))} questions: build them anew")
    found: list[tuple[float, float]] = []
    for count in range(1, len(tables) + 1):
        tasks = [one.task for some in releases[:count] for one in some]
        together: Near = near(joined(tables[:count]), tasks, passages, margin)
        pairs = zip(together.cosine.tolist(), together.excess.tolist(), strict=True)
        found += list(pairs)[len(found) :]
    return found


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


def summary(
    stage: Stage,
    table: polars.DataFrame,
    asked: Sequence[Question],
    documents: polars.DataFrame | None,
    passages: Sequence[Sentences],
) -> dict[str, Any]:
    """What was compared with what, and how many questions of each task are excluded."""
    whole = sorted(path.stem for path in stage.inputs.get("corpus", []))
    excluded = set(table.filter("excluded")["question_id"].to_list())
    by_words = table["ngram_share"].fill_null(0) >= stage.params["livebench"]["contamination"]["most_ngrams"]
    return {
        "model": stage.args["model"],
        "corpus": whole if documents is None else documents["text"].unique().sort().to_list(),
        "documents_read": None if documents is None else len(documents),
        "passages": sum(int(read(path)["passages"][0]) for path in stage.inputs.get("corpus_embeddings", [])),
        "passages_compared": sum(map(len, passages)),
        "questions": len(asked),
        "excluded": len(excluded),
        "excluded_by_words": int(by_words.sum()),
        "excluded_by_embeddings_alone": len(excluded) - int(by_words.sum()),
        "excluded_by_task": dict(sorted(Counter(one.task for one in asked if one.question_id in excluded).items())),
    }


def _passages(stage: Stage, documents: polars.DataFrame | None) -> list[Sentences]:
    """The embeddings of the passages that were read, file by file."""
    paths = {path.stem: path for path in stage.inputs.get("corpus_embeddings", [])}
    if documents is None:
        return [sentences(read(path)) for path in paths.values()]
    by_text = {str(text): rows["document"].to_numpy() for (text,), rows in documents.group_by("text")}
    missing = sorted(by_text.keys() - paths.keys())
    if paths and missing:
        raise ValueError(f"the order names {', '.join(missing)}, of which there are no embeddings: build them anew")
    found = []
    for text, path in paths.items():
        embedded = read(path)
        was_read = numpy.flatnonzero(numpy.isin(embedded["documents"], by_text.get(text, [])))
        found.append(sentences(embedded).chosen(was_read))
    return found


def _row(
    model: str, one: Question, share: float | None, nearest: tuple[float, float] | None, settings: Any
) -> tuple[Any, ...]:
    cosine, excess = (round(value, _DIGITS) for value in nearest) if nearest else (None, None)
    known = None if share is None else round(share, _DIGITS)
    return model, one.question_id, known, cosine, excess, *verdict(known, cosine, excess, settings)
