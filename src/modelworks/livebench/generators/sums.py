"""Plain sums and differences, asked in short: what a small base model can do."""

import random

_WORDINGS = (
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


def draw_sum(rng: random.Random) -> tuple[str, str]:
    """A question and its answer, a natural number: 47+85 or, one time in three, 7+5-3."""
    if rng.random() < 2 / 3:
        first, second = rng.randint(0, 99), rng.randint(0, 99)
        shown, value = f"{first}+{second}", first + second
    else:
        value = -1
        while value < 0:
            first, second, third = (rng.randint(0, 9) for _ in range(3))
            shown, value = f"{first}+{second}-{third}", first + second - third
    return rng.choice(_WORDINGS).format(shown), str(value)
