"""How a problem is asked: as a sum, or told as a story of things that come and go."""

from collections.abc import Sequence

from modelworks.lm.worked import expression, groups

_PLAIN = (
    "{}=?",
    "{} = ?",
    "What is {}?",
    "What does {} make?",
    "How much is {}?",
    "Compute {}.",
    "Calculate {}.",
    "Evaluate {}.",
    "Work out {}.",
    "Find {}.",
    "Question: What is {}?",
    "Give the value of {}.",
)
# How it begins, how more come, how some go, what is asked: {q} is an amount with the thing, {n} one without it.
_STORIES = (
    ("{name} has {q}.", "{name} gets {n} more.", "{name} gives away {n}.", "How many {things} does {name} have?"),
    ("{name} has {q} in a box.", "{name} puts in {n} more.", "{name} takes out {n}.", "How many {things} are in it?"),
    ("{name} owns {q}.", "{name} buys {n} more.", "Then {name} sells {n}.", "How many {things} are left?"),
)
_NAMES = ("Ann", "Ben", "Eva", "Ida", "Leo", "Max", "Sam", "Tom")
_THINGS = ("apple", "book", "card", "coin", "cup", "egg", "nut", "pen", "stamp", "toy")


def count(words: bool) -> int:
    """How many ways of asking there are."""
    return len(_STORIES) * len(_NAMES) * len(_THINGS) if words else len(_PLAIN)


def ask(operands: Sequence[int], operators: str, words: bool, way: int) -> str:
    """The question in the way of that number, in range(count(words))."""
    if not words:
        return _PLAIN[way].format(expression(operands, operators))
    story, way = way % len(_STORIES), way // len(_STORIES)
    name, thing = _NAMES[way % len(_NAMES)], _THINGS[way // len(_NAMES)]
    begin, gain, loss, asked = _STORIES[story]
    told = []
    for index, (sign, factors) in enumerate(groups(operands, operators)):
        template = begin if index == 0 else gain if sign == "+" else loss
        told.append(template.format(name=name, q=_amount(factors, thing), n=_amount(factors, None)))
    return " ".join([*told, asked.format(name=name, things=f"{thing}s")])


def _amount(factors: tuple[int, ...], thing: str | None) -> str:
    """`12 cups`, `3 bags of 12 cups`; without the thing `12`, `3 bags of 12`."""
    *bags, last = factors
    parts = [f"{number} {'bag' if number == 1 else 'bags'} of" for number in bags]
    return " ".join([*parts, f"{last}" if thing is None else f"{last} {thing}{'' if last == 1 else 's'}"])
