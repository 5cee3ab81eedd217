"""Webs of lies: people who always tell the truth or always lie say who does which."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random

import numpy
from numpy.typing import NDArray

from modelworks.livebench.generators.drawing import collect, make, masked
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.lexicon import words
from modelworks.livebench.question import Question

TASK = "web_of_lies_v3"
CATEGORY = "reasoning"
PEOPLE = {1: 4, 2: 8, 3: 12}
LEVELS = tuple(PEOPLE)
ASKED = 3

Truths = NDArray[numpy.bool_]
Claim = Callable[..., Truths]

_ABOUT_ONE: tuple[tuple[str, Claim], ...] = (
    ("{0} tells the truth", lambda a: a),
    ("{0} lies", lambda a: ~a),
)
_ABOUT_TWO: tuple[tuple[str, Claim], ...] = (
    ("{0} and {1} both tell the truth", lambda a, b: a & b),
    ("{0} and {1} both lie", lambda a, b: ~a & ~b),
    ("exactly one of {0} and {1} tells the truth", lambda a, b: a ^ b),
    ("at least one of {0} and {1} tells the truth", lambda a, b: a | b),
    ("at least one of {0} and {1} lies", lambda a, b: ~a | ~b),
)


@dataclass(frozen=True)
class Statement:
    """What `speaker` says of `about`; a speaker of None is the narrator, who is right."""

    speaker: int | None
    about: tuple[int, ...]
    said: str
    claim: Claim


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    return collect(TASK, LEVELS, seed, level, count, release, lambda rng: _drawn(rng, level, release))


def oracle_answer(question: Question) -> str:
    return f"<solution>{question.ground_truth}</solution>"


def random_answer(question: Question, rng: Random) -> str:
    return f"<solution>{', '.join(rng.choice(question.extra['options']) for _ in range(ASKED))}</solution>"


def chance(question: Question) -> float:
    """Half for all right at once, half for the share that is right."""
    part = 1 / len(question.extra["options"])
    return (part**ASKED + part) / 2


def _drawn(rng: Random, level: int, release: date) -> Question | None:
    honest = [rng.random() < 0.5 for _ in range(PEOPLE[level])]
    statements = web(rng, honest, level)
    asked = rng.sample(range(len(honest)), ASKED)
    text, template = _text(rng, statements, asked, level)
    if not is_of_release(release, TASK, text):
        return None
    worlds = _worlds(statements, len(honest))
    answers = [_word(worlds[:, person]) for person in asked]
    if set(answers) == {"unknown"}:
        return None
    options = ["yes", "no", "unknown"] if level == 3 else ["yes", "no"]
    return make(TASK, CATEGORY, text, ", ".join(answers), release, level, template, options=options)


def web(rng: Random, honest: list[bool], level: int) -> list[Statement]:
    """Statements that settle who lies, in no order; at level 3 there may be people whom they leave open."""
    order = rng.sample(range(len(honest)), len(honest))
    open_ones = order[-2:] if level == 3 and rng.random() < 0.5 else []
    settled = order[: len(order) - len(open_ones)]
    statements = [_stated(honest, None, settled[:1], _ABOUT_ONE, rng)]
    for place, person in enumerate(settled[1:], 1):
        known = rng.choice(settled[:place])
        if level == 3 and place >= 2 and rng.random() < 0.4:
            other = rng.choice([one for one in settled[:place] if one != known])
            statements.append(_settling(honest, known, person, other, rng))
        elif rng.random() < 0.5:
            statements.append(_stated(honest, known, [person], _ABOUT_ONE, rng))
        else:
            statements.append(_stated(honest, person, [known], _ABOUT_ONE, rng))
    if open_ones:
        one, other = open_ones
        statements += [_stated(honest, *pair, _ABOUT_ONE, rng) for pair in ((one, [other]), (other, [one]))]
    rng.shuffle(statements)
    return statements


def _stated(
    honest: list[bool], speaker: int | None, about: list[int], claims: tuple[tuple[str, Claim], ...], rng: Random
) -> Statement:
    """A statement as the speaker would make it: true or false as they are honest."""
    says_true = speaker is None or honest[speaker]
    right = [one for one in claims if bool(one[1](*(numpy.array(honest[person]) for person in about))) == says_true]
    return Statement(speaker, tuple(about), *rng.choice(right))


def _settling(honest: list[bool], speaker: int, person: int, known: int, rng: Random) -> Statement:
    """What a settled speaker says of a settled person and of `person` that settles the latter too."""
    about = rng.sample([person, known], 2)
    fitting = []
    for said, claim in _ABOUT_TWO:
        as_is, otherwise = (
            bool(claim(*(numpy.array(value if one == person else honest[one]) for one in about)))
            for value in (honest[person], not honest[person])
        )
        if as_is == honest[speaker] and otherwise != honest[speaker]:
            fitting.append((said, claim))
    return Statement(speaker, tuple(about), *rng.choice(fitting))


def _worlds(statements: list[Statement], people: int) -> Truths:
    """bool[worlds, people]: the ways of being honest or not in which everybody says what they say."""
    worlds = (numpy.arange(1 << people)[:, None] >> numpy.arange(people)) & 1 == 1
    for statement in statements:
        claimed = statement.claim(*(worlds[:, person] for person in statement.about))
        fits = claimed if statement.speaker is None else claimed == worlds[:, statement.speaker]
        worlds = worlds[fits]
    return worlds


def _word(honest: Truths) -> str:
    if honest.all():
        return "yes"
    return "unknown" if honest.any() else "no"


def _text(rng: Random, statements: list[Statement], asked: list[int], level: int) -> tuple[str, str]:
    material = words(TASK)
    people = PEOPLE[level]
    names = rng.sample(material["names"], people)
    places = rng.sample(material["places"], people)
    verb = rng.choice(material["verbs"])

    def called(person: int) -> str:
        return names[person] if level == 1 or rng.random() < 0.3 else f"the person at the {places[person]}"

    sentences = []
    for one in statements:
        claim = one.said.format(*map(called, one.about))
        sentences.append(claim if one.speaker is None else f"{called(one.speaker)} {verb} {claim}")
    if level > 1:
        sentences += [f"{name} is at the {place}" for name, place in zip(names, places, strict=True)]
        sentences += [f"{called(rng.randrange(people))} saw {sight}" for sight in rng.sample(material["sights"], level)]
        rng.shuffle(sentences)
    questions = " ".join(f"Does {called(person)} tell the truth?" for person in asked)
    words_asked, example, note = (
        ("yes, no, or unknown", "yes, no, unknown", " Answer unknown for a person if it cannot be determined.")
        if level == 3
        else ("yes or no", "yes, no, yes", "")
    )
    text = (
        "In this question, assume each person either always tells the truth or always lies. "
        f"{' '.join(f'{one[0].upper()}{one[1:]}.' for one in sentences)} {questions}{note} "
        f"Think step by step, and then put your answer in <solution></solution> tags as a list of three words, "
        f"{words_asked} (for example, <solution>{example}</solution>). If you don't know, guess."
    )
    return text, masked(text, [*names, *places])
