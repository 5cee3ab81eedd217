"""From documents to training and validation text that share no paragraph, and a measure of what they still share."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from modelworks.lm.sources import Document

_BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")


def byte_count(documents: Iterable[Document]) -> int:
    """UTF-8 bytes of all texts."""
    return sum(len(document.text.encode()) for document in documents)


def paragraphs(text: str) -> list[str]:
    """The parts of `text` between blank lines, without empty ones; indentation and inner line breaks are kept."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return [part for part in _BLANK_LINES.split(lines) if part.strip()]


def deduplicate(documents: Iterable[Document]) -> list[Document]:
    """Keep each paragraph only where it first occurs; white space does not distinguish two paragraphs.

    A document that is left without a paragraph is dropped.
    """
    seen: set[bytes] = set()
    kept = []
    for document in documents:
        fresh = []
        for paragraph in paragraphs(document.text):
            key = hashlib.sha256(" ".join(paragraph.split()).encode()).digest()
            if key not in seen:
                seen.add(key)
                fresh.append(paragraph)
        if fresh:
            kept.append(Document(document.id, "\n\n".join(fresh)))
    return kept


def sections(documents: Iterable[Document], most_bytes: int) -> list[Document]:
    """Cut documents of more than `most_bytes` between paragraphs into parts that fit; a paragraph stays whole."""
    cut = []
    for document in documents:
        parts: list[list[str]] = [[]]
        size = 0
        for paragraph in document.text.split("\n\n"):
            length = len(paragraph.encode()) + 2
            if parts[-1] and size + length > most_bytes + 2:
                parts.append([])
                size = 0
            parts[-1].append(paragraph)
            size += length
        if len(parts) == 1:
            cut.append(document)
        else:
            cut += [Document(f"{document.id}#{index}", "\n\n".join(part)) for index, part in enumerate(parts)]
    return cut


def split(documents: Sequence[Document], fraction: float, seed: int) -> tuple[list[Document], list[Document]]:
    """(train, validation), validation holding at least `fraction` of the bytes; both in the order of `documents`.

    Documents are tried in an order fixed by `seed` and their names, so that adding one moves few others. One that
    would lift validation above twice `fraction` is passed over; where the small ones are not enough, the smallest large
    one is held instead of them.
    Raises ValueError if there are too few documents to leave training text.
    """
    target = fraction * byte_count(documents)
    order = sorted(range(len(documents)), key=lambda i: hashlib.sha256(f"{seed}:{documents[i].id}".encode()).digest())
    sizes = [len(document.text.encode()) for document in documents]
    held: set[int] = set()
    size = 0
    for index in order:
        if size < target and size + sizes[index] <= 2 * target:
            held.add(index)
            size += sizes[index]
    if size < target:  # then each of the others alone is large enough
        held = {min((index for index in order if index not in held), key=lambda index: sizes[index])}
    train = [document for index, document in enumerate(documents) if index not in held]
    if not train:
        raise ValueError(
            f"{len(documents)} section(s) cannot be split into training and validation text: "
            "give more text, or lower k2.corpus.section_bytes"
        )
    return train, [documents[index] for index in sorted(held)]


@dataclass(frozen=True)
class Overlap:
    """How many of the validation text's word n-grams also occur in the training text, repeats counted."""

    found: int
    total: int

    @property
    def share(self) -> float:
        """`found / total`; 0 for a validation text that is too short to hold one n-gram."""
        return self.found / self.total if self.total else 0.0


def overlap(train: Iterable[Document], validation: Iterable[Document], words: int) -> Overlap:
    """Count the `words`-grams of `validation` that occur in `train`; case and white space are ignored."""
    wanted = Counter(gram for document in validation for gram in _grams(document.text, words))
    found = {gram for document in train for gram in _grams(document.text, words) if gram in wanted}
    return Overlap(sum(wanted[gram] for gram in found), wanted.total())


def _grams(text: str, words: int) -> Iterator[tuple[str, ...]]:
    tokens = text.lower().split()
    return (tuple(tokens[start : start + words]) for start in range(len(tokens) - words + 1))
