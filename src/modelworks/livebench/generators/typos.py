"""Typos: sentences in the manner of abstracts, with misspelled words that can be mended in one way."""

import functools
import re
from collections.abc import Iterator
from datetime import date
from random import Random
from string import ascii_lowercase

from modelworks.livebench.generators.drawing import collect, make
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.lexicon import words
from modelworks.livebench.question import Question

TASK = "typos"
CATEGORY = "language"
SIZES = {1: (1, 1), 2: (3, 4), 3: (5, 9)}  # level: sentences, misspelled words
LEVELS = tuple(SIZES)
SHORTEST = 7  # letters of a word that is misspelled

_REQUEST = (
    "Please output this exact text, with no changes at all except for fixing the misspellings. Please leave all other "
    "stylistic decisions like commas and US vs British spellings as in the original text. Put the text in "
    "<solution></solution> tags.\n\n"
)


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    return collect(TASK, LEVELS, seed, level, count, release, lambda rng: _drawn(rng, level, release))


def oracle_answer(question: Question) -> str:
    return f"<solution>{question.ground_truth}</solution>"


def random_answer(question: Question, rng: Random) -> str:
    """The text with each word that is in none of the lists replaced by a word of a list."""
    known = sorted(lexicon())
    text = question.turns[0].removeprefix(_REQUEST)
    mended = re.sub(r"[A-Za-z]+", lambda m: m[0] if m[0].lower() in lexicon() else rng.choice(known), text)
    return f"<solution>{mended}</solution>"


def chance(question: Question) -> float:
    """All words must be guessed out of the lists."""
    return float(len(lexicon())) ** -SIZES[question.extra["level"]][1]


def _drawn(rng: Random, level: int, release: date) -> Question | None:
    material = words(TASK)
    sentences, wrong = SIZES[level]
    frames = rng.sample(material["frames"], sentences)
    right = " ".join(_filled(rng, frame) for frame in frames)
    if not is_of_release(release, TASK, right):
        return None
    places = [match.span() for match in re.finditer(r"[a-z]+", right) if match.end() - match.start() >= SHORTEST]
    if len(places) < wrong:
        return None
    text = right
    for start, end in sorted(rng.sample(places, wrong), reverse=True):
        text = text[:start] + misspelled(rng, right[start:end]) + text[end:]
    if text == right:
        return None
    template = _REQUEST + re.sub(r"\{\w+\}", "NAME", " ".join(frames))
    return make(TASK, CATEGORY, _REQUEST + text, right, release, level, template)


def _filled(rng: Random, frame: str) -> str:
    """The sentence, no phrase used twice."""
    used: set[str] = set()

    def phrase(match: re.Match[str]) -> str:
        chosen: str = rng.choice([one for one in words(TASK)["slots"][match[1]] if one not in used])
        used.add(chosen)
        return chosen

    filled = re.sub(r"\{(\w+)\}", phrase, frame)
    return re.sub(r"\b([Aa]) (?=[aeiou])(?! ?uni)", r"\1n ", filled)


def misspelled(rng: Random, word: str) -> str:
    """The word with one slip such as people make, that only this word of the lists can have been meant by."""
    slips = mendable(word)
    return rng.choice(slips) if slips else word


@functools.cache
def mendable(word: str) -> list[str]:
    """The slips that leave no doubt, in alphabetical order."""
    return sorted(slip for slip in set(_slips(word)) if slip not in lexicon() and edits(slip) & lexicon() == {word})


def _slips(word: str) -> Iterator[str]:
    """Letters left out, doubled or exchanged, and vowels mistaken, never at either end of the word."""
    for place in range(1, len(word) - 1):
        before, letter, after = word[:place], word[place], word[place + 1 :]
        if letter not in "aeiou" or word[place - 1] in "aeiou":
            yield before + after
        if letter in "lmnprst" and word[place - 1] != letter and after[0] != letter:
            yield before + 2 * letter + after
        if place < len(word) - 2:
            yield before + after[0] + letter + after[1:]
        if letter in "aei":
            yield from (before + vowel + after for vowel in "aei" if vowel != letter)


@functools.cache
def lexicon() -> frozenset[str]:
    """Every word of the frames and phrases, and others that are close to them, in lower case."""
    material = words(TASK)
    phrases = [phrase for phrases in material["slots"].values() for phrase in phrases]
    text = " ".join(
        [*phrases, *material["others"], *(re.sub(r"\{\w+\}", "", frame) for frame in material["frames"]), "an"]
    )
    return frozenset(re.findall(r"[a-z]+", text.lower()))


def edits(word: str) -> set[str]:
    """Everything that one letter more, less, other, or two exchanged make of a word."""
    halves = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    return (
        {a + b[1:] for a, b in halves if b}
        | {a + b[1] + b[0] + b[2:] for a, b in halves if len(b) > 1}
        | {a + letter + b[1:] for a, b in halves if b for letter in ascii_lowercase}
        | {a + letter + b for a, b in halves for letter in ascii_lowercase}
    )
