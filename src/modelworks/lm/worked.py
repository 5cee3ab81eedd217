"""Work out an expression of natural numbers as one does on paper: digit by digit from the units, each step written.

Every step is an equation with a single number on the right. Steps of one calculation are separated by commas, and it
ends with its own equation; calculations are separated by semicolons: `47+85-6` is worked out as
`7+5=12,4+8+1=13,47+85=132;12-6=6,3-0-1=2,1-0=1,132-6=126`. Sums and differences of the size of the tables that children
learn (9+9, 18-9, 9*9) are one step.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

_EQUATION = re.compile(r"([0-9]+(?:[-+*][0-9]+)+)=")


def expression(operands: Sequence[int], operators: str) -> str:
    """`7+5-3`, for the operands 7, 5, 3 and the operators `+-`."""
    return str(operands[0]) + "".join(f"{sign}{number}" for sign, number in zip(operators, operands[1:], strict=True))


def groups(operands: Sequence[int], operators: str) -> list[tuple[str, tuple[int, ...]]]:
    """What is added or subtracted: its sign and its factors. 2+3*4 gives [("+", (2,)), ("+", (3, 4))]."""
    found: list[tuple[str, tuple[int, ...]]] = [("+", (operands[0],))]
    for sign, number in zip(operators, operands[1:], strict=True):
        if sign == "*":
            found[-1] = (found[-1][0], (*found[-1][1], number))
        else:
            found.append((sign, (number,)))
    return found


def work_out(operands: Sequence[int], operators: str) -> tuple[str, int] | None:
    """(the steps, the result), products first, then from the left; None if a result on the way would be negative.

    Negative numbers are left out so that the same problems can be told as stories of things one has.
    """
    written: list[str] = []
    amounts: list[tuple[str, int]] = []
    for sign, factors in groups(operands, operators):
        amount = factors[0]
        for factor in factors[1:]:
            steps, amount = _multiply(amount, factor)
            written += steps
        amounts.append((sign, amount))
    total = amounts[0][1]
    for sign, amount in amounts[1:]:
        if sign == "-" and amount > total:
            return None
        shown, total = _add(total, amount) if sign == "+" else _subtract(total, amount)
        written.append(shown)
    return ";".join(written), total


def operations(steps: str) -> Iterator[tuple[int, ...]]:
    """The sorted operands of each equation in worked steps, but of those of `is_table`."""
    for left in _EQUATION.findall(steps):
        operands = [int(number) for number in re.split(r"[-+*]", left)]
        if not is_table(operands, "".join(re.findall(r"[-+*]", left))):
            yield tuple(sorted(operands))


def is_table(operands: Sequence[int], operators: str) -> bool:
    """Whether it is of the tables that every working is made of: `7+5`, `12-7`, `6*8`, and `7+5+1`, `15-7-1`."""
    first, *others = operands
    digits = max(others) <= 9
    if operators in {"+", "*", "++"}:
        return digits and first <= 9 and (len(others) == 1 or others[1] == 1)
    return digits and first <= 19 and (operators == "-" or (operators == "--" and others[1] == 1))


def _add(first: int, second: int) -> tuple[str, int]:
    steps = []
    if max(first, second) > 9:
        carry = 0
        for x, y in zip_longest(_units_first(first), _units_first(second), fillvalue=0):
            total = x + y + carry
            steps.append(f"{x}+{y}{'+1' if carry else ''}={total}")
            carry = total // 10
    return ",".join([*steps, f"{first}+{second}={first + second}"]), first + second


def _subtract(first: int, second: int) -> tuple[str, int]:
    steps = []
    if first > 18 or second > 9:
        borrowed = 0
        for x, y in zip_longest(_units_first(first), _units_first(second), fillvalue=0):
            lent = 10 if x - y - borrowed < 0 else 0
            steps.append(f"{x + lent}-{y}{'-1' if borrowed else ''}={x + lent - y - borrowed}")
            borrowed = 1 if lent else 0
    return ",".join([*steps, f"{first}-{second}={first - second}"]), first - second


def _multiply(first: int, second: int) -> tuple[list[str], int]:
    """A partial product for each digit of the shorter number, and their running sum."""
    first, second = (first, second) if len(str(first)) >= len(str(second)) else (second, first)
    written: list[str] = []
    total: int | None = None
    for place, digit in enumerate(_units_first(second)):
        steps, carry = [], 0
        if first > 9 and digit:
            for x in _units_first(first):
                product = x * digit + carry
                steps.append(f"{x}*{digit}{f'+{carry}' if carry else ''}={product}")
                carry = product // 10
        partial = first * digit * 10**place
        written.append(",".join([*steps, f"{first}*{digit * 10**place}={partial}"]))
        if total is None:
            total = partial
        else:
            sums, total = _add(total, partial)
            written.append(sums)
    return written, first * second


def _units_first(number: int) -> list[int]:
    return [int(digit) for digit in reversed(str(number))]
