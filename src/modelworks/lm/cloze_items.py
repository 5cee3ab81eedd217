"""Cloze items: a passage that breaks off before a rare word, and four words of the same kind to go on with.

The four are of similar length and about equally frequent in the training text, and the passage holds none of them, so
that neither length, frequency nor repetition gives the answer away.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from modelworks.lm.permutation import seeded_number
from modelworks.lm.prose import blocks

CHOICES = 4
# A quoted name with its quotation marks, or a plain word; both after a space or a line break.
_TOKEN = re.compile(r"(?<=\s)(?:\"[A-Za-z_][\w.]*(?:\(\))?\"(?=[\s,.;:)])|[A-Za-z][a-z]{4,}(?=[\s,.;:)]))")
_WORD = re.compile(r"[A-Za-z_]\w*")
_LEAST_PROMPT, _MOST_PROMPT = 80, 600
_LEAST_TRAINING, _MOST_SHARE = 2, 2e-4  # occurrences in the training text; share of its words
_MOST_LENGTH_APART, _MOST_TIMES_APART = 3, 4.0
_APART = 160  # characters between two items of one block


@dataclass(frozen=True)
class Item:
    """`prompt + choices[answer]` is a run of the document; every choice begins with the space before its word."""

    id: str
    document: str
    prompt: str
    choices: tuple[str, ...]
    answer: int


@dataclass(frozen=True)
class _Gap:
    document: str
    prompt: str
    word: str


def cloze(held_out: Sequence[tuple[str, str]], train: Iterable[str], most: int, seed: int) -> list[Item]:
    """At most `most` items from (document, text) pairs, in their order; the place of the answer is spread evenly.

    `train` are the training texts, from which words are counted. Which gaps are taken of too many, the other choices
    and the places follow from `seed`.
    """
    counts = Counter(word for text in train for word in _WORD.findall(text))
    gaps = list({gap.prompt: gap for document, text in held_out for gap in _gaps(document, text, counts)}.values())
    pools: dict[str, list[str]] = {"name": [], "word": []}
    for word in sorted({word for _, text in held_out for word in _words(text)}):
        if _is_rare(word, counts):
            pools[_kind(word)].append(word)
    found: list[tuple[int, _Gap, list[str]]] = []
    for place, gap in enumerate(gaps):
        others = _others(gap, pools[_kind(gap.word)], counts, seed)
        if others:
            found.append((place, gap, others))
    drawn = sorted(found, key=lambda one: seeded_number(f"{seed}:gap:{one[1].prompt}"))[:most]
    answers = {place: number % CHOICES for number, (place, _, _) in enumerate(drawn)}
    return [
        Item(
            id=f"cloze/{number:04d}",
            document=gap.document,
            prompt=gap.prompt,
            choices=tuple(f" {word}" for word in [*others[: answers[place]], gap.word, *others[answers[place] :]]),
            answer=answers[place],
        )
        for number, (place, gap, others) in enumerate(sorted(drawn))
    ]


def _gaps(document: str, text: str, counts: Counter[str]) -> Iterator[_Gap]:
    """The rare words of the prose that a passage of some length leads up to, some distance apart."""
    for block in blocks(text):
        last = -_APART
        if block.kind != "prose":
            continue
        for token in _TOKEN.finditer(block.text):
            passage = block.text[: token.start() - 1]
            one_space = block.text[token.start() - 1] == " " and not passage.endswith((" ", "\n"))
            fits = one_space and _LEAST_PROMPT <= len(passage) <= _MOST_PROMPT and token.start() - last >= _APART
            if fits and _is_rare(token[0], counts) and not _occurs(token[0], passage):
                yield _Gap(document, passage, token[0])
                last = token.start()


def _words(text: str) -> Iterator[str]:
    return (token[0] for block in blocks(text) if block.kind == "prose" for token in _TOKEN.finditer(block.text))


def _others(gap: _Gap, pool: Sequence[str], counts: Counter[str], seed: int) -> list[str]:
    """Three other words for the gap, [] if there are none that fit."""
    own = _count(gap.word, counts)
    fitting = [
        word
        for word in pool
        if word.lower() != gap.word.lower()
        and word[0].isupper() == gap.word[0].isupper()
        and abs(len(word) - len(gap.word)) <= _MOST_LENGTH_APART
        and 1 / _MOST_TIMES_APART <= _count(word, counts) / own <= _MOST_TIMES_APART
        and not _occurs(word, gap.prompt)
    ]
    fitting.sort(key=lambda word: seeded_number(f"{seed}:{gap.prompt}:{word}"))
    return fitting[: CHOICES - 1] if len(fitting) >= CHOICES - 1 else []


def _kind(word: str) -> str:
    return "name" if word.startswith('"') else "word"


def _is_rare(word: str, counts: Counter[str]) -> bool:
    """Whether the training text has it, but not often."""
    return _LEAST_TRAINING <= _count(word, counts) <= _MOST_SHARE * counts.total()


def _count(word: str, counts: Counter[str]) -> int:
    """How often its rarest part is in the training text."""
    return min(counts[part] for part in _WORD.findall(word))


def _occurs(word: str, passage: str) -> bool:
    return word.strip('"()').lower() in passage.lower()
