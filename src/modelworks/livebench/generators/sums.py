"""Plain sums, asked as k2's corpus asks them: what a model of a million parameters can be tested on."""

import random

WAYS = (
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


def draw(rng: random.Random) -> tuple[str, int]:
    """(the bare question, its answer): two numbers of two digits, sometimes three; no result is negative."""
    first, second, third = (rng.randint(10, 99) for _ in range(3))
    asked, value = f"{first}+{second}", first + second
    form = rng.random()
    if form < 0.2:
        asked, value = f"{asked}+{third}", value + third
    elif form < 0.4 and third <= value:
        asked, value = f"{asked}-{third}", value - third
    return rng.choice(WAYS).format(asked), value
