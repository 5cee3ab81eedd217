"""The levels of coding problems: one loop over numbers; a loop over windows; a register that remembers."""

import itertools
import random
from collections.abc import Callable
from typing import Any

from modelworks.livebench.generators.code_problems import CHANGES, CONDITIONS, SUMMARIES, Problem, name_of

_WINDOWS: tuple[tuple[str, str, Callable[[list[int]], int]], ...] = (
    ("their sum", "sum(window)", lambda w: -sum(-x for x in w)),
    ("the largest of them minus the smallest", "max(window) - min(window)", lambda w: sorted(w)[-1] - sorted(w)[0]),
    (
        "the last of them minus the first",
        "window[-1] - window[0]",
        lambda w: sum(y - x for x, y in itertools.pairwise(w)),
    ),
    ("the largest of them", "max(window)", lambda w: sorted(w)[-1]),
    ("the smallest of them", "min(window)", lambda w: sorted(w)[0]),
)


def problem(rng: random.Random, level: int) -> Problem:
    """A problem of level 1, 2 or 3."""
    return (_numbers, _windows, _register)[level - 1](rng)


def _numbers(rng: random.Random) -> Problem:
    """Keep some numbers, change them, sum them up."""
    condition, change, summary = rng.choice(CONDITIONS), rng.choice(CHANGES), rng.choice(SUMMARIES)
    a, c, d = rng.randint(2, 30), rng.randint(2, 40), rng.randint(-20, 20)
    b = a + rng.randint(2, 20)
    named = {"a": a, "b": b, "c": c, "d": d, "them": "these results"}
    text = (
        f"Take, in order, every number that {condition.text.format(**named)}, and for each of them compute "
        f"{change.text.format(**named)}. Return {summary.text.format(**named)}."
    )
    reference = (
        f"    {summary.begin.format(**named)}\n"
        "    for number in numbers:\n"
        f"        if {condition.code.format(x='number', **named)}:\n"
        f"            value = {change.code.format(x='number', **named)}\n"
        f"            {summary.step}\n"
        f"    return {summary.end}\n"
    )
    return _problem(
        rng,
        text,
        reference,
        3,
        lambda numbers: summary.spec([change.spec(x, c) for x in numbers if condition.spec(x, a, b)], d),
        (a, b, c, 0, 2 * a, d),
    )


def _windows(rng: random.Random) -> Problem:
    """Measure every window of k numbers, keep some measures, sum them up."""
    (said, code, spec), condition, summary = rng.choice(_WINDOWS), rng.choice(CONDITIONS), rng.choice(SUMMARIES)
    k, a, d = rng.randint(2, 4), rng.randint(2, 40), rng.randint(-50, 50)
    b = a + rng.randint(2, 30)
    named = {"a": a, "b": b, "d": d, "them": "the measures that are kept"}
    text = (
        f"The measure of {k} consecutive numbers is {said}. Go through all runs of {k} consecutive numbers from left "
        f"to right, overlapping ones too, and keep each measure that {condition.text.format(**named)}. "
        f"Return {summary.text.format(**named)}."
    )
    reference = (
        f"    {summary.begin.format(**named)}\n"
        f"    for start in range(len(numbers) - {k} + 1):\n"
        f"        window = numbers[start:start + {k}]\n"
        f"        value = {code}\n"
        f"        if {condition.code.format(x='value', **named)}:\n"
        f"            {summary.step}\n"
        f"    return {summary.end}\n"
    )

    def expected(numbers: list[int]) -> Any:
        windows = [list(window) for window in zip(*(numbers[i:] for i in range(k)), strict=False)]
        return summary.spec([x for x in map(spec, windows) if condition.spec(x, a, b)], d)

    return _problem(rng, text, reference, 3, expected, (a, b, a // k, 0, d))


_ENDS: tuple[tuple[str, str, str, str, Callable[[list[int], int], Any]], ...] = (
    ("the register at the end", "", "", "register", lambda states, turns: states[-1]),
    (
        "the largest value that the register ever had, its first one included",
        "    most = register\n",
        "        most = max(most, register)\n",
        "most",
        lambda states, turns: sorted(states)[-1],
    ),
    (
        "the list of the register's values after each number",
        "    values = []\n",
        "        values.append(register)\n",
        "values",
        lambda states, turns: states[1:],
    ),
    ("how often it was set back", "    turns = 0\n", "", "turns", lambda states, turns: turns),
)


def _register(rng: random.Random) -> Problem:
    """A register that grows or shrinks with each number, and is set back when it leaves its bounds."""
    condition, first, second = rng.choice(CONDITIONS), *rng.sample(CHANGES[:3], 2)
    said, begin, step, end, spec = rng.choice(_ENDS)
    a, c, start = rng.randint(2, 12), rng.randint(2, 9), rng.randint(0, 9)
    b = a + rng.randint(2, 12)
    cap = rng.randint(30, 90)
    named = {"a": a, "b": b, "c": c}
    text = (
        f"A register begins at {start}. For each number in turn: if the number {condition.text.format(**named)}, add "
        f"to the register {first.text.format(**named)}; otherwise subtract from the register "
        f"{second.text.format(**named)}. Whenever the register is then"
        f" above {cap} or below {-cap}, it is set back to {start}. Return {said}."
    )
    turned = "            turns = turns + 1\n" if end == "turns" else ""
    reference = (
        f"    register = {start}\n{begin}"
        "    for number in numbers:\n"
        f"        if {condition.code.format(x='number', **named)}:\n"
        f"            register = register + ({first.code.format(x='number', **named)})\n"
        "        else:\n"
        f"            register = register - ({second.code.format(x='number', **named)})\n"
        f"        if register > {cap} or register < -{cap}:\n"
        f"            register = {start}\n{turned}{step}"
        f"    return {end}\n"
    )

    def expected(numbers: list[int]) -> Any:
        states, turns = [start], 0
        for x in numbers:
            moved = states[-1] + (first.spec(x, c) if condition.spec(x, a, b) else -second.spec(x, c))
            outside = abs(moved) > cap
            turns += outside
            states.append(start if outside else moved)
        return spec(states, turns)

    return _problem(
        rng, text, reference, 4 + bool(begin), expected, (a, b, 0, cap // c, cap - start - c, start + c - cap)
    )


def _problem(
    rng: random.Random,
    text: str,
    body: str,
    given_lines: int,
    spec: Callable[[list[int]], Any],
    landmarks: tuple[int, ...],
) -> Problem:
    name = name_of(rng, ("combine", "collect", "review", "process", "inspect", "reduce", "study", "handle"))
    return Problem(text, name, text, f"def {name}(numbers):\n{body}", given_lines, spec, landmarks)
