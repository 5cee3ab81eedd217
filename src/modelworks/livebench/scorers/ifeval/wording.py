"""Instructions on which words, letters and case an answer has."""

import re
from collections.abc import Mapping
from typing import Any

from modelworks.livebench.scorers.ifeval.check import Check, NoScore, holds, word, words
from modelworks.livebench.scorers.ifeval.language import is_english, language
from modelworks.livebench.scorers.ifeval.tokens import words_and_marks

_REPEATS = re.compile(r"[*+?{]")
_LETTER = re.compile(r"[^\W\d_]")
_COMMAS = ",\uff0c\u3001\u060c\ufe50"
_SHORT = 20  # letters: no language can be told from fewer


def _expression(wanted: str) -> re.Pattern[str]:
    """The original reads a keyword as a regular expression; one that repeats something is not run."""
    if _REPEATS.search(wanted):
        raise NoScore(f"{wanted!r} is a regular expression")
    try:
        return re.compile(wanted, re.IGNORECASE)
    except re.error as error:
        raise NoScore(f"{wanted!r} is not a regular expression: {error}") from None


def _count(text: str, wanted: str) -> int:
    return len(_expression(wanted).findall(text))


def _whole(text: str, wanted: str) -> int:
    """How often it occurs as a word of its own, case aside."""
    return len(re.findall(rf"(?<!\w){re.escape(wanted.strip())}(?!\w)", text, re.IGNORECASE))


def _forbidden(text: str, wanted: str) -> bool:
    return _expression(rf"\b{wanted}\b").search(text) is not None


def _letter(asked: Mapping[str, Any]) -> str:
    letter = word(asked, "letter").lower()
    if not (len(letter) == 1 and "a" <= letter <= "z"):
        raise NoScore(f"letter {letter!r}: the original draws another")
    return letter


def _capitals(answer: str) -> int:
    """Words whose letters are all capitals, what is joined by an apostrophe or a hyphen as one."""
    parts = [part.strip("*_#\"'“”\u2018\u2019()[]{}<>.,;:!?") for part in answer.split()]
    return sum(part.isupper() for part in parts)


def _english(answer: str) -> bool:
    letters = len(_LETTER.findall(answer))
    if letters < _SHORT:
        return answer.isascii() and letters > 0
    return is_english(answer.lower())


def _speaks(answer: str, asked: Mapping[str, Any], unknown: bool) -> bool:
    found = language(answer)
    return unknown if found is None else found == word(asked, "language")


def _cased(answer: str, upper: bool) -> bool:
    """The case first; then English, or a language that cannot be told."""
    return (answer.isupper() if upper else answer.islower()) and is_english(answer, unknown=True)


WORDING: Mapping[str, Check] = {
    "keywords:existence": Check(
        ("keywords",),
        lambda answer, asked: all(_count(answer, one) for one in words(asked, "keywords")),
        lambda answer, asked: all(_whole(answer, one) for one in words(asked, "keywords")),
    ),
    "keywords:frequency": Check(
        ("keyword", "frequency", "relation"),
        lambda answer, asked: holds(_count(answer, word(asked, "keyword")), asked, "frequency", "relation"),
        lambda answer, asked: holds(_whole(answer, word(asked, "keyword")), asked, "frequency", "relation"),
    ),
    "keywords:forbidden_words": Check(
        ("forbidden_words",),
        lambda answer, asked: not any(_forbidden(answer, one) for one in sorted(words(asked, "forbidden_words"))),
        lambda answer, asked: not any(_whole(answer, one) for one in words(asked, "forbidden_words")),
    ),
    "keywords:letter_frequency": Check(
        ("letter", "let_frequency", "let_relation"),
        lambda answer, asked: holds(answer.lower().count(_letter(asked)), asked, "let_frequency", "let_relation"),
        lambda answer, asked: holds(
            answer.lower().count(word(asked, "letter").lower()), asked, "let_frequency", "let_relation"
        ),
    ),
    "language:response_language": Check(
        ("language",),
        lambda answer, asked: _speaks(answer, asked, unknown=True),
        lambda answer, asked: _speaks(answer, asked, unknown=False),
    ),
    "change_case:capital_word_frequency": Check(
        ("capital_frequency", "capital_relation"),
        lambda answer, asked: holds(
            sum(map(str.isupper, words_and_marks(answer))), asked, "capital_frequency", "capital_relation"
        ),
        lambda answer, asked: holds(_capitals(answer), asked, "capital_frequency", "capital_relation"),
    ),
    "change_case:english_capital": Check(
        (), lambda answer, _: _cased(answer, upper=True), lambda answer, _: answer.isupper() and _english(answer)
    ),
    "change_case:english_lowercase": Check(
        (), lambda answer, _: _cased(answer, upper=False), lambda answer, _: answer.islower() and _english(answer)
    ),
    "punctuation:no_comma": Check(
        (), lambda answer, _: "," not in answer, lambda answer, _: not any(mark in answer for mark in _COMMAS)
    ),
    "length_constraints:number_words": Check(
        ("num_words", "relation"),
        lambda answer, asked: holds(len(re.findall(r"\w+", answer)), asked, "num_words", "relation"),
        lambda answer, asked: holds(
            sum(any(map(str.isalnum, part)) for part in answer.split()), asked, "num_words", "relation"
        ),
    ),
}
