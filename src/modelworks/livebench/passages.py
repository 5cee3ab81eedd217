"""The embeddings of the sentences of a text file's passages, or of a release's questions: made once, for all models."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
from safetensors.numpy import save_file

from modelworks.livebench import question
from modelworks.livebench.embedder import embed, embedder
from modelworks.livebench.question import Question
from modelworks.livebench.seen_passages import Sentences, joined
from modelworks.lm.tables import row_groups
from modelworks.stage import Stage

_TOGETHER = 256
_END = re.compile(r"(?<=[.?!:;])\s+|\n+")


def main(stage: Stage) -> None:
    """Inputs: text (Parquet with a column `text`) or questions. Output: embeddings (safetensors).

    embeddings: `embeddings` float16[n, 384] of sentences, `owners` int64[n], of which passage or question each is; of
    text also `documents` int64[m], the row of the text that each passage is from, ascending, and `passages` int64[1],
    how many there are: of more than `most_passages` an even sample is embedded.
    """
    settings = stage.params["livebench"]["contamination"]
    model = embedder(settings["threads"])
    if "questions" in stage.inputs:
        save_file(
            _embedded(stage, model, own_sentences(question.read(stage.input("questions")))), stage.output("embeddings")
        )
        return
    total = sum(1 for _ in passages_of(stage.input("text"), settings["passage_words"]))
    kept = sampled(total, settings["most_passages"], stage.seed("sample"))
    chosen = set(kept.tolist())
    passages = [
        passage
        for place, passage in enumerate(passages_of(stage.input("text"), settings["passage_words"]))
        if place in chosen
    ]
    save_file(
        {
            **_embedded(stage, model, [sentences_of(text) for _, text in passages]),
            "documents": numpy.array([document for document, _ in passages], dtype=numpy.int64),
            "passages": numpy.array([total], dtype=numpy.int64),
        },
        stage.output("embeddings"),
    )


def shown(question: Question) -> str:
    """What of a question is embedded: its bare form where it has one."""
    stem = question.extra.get("stem")
    return stem if isinstance(stem, str) and stem.split() else "\n".join(question.turns)


def sentences_of(text: str) -> list[str]:
    """Its sentences, clauses after a colon or semicolon, and lines; a text without any is one."""
    return [one for one in _END.split(text.strip()) if one.strip()] or [text]


def own_sentences(questions: Sequence[Question]) -> list[list[str]]:
    """The sentences of each question without those that another question of its task has, too; all if none is left."""
    every = [sentences_of(shown(one)) for one in questions]
    counts: dict[str, Counter[str]] = {}
    for one, found in zip(questions, every, strict=True):
        counts.setdefault(one.task, Counter()).update(set(found))
    return [
        [text for text in found if counts[one.task][text] == 1] or found
        for one, found in zip(questions, every, strict=True)
    ]


def embedded(model: Any, found: Sequence[Sequence[str]]) -> Sentences:
    """The sentences of several questions or passages, float16."""
    owners = numpy.repeat(numpy.arange(len(found)), [len(one) for one in found])
    return Sentences(embed(model, [text for one in found for text in one]).astype(numpy.float16), owners)


def passages_of(path: Path, words: int) -> Iterator[tuple[int, str]]:
    """The texts of a file, cut into pieces of `words` words that do not overlap, each with the row of its text."""
    texts = (text for rows in row_groups(path, ["text"]) for text in rows.column("text").to_pylist())
    for document, text in enumerate(texts):
        for piece in cut(text, words):
            yield document, piece


def cut(text: str, words: int) -> Iterator[str]:
    """Pieces of `words` words, the last one of fewer."""
    found = text.split()
    for begin in range(0, len(found), words):
        yield " ".join(found[begin : begin + words])


def sampled(total: int, most: int, seed: int) -> numpy.ndarray:
    """int64: all places, or `most` of them drawn evenly, ascending."""
    places = numpy.random.default_rng(seed).permutation(total)[:most]
    return numpy.sort(places).astype(numpy.int64)


def _embedded(stage: Stage, model: Any, found: Sequence[Sequence[str]]) -> dict[str, numpy.ndarray]:
    parts = [embedded(model, [])]
    for begin in range(0, len(found), _TOGETHER):
        parts.append(embedded(model, found[begin : begin + _TOGETHER]))
        stage.progress(min(len(found), begin + _TOGETHER), len(found))
    together = joined(parts)
    return {"embeddings": together.embeddings, "owners": together.owners}
