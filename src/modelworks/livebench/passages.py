"""The embeddings of a text file's passages, or of a release's questions: made once, whatever is compared with them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
from safetensors.numpy import save_file

from modelworks.livebench import question
from modelworks.livebench.embedder import embed, embedder
from modelworks.livebench.question import Question
from modelworks.lm.tables import row_groups
from modelworks.stage import Stage

_TOGETHER = 256


def main(stage: Stage) -> None:
    """Inputs: text (Parquet with a column `text`) or questions. Output: embeddings (safetensors).

    embeddings: `embeddings` float16[n, 384]; of text also `documents` int64[n], the row of the text that each passage
    is from, ascending, and `passages` int64[1], how many there are: of more than `most_passages` an even sample is
    embedded.
    """
    settings = stage.params["livebench"]["contamination"]
    model = embedder(settings["threads"])
    if "questions" in stage.inputs:
        texts = [shown(one) for one in question.read(stage.input("questions"))]
        save_file({"embeddings": _embedded(stage, model, texts)}, stage.output("embeddings"))
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
            "embeddings": _embedded(stage, model, [text for _, text in passages]),
            "documents": numpy.array([document for document, _ in passages], dtype=numpy.int64),
            "passages": numpy.array([total], dtype=numpy.int64),
        },
        stage.output("embeddings"),
    )


def shown(question: Question) -> str:
    """What of a question is embedded: its bare form where it has one."""
    stem = question.extra.get("stem")
    return stem if isinstance(stem, str) and stem.split() else "\n".join(question.turns)


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


def _embedded(stage: Stage, model: Any, texts: list[str]) -> numpy.ndarray:
    parts = []
    for begin in range(0, len(texts), _TOGETHER):
        parts.append(embed(model, texts[begin : begin + _TOGETHER]).astype(numpy.float16))
        stage.progress(min(len(texts), begin + _TOGETHER), len(texts))
    return numpy.concatenate(parts) if parts else embed(model, []).astype(numpy.float16)
