"""How well leaks are found: questions of a release planted verbatim and paraphrased, beside questions that were not.

What is planted stands in a text of its own, the form in which training text holds questions and answers. A third of the
questions is planted, a third are the controls, and a third is planted but not asked: a control is wrongly found if a
leaked sibling is taken for it. The real training text lies beside.
"""

from collections.abc import Sequence
from typing import Any

import numpy
import polars
from numpy.typing import NDArray

from modelworks.livebench import question, seen_text
from modelworks.livebench.embedder import embed, embedder
from modelworks.livebench.paraphrase import paraphrase
from modelworks.livebench.passages import shown
from modelworks.livebench.question import Question
from modelworks.livebench.seen_grams import Search, Wording, wordings
from modelworks.livebench.seen_passages import near, read
from modelworks.lm.shares import wilson
from modelworks.lm.stable import write_json
from modelworks.stage import Stage

_MOST = 90  # questions of a task
_FALSE_POSITIVES = 0.01


def main(stage: Stage) -> None:
    """Inputs: questions, corpus, corpus_embeddings (of the same files). Output: detection (JSON).

    detection: for each task and all together, of `planted` questions the share found and of `controls` that wrongly
    found, each with its 95 % interval; the threshold that gives 1 % false positives, and the recall there.
    """
    settings = stage.params["livebench"]["contamination"]
    drawn = chosen([one for path in stage.inputs["questions"] for one in question.read(path)], stage.seed("questions"))
    leaks = [one for place, one in enumerate(drawn) if place % 3 != 1]
    asked = [one for place, one in enumerate(drawn) if place % 3 != 2]
    planted = numpy.asarray([place % 3 == 0 for place in range(len(drawn)) if place % 3 != 2])
    told = wordings(asked, settings["ngram_words"])
    corpus = seen_text.table(told, stage.inputs["corpus"])
    shares = _shares(told, corpus, [shown(one) for one in leaks])
    model = embedder(settings["threads"])
    questions = embed(model, [shown(one) for one in asked])
    other = embed(model, [paraphrase(shown(one), stage.seed(one.question_id)) for one in leaks]).astype(numpy.float16)
    passages = [*(read(path)["embeddings"] for path in stage.inputs["corpus_embeddings"]), other]
    found = near(questions, [one.task for one in asked], passages, settings["embedding_margin"])
    tasks = [one.task for one in asked]
    score = numpy.where(found.excess >= settings["embedding_margin"], found.cosine, -1.0)
    threshold = calibrated(score[~planted])
    paraphrased = _shares(told, corpus, [paraphrase(shown(one), stage.seed(one.question_id)) for one in leaks])
    by_words = shares >= settings["most_ngrams"]
    report = {
        "questions": len(asked),
        "planted": len(leaks),
        "passages": int(sum(map(len, passages))),
        "false_positives_wanted": _FALSE_POSITIVES,
        "calibrated_threshold": round(threshold, 4),
        "declared_threshold": settings["embedding_threshold"],
        "verbatim_by_words": _rates(by_words, planted, tasks),
        "paraphrased_by_words": _rates(paraphrased >= settings["most_ngrams"], planted, tasks),
        "paraphrased_by_embeddings_calibrated": _rates(score > threshold, planted, tasks),
        "paraphrased_by_embeddings_declared": _rates(score >= settings["embedding_threshold"], planted, tasks),
    }
    write_json(stage.output("detection"), report)


def chosen(questions: Sequence[Question], seed: int) -> list[Question]:
    """At most 90 questions of each task, drawn evenly."""
    order = numpy.random.default_rng(seed).permutation(len(questions))
    counts: dict[str, int] = {}
    kept = []
    for place in order:
        task = questions[place].task
        counts[task] = counts.get(task, 0) + 1
        if counts[task] <= _MOST:
            kept.append(questions[place])
    return sorted(kept, key=lambda one: one.task)


def calibrated(controls: NDArray[numpy.float32]) -> float:
    """The score that at most 1 % of the controls are above."""
    return float(numpy.sort(controls)[::-1][int(_FALSE_POSITIVES * len(controls))])


def _shares(told: dict[str, list[Wording]], corpus: polars.DataFrame, planted: Sequence[str]) -> NDArray[numpy.float64]:
    """The share of each question's runs that the corpus with the planted texts holds."""
    search = Search(one for some in told.values() for one in some)
    found = seen_text.shares(polars.concat([corpus, seen_text.located(told, search, [("planted", [planted])])]))
    return numpy.asarray([found.get(name, 0.0) for name in told])


def _rates(hit: NDArray[numpy.bool_], planted: NDArray[numpy.bool_], tasks: Sequence[str]) -> dict[str, Any]:
    owners = numpy.asarray(tasks)
    return {
        name: {
            "recall": _share(hit[planted & mine]),
            "false_positives": _share(hit[~planted & mine]),
        }
        for name, mine in (("all", owners != ""), *((task, owners == task) for task in sorted(set(tasks))))
    }


def _share(hits: NDArray[numpy.bool_]) -> dict[str, float]:
    found = wilson(int(hits.sum()), max(1, len(hits)))
    return {"found": int(hits.sum()), "of": len(hits), "low": round(found.low, 4), "high": round(found.high, 4)}
