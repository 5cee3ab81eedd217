"""How well leaks are found: questions of a release planted verbatim and paraphrased, beside questions that were not.

What is planted stands in a text of its own, the form in which training text holds questions and answers; it is cut into
passages like all other text. A quarter of the questions is planted, a quarter is planted but not asked, and two
quarters are controls: a control is wrongly found if a leaked sibling is taken for it. One half of the controls chooses
the threshold, the other half is reported. The real training text lies beside; what it holds anyway is not asked.
"""

from collections.abc import Sequence
from typing import Any

import numpy
import polars
from numpy.typing import NDArray

from modelworks.livebench import question, seen_text
from modelworks.livebench.embedder import embedder
from modelworks.livebench.paraphrase import paraphrase
from modelworks.livebench.passages import cut, embedded, sentences_of, shown
from modelworks.livebench.question import Question
from modelworks.livebench.seen_grams import Search, Wording, wordings
from modelworks.livebench.seen_passages import joined, near, read, sentences
from modelworks.lm.shares import wilson
from modelworks.lm.stable import write_json
from modelworks.stage import Stage

_MOST = 40  # questions of a task
_FALSE_POSITIVES = 0.01
_PLANTED, _CONTROL, _UNASKED, _CALIBRATION = range(4)


def main(stage: Stage) -> None:
    """Inputs: questions, question_embeddings (as questions), corpus, corpus_embeddings (as corpus).

    Output: detection (JSON): for each task and all together, of `planted` questions the share found and of `controls`
    the share wrongly found, each with its 95 % interval; the threshold that gives 1 % false positives on other
    controls, and the recall there.
    """
    settings = stage.params["livebench"]["contamination"]
    known = [one for path in stage.inputs["questions"] for one in question.read(path)]
    told = wordings(known, settings["ngram_words"])
    corpus = seen_text.table(told, stage.inputs["corpus"])
    there = seen_text.shares(corpus)
    unseen = numpy.asarray([there.get(one.question_id, 0.0) < settings["most_ngrams"] for one in known])
    drawn = chosen(known, stage.seed("questions"))
    drawn = drawn[unseen[drawn]]
    roles = numpy.arange(len(drawn)) % 4
    leaks = [known[place] for place in drawn[(roles == _PLANTED) | (roles == _UNASKED)]]
    places, roles = drawn[roles != _UNASKED], roles[roles != _UNASKED]
    asked = [known[place] for place in places]
    verbatim = [shown(one) for one in leaks]
    paraphrased = [paraphrase(shown(one), stage.seed(one.question_id)) for one in leaks]
    told = {one.question_id: told[one.question_id] for one in asked}
    by_words = {
        name: _shares(told, corpus, texts) >= settings["most_ngrams"]
        for name, texts in (("verbatim_by_words", verbatim), ("paraphrased_by_words", paraphrased))
    }
    embeddings = joined([sentences(read(path)) for path in stage.inputs["question_embeddings"]])
    pieces = [sentences_of(piece) for text in paraphrased for piece in cut(text, settings["passage_words"])]
    planted = embedded(embedder(settings["threads"]), pieces)
    passages = [*(sentences(read(path)) for path in stage.inputs["corpus_embeddings"]), planted]
    tasks = [one.task for one in asked]
    found = near(embeddings.chosen(places), tasks, passages, settings["embedding_margin"])
    score = numpy.where(found.excess >= settings["embedding_margin"], found.cosine, -1.0)
    threshold = calibrated(score[roles == _CALIBRATION])
    hits = {
        **by_words,
        "paraphrased_by_embeddings_calibrated": score > threshold,
        "paraphrased_by_embeddings_declared": score >= settings["embedding_threshold"],
    }
    report = {
        "questions": len(asked),
        "planted": len(leaks),
        "passages": int(sum(map(len, passages))),
        "false_positives_wanted": _FALSE_POSITIVES,
        "calibrated_on": int((roles == _CALIBRATION).sum()),
        "calibrated_threshold": round(threshold, 4),
        "declared_threshold": settings["embedding_threshold"],
        **{name: _rates(hit, roles, tasks) for name, hit in hits.items()},
    }
    write_json(stage.output("detection"), report)


def chosen(questions: Sequence[Question], seed: int) -> NDArray[numpy.int64]:
    """Places of at most 40 questions of each task, drawn evenly, task by task."""
    order = numpy.random.default_rng(seed).permutation(len(questions))
    by_task: dict[str, list[int]] = {}
    for place in order.tolist():
        by_task.setdefault(questions[place].task, []).append(place)
    kept = [place for task in sorted(by_task) for place in by_task[task][:_MOST]]
    return numpy.asarray(kept, dtype=numpy.int64)


def calibrated(controls: NDArray[numpy.float32]) -> float:
    """The score that at most 1 % of the controls are above."""
    return float(numpy.sort(controls)[::-1][int(_FALSE_POSITIVES * len(controls))])


def _shares(told: dict[str, list[Wording]], corpus: polars.DataFrame, planted: Sequence[str]) -> NDArray[numpy.float64]:
    """The share of each question's runs that the corpus with the planted texts holds."""
    search = Search(one for some in told.values() for one in some)
    found = seen_text.shares(polars.concat([corpus, seen_text.located(told, search, [("planted", [planted])])]))
    return numpy.asarray([found.get(name, 0.0) for name in told])


def _rates(hit: NDArray[numpy.bool_], roles: NDArray[numpy.int64], tasks: Sequence[str]) -> dict[str, Any]:
    owners = numpy.asarray(tasks)
    return {
        name: {
            "recall": _share(hit[(roles == _PLANTED) & mine]),
            "false_positives": _share(hit[(roles == _CONTROL) & mine]),
        }
        for name, mine in (("all", owners != ""), *((task, owners == task) for task in sorted(set(tasks))))
    }


def _share(hits: NDArray[numpy.bool_]) -> dict[str, float]:
    found = wilson(int(hits.sum()), max(1, len(hits)))
    return {"found": int(hits.sum()), "of": len(hits), "low": round(found.low, 4), "high": round(found.high, 4)}
